//! Replies: hold the caller between receive and reply.

use core::cell::Cell;
use core::ptr::NonNull;

use protocol::abi::object::REPLY_BITS;

use super::thread::Thread;

/// The right to answer one caller, once.
#[derive(Debug, Default)]
pub struct Reply {
    /// The caller, or nobody.
    pub(crate) caller: Cell<Option<NonNull<Thread>>>,
    /// The generation of the endpoint that the call came through.
    pub(crate) generation: Cell<u64>,
    /// Whether a receiver waits with this object.
    pub(crate) is_claimed: Cell<bool>,
}

const _: () = assert!(size_of::<Reply>() <= 1 << REPLY_BITS);

impl Reply {
    /// Whether a caller waits in it.
    pub fn has_caller(&self) -> bool {
        self.caller.get().is_some()
    }
}
