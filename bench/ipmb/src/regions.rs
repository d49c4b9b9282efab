//! Memory regions handed over unread, member to controller: one region, sent repeatedly.

use crate::rate::{answer, measure};
use ipmb::MemoryRegistry;

pub fn controller(bus: &str, bytes: usize, milliseconds: usize) {
    measure(bus, "regions-member", bytes, milliseconds, |link| {
        assert_eq!(link.receive_regions().len(), 1);
    });
}

pub fn member(bus: &str, bytes: usize) {
    let region = MemoryRegistry::default()
        .alloc(bytes, None)
        .expect("ipmb: no memory region");
    answer(bus, |link, to| {
        link.send_region(to, region.clone().expect("ipmb: cannot clone a region"));
    });
}
