//! Signal, wait and poll.
//!
//! A signal sets bits and never waits. The bits go, all at once, to the thread in `Wait`, to the bound thread in `Recv`, or
//! stay until somebody asks.

use core::ptr::NonNull;

use protocol::abi::Error;
use protocol::abi::thread::ThreadState;

use super::{Ready, call, wake};
use crate::object::notification::Notification;
use crate::object::thread::Thread;
use crate::sched::queue::linked;

/// Sets `bits` (bit 0 if there is none) and wakes whoever waits for them.
pub fn signal(notification: &Notification, bits: u64, ready: &impl Ready) {
    let bits = if bits == 0 { 1 } else { bits };
    notification.bits.set(notification.bits.get() | bits);
    if let Some(waiter) = linked(notification.waiter.take()) {
        waiter.notification.set(None);
        let bits = notification.bits.take();
        waiter.set_result(Ok(()));
        waiter.with_context(|context| context.rdi = bits);
        wake(waiter, ready);
    } else if let Some(thread) = linked(notification.bound.get())
        && thread.state() == ThreadState::Receiving
        && let Some(endpoint) = linked(thread.endpoint.get())
    {
        endpoint.remove(thread);
        call::drop_claim(thread);
        call::receive_signals(thread, notification.bits.take());
        wake(thread, ready);
    }
}

/// The running thread waits for any bit. Returns the bits if there are some already.
///
/// Errors: `InvalidState` if another thread waits.
pub fn wait(thread: &Thread, notification: &Notification) -> Result<Option<u64>, Error> {
    if let Ok(bits) = poll(notification) {
        return Ok(Some(bits));
    }
    if notification.waiter.get().is_some() {
        return Err(Error::InvalidState);
    }
    notification.waiter.set(Some(NonNull::from(thread)));
    thread.notification.set(Some(NonNull::from(notification)));
    thread.set_state(ThreadState::Waiting);
    Ok(None)
}

/// Takes all bits.
///
/// Errors: `WouldBlock` if there are none.
pub fn poll(notification: &Notification) -> Result<u64, Error> {
    match notification.bits.take() {
        0 => Err(Error::WouldBlock),
        bits => Ok(bits),
    }
}

/// Binds a notification to a thread, or unbinds with `None`.
///
/// Errors: `InvalidState` if the notification is another thread's.
pub fn bind(thread: &Thread, notification: Option<&Notification>) -> Result<(), Error> {
    if let Some(notification) = notification
        && linked(notification.bound.get()).is_some_and(|bound| !core::ptr::eq(bound, thread))
    {
        return Err(Error::InvalidState);
    }
    if let Some(old) = linked(thread.bound.take()) {
        old.bound.set(None);
    }
    if let Some(notification) = notification {
        notification.bound.set(Some(NonNull::from(thread)));
        thread.bound.set(Some(NonNull::from(notification)));
    }
    Ok(())
}
