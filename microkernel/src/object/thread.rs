//! Threads.
//!
//! ```text
//!            (1) resume                    (2) call                     (4) a receiver takes the message
//! Inactive ────────────▶ Ready ──────────────────────────▶ Calling ───────────────────▶ AwaitingReply
//!    ▲                   ▲  ▲ ▲ └─(3) recv──▶ Receiving ──┐                                   │
//!    │ (8) suspend       │  │ └──────(5) message arrives ──┘                                   │
//!    │ from any state    │  └────────(6) reply, or the server died ───────────────────────────┘
//!    └───────────────────┤
//!                        └─(7) signal─── Waiting ◀── wait
//! ```
//!
//! Made by: (1) `ipc::resume`, (2) `ipc::call::call`, (3) `ipc::call::receive`, (4, 5) `ipc::call::deliver`, (6)
//! `ipc::call::reply` and `ipc::call::abandon`, (7) `ipc::notification::signal`, (8) `ipc::suspend`.
//!
//! Invariant: a thread is in at most one queue: a run queue if it is Ready and not running, an endpoint's if it is Calling or
//! Receiving.

use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;

use protocol::abi::message::IpcBuffer;
use protocol::abi::object::THREAD_BITS;
use protocol::abi::thread::ThreadState;
use protocol::abi::{Error, MessageInfo};

use super::endpoint::Endpoint;
use super::notification::Notification;
use super::reply::Reply;
use crate::arch::platform::context::UserContext;

/// A thread of execution.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Thread {
    /// First, because the entry code finds it by the thread's address.
    context: UnsafeCell<UserContext>,
    state: Cell<u64>,
    /// Links of the one queue that the thread is in.
    pub(crate) previous: Cell<Option<NonNull<Thread>>>,
    pub(crate) next: Cell<Option<NonNull<Thread>>>,
    /// Calling, Receiving: where.
    pub(crate) endpoint: Cell<Option<NonNull<Endpoint>>>,
    /// Waiting: on what.
    pub(crate) notification: Cell<Option<NonNull<Notification>>>,
    /// Receiving: the Reply to use. AwaitingReply: the Reply that holds this thread.
    pub(crate) reply: Cell<Option<NonNull<Reply>>>,
    /// The notification whose signals `Recv` delivers.
    pub(crate) bound: Cell<Option<NonNull<Notification>>>,
    /// The message page, `None` until configured.
    pub(crate) ipc_buffer: Cell<Option<NonNull<IpcBuffer>>>,
    /// Calling: the badge of the capability that was used.
    pub(crate) badge: Cell<u64>,
    /// Calling: the message.
    pub(crate) info: Cell<u64>,
    /// From its scheduling context.
    pub(crate) priority: Cell<u8>,
}

const _: () = assert!(core::mem::offset_of!(Thread, context) == 0);
const _: () = assert!(size_of::<Thread>() <= 1 << THREAD_BITS);

impl Thread {
    /// Where the thread stands.
    pub fn state(&self) -> ThreadState {
        ThreadState::from_u64(self.state.get()).unwrap_or(ThreadState::Inactive)
    }

    pub(crate) fn set_state(&self, state: ThreadState) {
        self.state.set(state as u64);
    }

    /// Sets the priority, 0–255, 255 first. The thread must not be in a run queue.
    pub fn set_priority(&self, priority: u8) {
        self.priority.set(priority);
    }

    /// Gives the thread its message page.
    ///
    /// # Safety
    ///
    /// The page outlives the thread or is taken away first, and is read and written by nobody else during a system
    /// call of this thread or a delivery to it but by user code, whose races can only spoil its own message.
    pub unsafe fn set_ipc_buffer(&self, buffer: Option<NonNull<IpcBuffer>>) {
        self.ipc_buffer.set(buffer);
    }

    /// Works on the saved registers.
    pub fn with_context<R>(&self, work: impl FnOnce(&mut UserContext) -> R) -> R {
        // SAFETY: (1) the kernel runs with interrupts off and holds its lock, so neither the entry code nor another
        // core touches the context; (2) `work` gets no way back to this thread's context, since the only other
        // accessor is this function and no caller nests it on one thread.
        work(unsafe { &mut *self.context.get() })
    }

    /// Sets the result of the system call that the thread is in.
    pub(crate) fn set_result(&self, result: Result<(), Error>) {
        self.with_context(|context| {
            context.rax = result.err().map_or(0, |error| error as u64);
        });
    }

    /// Fills the registers of a received message. The payload words are there already.
    pub(crate) fn set_received(&self, badge: u64, info: MessageInfo) {
        self.with_context(|context| {
            context.rax = 0;
            context.rdi = badge;
            context.rsi = info.word();
        });
    }
}
