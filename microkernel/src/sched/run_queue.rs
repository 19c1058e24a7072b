//! The ready threads of one core: 256 priorities, first-in, first-out within one.
//!
//! A bitmap of the priorities in use makes "the first thread of the highest priority" four word tests at most.

use super::queue::Queue;
use crate::object::thread::Thread;
use core::cell::Cell;

/// Number of priorities; 255 runs first.
pub const PRIORITIES: usize = 256;

/// The ready threads of one core.
#[derive(Debug)]
pub struct RunQueue {
    queues: [Queue; PRIORITIES],
    in_use: [Cell<u64>; PRIORITIES / 64],
}

impl Default for RunQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl RunQueue {
    /// A run queue with nobody in it.
    pub const fn new() -> Self {
        Self {
            queues: [const { Queue::new() }; PRIORITIES],
            in_use: [const { Cell::new(0) }; PRIORITIES / 64],
        }
    }

    /// Appends a thread behind those of its priority.
    pub fn push(&self, thread: &Thread) {
        let priority = usize::from(thread.priority.get());
        self.queues[priority].push_back(thread);
        let word = &self.in_use[priority / 64];
        word.set(word.get() | 1 << (priority % 64));
    }

    /// The highest priority with a ready thread.
    pub fn highest(&self) -> Option<u8> {
        let (index, word) = self
            .in_use
            .iter()
            .enumerate()
            .rev()
            .find(|(_, word)| word.get() != 0)?;
        let bit = 63 - word.get().leading_zeros() as usize;
        u8::try_from(index * 64 + bit).ok()
    }

    /// Takes the first thread of the highest priority.
    pub fn pop<'a>(&self) -> Option<&'a Thread> {
        let priority = usize::from(self.highest()?);
        let thread = self.queues[priority].pop_front();
        self.forget_if_empty(priority);
        thread
    }

    /// Takes out a thread that is in this run queue.
    pub fn remove(&self, thread: &Thread) {
        let priority = usize::from(thread.priority.get());
        self.queues[priority].remove(thread);
        self.forget_if_empty(priority);
    }

    fn forget_if_empty(&self, priority: usize) {
        if self.queues[priority].is_empty() {
            let word = &self.in_use[priority / 64];
            word.set(word.get() & !(1 << (priority % 64)));
        }
    }
}
