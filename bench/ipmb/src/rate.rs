//! One-way rate, member to controller: the controller asks for a count of messages and takes them.

use crate::{clock, link::*};
use ipmb::Selector;
use std::time::Instant;

pub fn controller(bus: &str, bytes: usize, milliseconds: usize) {
    let mut link = Link::join(bus, "controller");
    let member = Member::start(None, &["rate-member", bus, &bytes.to_string()]);
    assert_eq!(link.receive().format, HERE);

    let to_member = Selector::unicast("member");
    let (count, seconds) = clock::ramp(milliseconds, |count| {
        let start = Instant::now();
        link.send(&to_member, COUNT, count.to_le_bytes().to_vec());
        let mut received = 0;
        for _ in 0..count {
            received += link.receive().data.len();
        }
        assert_eq!(received as u64, count * bytes as u64);
        start.elapsed().as_secs_f64()
    });
    drop(member);
    println!(
        "{{\"perSecond\":{},\"count\":{count},\"seconds\":{seconds}}}",
        count as f64 / seconds
    );
}

pub fn member(bus: &str, bytes: usize) {
    let mut link = Link::join(bus, "member");
    link.announce();
    let to_controller = Selector::unicast("controller");
    let payload = vec![0x5a; bytes];
    loop {
        let count = count_of(&link.receive());
        for _ in 0..count {
            link.send(&to_controller, DATA, payload.clone());
        }
    }
}
