//! One-way rate, member to controller: the controller requests a number of messages and receives
//! them.

use crate::{clock, link::*};
use ipmb::Selector;
use std::time::Instant;

pub fn controller(bus: &str, bytes: usize, milliseconds: usize) {
    measure(bus, "rate-member", bytes, milliseconds, |link| {
        assert_eq!(link.receive().data.len(), bytes);
    });
}

pub fn member(bus: &str, bytes: usize) {
    let payload = vec![0x5a; bytes];
    answer(bus, |link, to| link.send(to, DATA, payload.clone()));
}

/// Starts this program as `member`, and receives its messages with `take`, one at a time.
pub fn measure(
    bus: &str,
    member: &str,
    bytes: usize,
    milliseconds: usize,
    take: impl Fn(&mut Link),
) {
    let mut link = Link::join(bus, "controller");
    let member = Member::start(None, &[member, bus, &bytes.to_string()]);
    assert_eq!(link.receive().format, HERE);

    let to_member = Selector::unicast("member");
    let (count, seconds) = clock::ramp(milliseconds, |count| {
        let start = Instant::now();
        link.send(&to_member, COUNT, count.to_le_bytes().to_vec());
        for _ in 0..count {
            take(&mut link);
        }
        start.elapsed().as_secs_f64()
    });
    drop(member);
    println!(
        "{{\"perSecond\":{},\"count\":{count},\"seconds\":{seconds}}}",
        count as f64 / seconds
    );
}

/// The other side of measure(): sends the requested number of messages with `send`, for ever.
pub fn answer(bus: &str, send: impl Fn(&Link, &Selector)) {
    let mut link = Link::join(bus, "member");
    link.announce();
    let to_controller = Selector::unicast("controller");
    loop {
        let count = count_of(&link.receive());
        for _ in 0..count {
            send(&link, &to_controller);
        }
    }
}
