//! The ipmb side of busbar's benchmark. ipmb 0.8.5, as published, fails to relay between two
//! members on current Linux, so every trial runs between the controller and its members. The
//! controller has the only clock: it starts a trial and sees its end.

mod clock;
mod join;
mod link;
mod multicast;
mod rate;
mod regions;
mod round_trip;

const USAGE: &str = "usage: ipmb-bench <trial> <bus> ...
  rate <bus> <bytes> <milliseconds>                   member to controller
  regions <bus> <bytes> <milliseconds>                memory regions, member to controller
  round-trip <bus> <bytes> <milliseconds> [core]      controller to member and back; the member pinned to the core
  multicast <bus> <bytes> <milliseconds> <receivers>  controller to members
  controller <bus>                                    holds the bus until its standard input ends
  join <bus>                                          joins when it reads a line, prints the microseconds it took";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |index: usize| arguments.get(index).map(String::as_str);
    let number = |index: usize| text(index).and_then(|value| value.parse::<usize>().ok());

    match (text(0), text(1), number(2), number(3), number(4)) {
        (Some("rate"), Some(bus), Some(bytes), Some(ms), _) => rate::controller(bus, bytes, ms),
        (Some("rate-member"), Some(bus), Some(bytes), ..) => rate::member(bus, bytes),
        (Some("regions"), Some(bus), Some(bytes), Some(ms), _) => {
            regions::controller(bus, bytes, ms)
        }
        (Some("regions-member"), Some(bus), Some(bytes), ..) => regions::member(bus, bytes),
        (Some("round-trip"), Some(bus), Some(bytes), Some(ms), core) => {
            round_trip::controller(bus, bytes, ms, core)
        }
        (Some("round-trip-member"), Some(bus), ..) => round_trip::member(bus),
        (Some("multicast"), Some(bus), Some(bytes), Some(ms), Some(receivers)) => {
            multicast::controller(bus, bytes, ms, receivers)
        }
        (Some("multicast-member"), Some(bus), ..) => multicast::member(bus),
        (Some("controller"), Some(bus), ..) => join::controller(bus),
        (Some("join"), Some(bus), ..) => join::member(bus),
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(2);
        }
    }
}
