//! Services, publishers and subscribers with the settings of the benchmark, and the process at the
//! other end.

use iceoryx2::port::{publisher::Publisher, subscriber::Subscriber};
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub type Payload = [u8; 64];
type Service = PortFactory<ipc::Service, Payload, ()>;

/// Samples that may wait; the publisher waits for room then. More made it slower here.
const BUFFERED: usize = 256;

pub fn node() -> Node<ipc::Service> {
    // A child that cannot write its log would fail.
    set_log_level(LogLevel::Error);
    NodeBuilder::new().create().expect("iceoryx2: no node here")
}

pub fn service(node: &Node<ipc::Service>, name: &str) -> Service {
    node.service_builder(&name.try_into().expect("a valid service name"))
        .publish_subscribe::<Payload>()
        .enable_safe_overflow(false)
        .history_size(0)
        .subscriber_max_buffer_size(BUFFERED)
        .max_publishers(1)
        .max_subscribers(1)
        .open_or_create()
        .expect("iceoryx2: no service")
}

pub fn publisher(service: &Service) -> Publisher<ipc::Service, Payload, ()> {
    service
        .publisher_builder()
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()
        .expect("iceoryx2: no publisher")
}

pub fn subscriber(service: &Service) -> Subscriber<ipc::Service, Payload, ()> {
    service
        .subscriber_builder()
        .create()
        .expect("iceoryx2: no subscriber")
}

pub fn send(publisher: &Publisher<ipc::Service, Payload, ()>, payload: &Payload) {
    let sample = publisher.loan_uninit().expect("iceoryx2: no sample");
    sample
        .write_payload(*payload)
        .send()
        .expect("iceoryx2: send failed");
}

/// Waits for the next sample, without sleeping; returns its first byte.
pub fn receive(subscriber: &Subscriber<ipc::Service, Payload, ()>) -> u8 {
    loop {
        if let Some(sample) = subscriber.receive().expect("iceoryx2: receive failed") {
            return sample[0];
        }
        std::hint::spin_loop();
    }
}

/// This program as another process, with which lines are exchanged. Ends with its input, so that
/// iceoryx2 can remove its files.
pub struct Follower {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    pub fn start(role: &str, service: &str) -> Self {
        let program = std::env::current_exe().expect("own path");
        let mut child = Command::new(program)
            .args([role, service])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cannot start the other process");
        let output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let input = child.stdin.take();
        Self {
            child,
            input,
            output,
        }
    }

    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().expect("open until the end");
        writeln!(input, "{line}").expect("the other process has ended");
    }

    pub fn hear(&mut self) -> String {
        self.output
            .next()
            .expect("the other process has ended")
            .expect("lines of text")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
