//! The iceoryx2 side of busbar's benchmark: payloads of 64 bytes, between two processes that look
//! for the next one without pause, which is iceoryx2's fastest way.

// The same ramp and percentiles as of ipmb.
#[path = "../../ipmb/src/clock.rs"]
mod clock;
mod ports;
mod rate;
mod trip;

const USAGE: &str = "usage: iceoryx2-bench <trial> <service> ...
  rate <service> <milliseconds>   one way, the other process receives
  trip <service> <milliseconds>   there and back, the other process echoes";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |index: usize| arguments.get(index).map(String::as_str);
    let number = |index: usize| text(index).and_then(|value| value.parse::<usize>().ok());

    match (text(0), text(1), number(2)) {
        (Some("rate"), Some(service), Some(ms)) => rate::lead(service, ms),
        (Some("rate-follow"), Some(service), _) => rate::follow(service),
        (Some("trip"), Some(service), Some(ms)) => trip::lead(service, ms),
        (Some("trip-follow"), Some(service), _) => trip::follow(service),
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    }
}
