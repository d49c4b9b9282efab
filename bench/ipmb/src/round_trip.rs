//! Round trip between controller and member; the member echoes.

use crate::{clock, link::*};
use ipmb::Selector;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(100);

pub fn controller(bus: &str, bytes: usize, milliseconds: usize, member_core: Option<usize>) {
    let mut link = Link::join(bus, "controller");
    let member = Member::start(member_core, &["round-trip-member", bus]);
    assert_eq!(link.receive().format, HERE);

    let to_member = Selector::unicast("member");
    let payload = vec![0x5a; bytes];
    let mut trip = || {
        let start = Instant::now();
        link.send(&to_member, DATA, payload.clone());
        assert_eq!(link.receive().data.len(), bytes);
        start.elapsed().as_secs_f64() * 1e6
    };

    let warm_until = Instant::now() + WARM_UP;
    while Instant::now() < warm_until {
        trip();
    }
    let mut samples = Vec::new();
    let until = Instant::now() + Duration::from_millis(milliseconds as u64);
    while Instant::now() < until {
        samples.push(trip());
    }
    samples.sort_by(f64::total_cmp);
    drop(member);
    println!(
        "{{\"p50\":{},\"p99\":{},\"p999\":{},\"count\":{}}}",
        clock::percentile(&samples, 0.5),
        clock::percentile(&samples, 0.99),
        clock::percentile(&samples, 0.999),
        samples.len()
    );
}

pub fn member(bus: &str) {
    let mut link = Link::join(bus, "member");
    link.announce();
    let to_controller = Selector::unicast("controller");
    loop {
        let message = link.receive();
        link.send(&to_controller, DATA, message.data);
    }
}
