//! Multicast from the controller to several members; each answers once when it has everything.

use crate::{clock, link::*};
use ipmb::Selector;
use std::time::Instant;

pub fn controller(bus: &str, bytes: usize, milliseconds: usize, receivers: usize) {
    let mut link = Link::join(bus, "controller");
    let members: Vec<Member> = (0..receivers)
        .map(|_| Member::start(None, &["multicast-member", bus]))
        .collect();
    let all_here = |link: &mut Link| {
        for _ in 0..receivers {
            assert_eq!(link.receive().format, HERE);
        }
    };
    all_here(&mut link);

    let to_members = Selector::multicast("member");
    let payload = vec![0x5a; bytes];
    let (count, seconds) = clock::ramp(milliseconds, |count| {
        let start = Instant::now();
        link.send(&to_members, COUNT, count.to_le_bytes().to_vec());
        for _ in 0..count {
            link.send(&to_members, DATA, payload.clone());
        }
        all_here(&mut link);
        start.elapsed().as_secs_f64()
    });
    drop(members);
    println!(
        "{{\"perSecond\":{},\"count\":{count},\"seconds\":{seconds}}}",
        (count * receivers as u64) as f64 / seconds
    );
}

pub fn member(bus: &str) {
    let mut link = Link::join(bus, "member");
    link.announce();
    loop {
        let count = count_of(&link.receive());
        for _ in 0..count {
            assert_eq!(link.receive().format, DATA);
        }
        link.announce();
    }
}
