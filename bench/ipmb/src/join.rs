//! Join time: the caller starts one controller and many members, and has them join one by one.

use crate::link::Link;
use std::{io, time::Instant};

pub fn controller(bus: &str) {
    let _link = Link::join(bus, "controller");
    println!("{{\"ready\":true}}");
    wait_for_end();
}

pub fn member(bus: &str) {
    println!("{{\"ready\":true}}");
    let mut line = String::new();
    if io::stdin().read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let start = Instant::now();
    let _link = Link::join(bus, "member");
    println!(
        "{{\"microseconds\":{}}}",
        start.elapsed().as_secs_f64() * 1e6
    );
    wait_for_end();
}

fn wait_for_end() {
    let mut line = String::new();
    while io::stdin().read_line(&mut line).unwrap_or(0) > 0 {
        line.clear();
    }
}
