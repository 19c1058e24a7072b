//! An intrusive first-in, first-out list of threads: every operation takes constant time and no memory.
//!
//! Invariants: (1) a thread is in at most one queue; (2) a thread leaves its queue before its memory is reused.

use core::cell::Cell;
use core::ptr::NonNull;

use crate::object::thread::Thread;

/// A list of threads.
#[derive(Debug, Default)]
pub struct Queue {
    first: Cell<Option<NonNull<Thread>>>,
    last: Cell<Option<NonNull<Thread>>>,
}

impl Queue {
    /// A queue with nobody in it.
    pub const fn new() -> Self {
        Self {
            first: Cell::new(None),
            last: Cell::new(None),
        }
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    pub(crate) fn push_back(&self, thread: &Thread) {
        debug_assert!(thread.previous.get().is_none() && thread.next.get().is_none());
        let new = Some(NonNull::from(thread));
        thread.previous.set(self.last.get());
        match linked(self.last.get()) {
            Some(last) => last.next.set(new),
            None => self.first.set(new),
        }
        self.last.set(new);
    }

    pub(crate) fn pop_front<'a>(&self) -> Option<&'a Thread> {
        let first = linked(self.first.get())?;
        self.remove(first);
        Some(first)
    }

    /// Takes a thread out. It must be in this queue.
    pub(crate) fn remove(&self, thread: &Thread) {
        let (previous, next) = (thread.previous.take(), thread.next.take());
        match linked(previous) {
            Some(thread) => thread.next.set(next),
            None => self.first.set(next),
        }
        match linked(next) {
            Some(thread) => thread.previous.set(previous),
            None => self.last.set(previous),
        }
    }
}

/// Follows a link between kernel objects that refer to each other.
pub(crate) fn linked<'a, T>(link: Option<NonNull<T>>) -> Option<&'a T> {
    // SAFETY: (1) links are only made from references to live objects; (2) an object is taken out of every queue and every
    // other object's fields before its memory is reused; (3) objects are accessed through shared references to `Cell`s
    // under the kernel's lock.
    link.map(|object| unsafe { object.as_ref() })
}
