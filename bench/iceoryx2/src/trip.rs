//! There and back; the other process echoes.

use crate::{clock, ports};
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(100);
const END: u8 = 0;

pub fn lead(name: &str, milliseconds: usize) {
    let node = ports::node();
    let there = ports::service(&node, &format!("{name}/there"));
    let back = ports::service(&node, &format!("{name}/back"));
    let publisher = ports::publisher(&there);
    let subscriber = ports::subscriber(&back);
    let mut follower = ports::Follower::start("trip-follow", name);
    follower.hear();

    let payload = [0x5a; 64];
    let trip = || {
        let start = Instant::now();
        ports::send(&publisher, &payload);
        assert_eq!(ports::receive(&subscriber), 0x5a);
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
    ports::send(&publisher, &[END; 64]);
    drop(follower);
    samples.sort_by(f64::total_cmp);
    println!(
        "{{\"p50\":{},\"p99\":{},\"p999\":{},\"count\":{}}}",
        clock::percentile(&samples, 0.5),
        clock::percentile(&samples, 0.99),
        clock::percentile(&samples, 0.999),
        samples.len()
    );
}

pub fn follow(name: &str) {
    let node = ports::node();
    let there = ports::service(&node, &format!("{name}/there"));
    let back = ports::service(&node, &format!("{name}/back"));
    let subscriber = ports::subscriber(&there);
    let publisher = ports::publisher(&back);
    println!("ready");
    let payload = [0x5a; 64];
    while ports::receive(&subscriber) != END {
        ports::send(&publisher, &payload);
    }
}
