//! What a server begins with: its capabilities by name, its empty slots, its log and heap.

use heapless::Vec;
use protocol::abi::start::StartInfo;

use crate::cap::{Endpoint, Reply};
use crate::sys::{self, SharedBytes};

/// Freed slots that are remembered. More are forgotten, which costs slots, never safety: a server frees few at a time.
const FREED_MAX: usize = 64;

/// The empty slots of a process.
#[derive(Debug, Default)]
pub struct Slots {
    next: u32,
    end: u32,
    freed: Vec<u32, FREED_MAX>,
}

impl Slots {
    /// The slots from `first` on.
    pub const fn new(first: u32, count: u32) -> Self {
        Self {
            next: first,
            end: first.saturating_add(count),
            freed: Vec::new(),
        }
    }

    /// Takes an empty slot.
    pub fn take(&mut self) -> Option<u32> {
        if let Some(slot) = self.freed.pop() {
            return Some(slot);
        }
        let slot = (self.next < self.end && self.next != 0).then_some(self.next)?;
        self.next += 1;
        Some(slot)
    }

    /// Gives back a slot that is empty again.
    pub fn give_back(&mut self, slot: u32) {
        // A full list forgets the slot: see `FREED_MAX`.
        let _remembered = self.freed.push(slot);
    }
}

/// What `main` gets.
#[derive(Debug)]
pub struct Start {
    /// As the starter wrote it.
    pub info: StartInfo,
    /// The slots that are free to use.
    pub slots: Slots,
}

impl Start {
    /// The slot of a capability that the manifest promises. A server that lacks one cannot work: it says so and faults.
    pub fn cap(&self, name: &str) -> u32 {
        match self.info.cap(name) {
            Some(slot) if slot != 0 => slot,
            _ => {
                ::log::error!("no capability {name}");
                sys::fault()
            }
        }
    }

    /// The endpoint of a service that the manifest lets this server call, as a transport for its client.
    pub fn service(&self, name: &str) -> crate::client::EndpointTransport {
        let name = protocol::service::text::<40>(format_args!("call.{name}"));
        match Endpoint::new(self.cap(&name)) {
            Some(endpoint) => crate::client::EndpointTransport::new(endpoint),
            None => sys::fault(),
        }
    }

    /// The endpoint that this server receives on, and its Reply.
    pub fn serving(&self) -> (Endpoint, Reply) {
        match (
            Endpoint::new(self.cap("serve")),
            Reply::new(self.cap("reply")),
        ) {
            (Some(endpoint), Some(reply)) => (endpoint, reply),
            _ => sys::fault(),
        }
    }
}

/// Reads the start information and sets up IPC, time, log and heap. Called by [`entry!`](crate::entry), once.
///
/// Faults if the starter left nothing that this SDK understands: nobody could be told.
pub fn begin(ipc_buffer: u64) -> Start {
    let Some(info) = StartInfo::decode(&sys::start_area(ipc_buffer)) else {
        sys::fault()
    };
    crate::time::set_tsc_hz(info.tsc_hz);
    if info.log.len > 0 {
        crate::log::begin(SharedBytes::from_start(info.log));
    }
    if info.heap.len > 0 && !crate::heap::claim(info.heap) {
        ::log::error!("the heap of {} bytes is too small", info.heap.len);
        sys::fault()
    }
    let slots = Slots::new(info.free_slot_first, info.free_slot_count);
    Start { info, slots }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn slots_are_given_out_once_and_come_back() {
        let mut slots = Slots::new(10, 2);
        assert_eq!(
            (slots.take(), slots.take(), slots.take()),
            (Some(10), Some(11), None)
        );
        slots.give_back(10);
        assert_eq!((slots.take(), slots.take()), (Some(10), None));
        assert_eq!(
            Slots::new(0, 5).take(),
            None,
            "slot 0 is never a capability"
        );
    }
}
