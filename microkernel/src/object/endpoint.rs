//! Endpoints: where calls and receivers meet.
//!
//! A queue of waiting threads, either all callers or all receivers. Appending, taking the first and taking one out of the
//! middle are constant-time, so a hostile crowd of callers costs nobody else anything.

use core::cell::Cell;
use core::ptr::NonNull;

use protocol::abi::object::ENDPOINT_BITS;

use super::thread::Thread;
use crate::sched::queue::Queue;

/// Who is in an endpoint's queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Waiting {
    /// Nobody.
    #[default]
    Nobody = 0,
    /// Threads whose call no receiver took yet.
    Callers = 1,
    /// Threads that are ready to take a call.
    Receivers = 2,
}

/// A rendezvous for calls.
#[derive(Debug, Default)]
pub struct Endpoint {
    queue: Queue,
    waiting: Cell<Waiting>,
    /// Raised each time the waits on it are cancelled.
    pub(crate) generation: Cell<u64>,
}

const _: () = assert!(size_of::<Endpoint>() <= 1 << ENDPOINT_BITS);

impl Endpoint {
    /// Who waits.
    pub fn waiting(&self) -> Waiting {
        self.waiting.get()
    }

    /// How often the waits on it were cancelled.
    pub fn generation(&self) -> u64 {
        self.generation.get()
    }

    pub(crate) fn enqueue(&self, thread: &Thread, side: Waiting) {
        debug_assert!(matches!(self.waiting.get(), w if w == Waiting::Nobody || w == side));
        self.waiting.set(side);
        thread.endpoint.set(Some(NonNull::from(self)));
        self.queue.push_back(thread);
    }

    /// Takes the first thread of one side.
    pub(crate) fn dequeue(&self, side: Waiting) -> Option<&Thread> {
        if self.waiting.get() != side {
            return None;
        }
        let thread = self.queue.pop_front()?;
        self.taken(thread);
        Some(thread)
    }

    /// Takes one thread out, wherever it stands. It must be in this queue.
    pub(crate) fn remove(&self, thread: &Thread) {
        self.queue.remove(thread);
        self.taken(thread);
    }

    fn taken(&self, thread: &Thread) {
        thread.endpoint.set(None);
        if self.queue.is_empty() {
            self.waiting.set(Waiting::Nobody);
        }
    }
}
