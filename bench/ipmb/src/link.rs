//! Joining, sending and child processes, shared by all trials.

use ipmb::{
    BytesMessage, EndpointReceiver, EndpointSender, Label, MemoryRegion, Message, Options, Selector,
};
use std::process::{Child, Command};

/// The purpose of a message, in its format word.
pub const DATA: u16 = 0;
/// A member is ready, or (multicast) has received everything.
pub const HERE: u16 = 1;
/// Carries the number of messages that follow (8 bytes, little endian).
pub const COUNT: u16 = 2;

pub struct Link {
    sender: EndpointSender<BytesMessage>,
    receiver: EndpointReceiver<BytesMessage>,
}

impl Link {
    pub fn join(bus: &str, label: &str) -> Self {
        let options = Options::new(bus, Label::from([label]), "");
        let (sender, receiver) = ipmb::join(options, None).expect("ipmb: join failed");
        Self { sender, receiver }
    }

    pub fn send(&self, to: &Selector, format: u16, data: Vec<u8>) {
        let message = Message::new(to.clone(), BytesMessage { format, data });
        self.sender.send(message).expect("ipmb: send failed");
    }

    pub fn send_region(&self, to: &Selector, region: MemoryRegion) {
        let payload = BytesMessage {
            format: DATA,
            data: Vec::new(),
        };
        let mut message = Message::new(to.clone(), payload);
        message.memory_regions.push(region);
        self.sender.send(message).expect("ipmb: send failed");
    }

    /// The regions of the next message, unmapped when dropped.
    pub fn receive_regions(&mut self) -> Vec<MemoryRegion> {
        self.receiver
            .recv(None)
            .expect("ipmb: recv failed")
            .memory_regions
    }

    pub fn receive(&mut self) -> BytesMessage {
        self.receiver.recv(None).expect("ipmb: recv failed").payload
    }

    pub fn announce(&self) {
        self.send(&Selector::unicast("controller"), HERE, Vec::new());
    }
}

pub fn count_of(message: &BytesMessage) -> u64 {
    u64::from_le_bytes(message.data[..8].try_into().expect("eight bytes of count"))
}

/// Members end with the trial that started them.
pub struct Member(Child);

impl Member {
    pub fn start(core: Option<usize>, arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("own path");
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.arg("-c").arg(core.to_string()).arg(program);
                command
            }
            None => Command::new(program),
        };
        Self(
            command
                .args(arguments)
                .spawn()
                .expect("cannot start a member"),
        )
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
