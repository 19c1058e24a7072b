//! Messages between threads: synchronous call and reply, and signals.
//!
//! - [`call`]: call, receive, reply, and what becomes of a caller whose server dies;
//! - [`notification`]: signal, wait, poll.
//!
//! The functions here change the states of threads and say through [`Ready`] who may run; they never choose who does. Rights and
//! types were checked by whoever decoded the system call.

pub mod call;
pub mod notification;

use protocol::abi::Error;
use protocol::abi::thread::ThreadState;

use crate::object::thread::Thread;
use crate::sched::queue::linked;
use crate::sched::run_queue::RunQueue;

/// Where threads go that may run again.
pub trait Ready {
    /// `thread` may run.
    fn make_ready(&self, thread: &Thread);
    /// `thread`, which is Ready, may no longer run.
    fn make_unready(&self, thread: &Thread);
}

impl Ready for RunQueue {
    fn make_ready(&self, thread: &Thread) {
        self.push(thread);
    }

    fn make_unready(&self, thread: &Thread) {
        self.remove(thread);
    }
}

/// Lets a stopped thread run.
///
/// Errors: `InvalidState` if it is not stopped.
pub fn resume(thread: &Thread, ready: &impl Ready) -> Result<(), Error> {
    if thread.state() != ThreadState::Inactive {
        return Err(Error::InvalidState);
    }
    wake(thread, ready);
    Ok(())
}

/// Stops a thread that is not the running one. A system call that it waits in ends with `Cancelled` when it is resumed.
pub fn suspend(thread: &Thread, ready: &impl Ready) {
    match thread.state() {
        ThreadState::Inactive => return,
        ThreadState::Ready => ready.make_unready(thread),
        _ => {
            detach(thread);
            thread.set_result(Err(Error::Cancelled));
        }
    }
    thread.set_state(ThreadState::Inactive);
}

/// Takes a thread out of whatever it waits for.
fn detach(thread: &Thread) {
    if let Some(endpoint) = linked(thread.endpoint.get()) {
        endpoint.remove(thread);
    }
    if let Some(notification) = linked(thread.notification.take()) {
        notification.waiter.set(None);
    }
    if let Some(reply) = linked(thread.reply.take()) {
        reply.is_claimed.set(false);
        reply.caller.set(None);
    }
}

fn wake(thread: &Thread, ready: &impl Ready) {
    thread.set_state(ThreadState::Ready);
    ready.make_ready(thread);
}
