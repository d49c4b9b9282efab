//! One-way rate: the other process receives the number of samples that it was told.

use crate::{clock, ports};
use std::time::Instant;

pub fn lead(name: &str, milliseconds: usize) {
    let node = ports::node();
    let service = ports::service(&node, name);
    let publisher = ports::publisher(&service);
    let mut follower = ports::Follower::start("rate-follow", name);
    follower.hear();

    let payload = [0x5a; 64];
    let (count, seconds) = clock::ramp(milliseconds, |count| {
        follower.say(&count.to_string());
        let start = Instant::now();
        for _ in 0..count {
            ports::send(&publisher, &payload);
        }
        follower.hear();
        start.elapsed().as_secs_f64()
    });
    println!(
        "{{\"perSecond\":{},\"count\":{count},\"seconds\":{seconds}}}",
        count as f64 / seconds
    );
}

pub fn follow(name: &str) {
    let node = ports::node();
    let service = ports::service(&node, name);
    let subscriber = ports::subscriber(&service);
    println!("ready");
    for line in std::io::stdin().lines() {
        let count: u64 = line.expect("lines of text").parse().expect("a number");
        for _ in 0..count {
            assert_eq!(ports::receive(&subscriber), 0x5a);
        }
        println!("done");
    }
}
