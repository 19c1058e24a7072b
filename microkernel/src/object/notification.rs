//! Notifications: a word of signal bits, and at most one thread that waits for it.

use core::cell::Cell;
use core::ptr::NonNull;

use protocol::abi::object::NOTIFICATION_BITS;

use super::thread::Thread;

/// A word of signal bits.
#[derive(Debug, Default)]
pub struct Notification {
    pub(crate) bits: Cell<u64>,
    /// The thread in `Wait`.
    pub(crate) waiter: Cell<Option<NonNull<Thread>>>,
    /// The thread whose `Recv` gets the signals.
    pub(crate) bound: Cell<Option<NonNull<Thread>>>,
}

const _: () = assert!(size_of::<Notification>() <= 1 << NOTIFICATION_BITS);

impl Notification {
    /// The bits that nobody took yet.
    pub fn pending(&self) -> u64 {
        self.bits.get()
    }
}
