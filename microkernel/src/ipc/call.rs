//! Call, receive and reply.
//!
//! A call and a receiver meet at an endpoint; whoever comes first waits. The message is copied once, from sender to receiver:
//! the kernel keeps no message. The receiver brings a [`Reply`], which holds the caller until it is answered, so that a server may
//! answer out of order and so that a caller is never forgotten: when the Reply or the server goes, the caller is released with
//! `PeerDied` and the endpoint's generation.

use core::ptr::NonNull;

use protocol::abi::Error;
use protocol::abi::message::{MESSAGE_WORDS_MAX, MessageInfo, MessageKind, REGISTER_WORDS};
use protocol::abi::thread::ThreadState;

use super::{Ready, wake};
use crate::object::endpoint::{Endpoint, Waiting};
use crate::object::reply::Reply;
use crate::object::thread::Thread;
use crate::sched::queue::linked;

/// The running thread calls: it waits for a receiver, or, if one is there, for the reply.
pub fn call(
    caller: &Thread,
    endpoint: &Endpoint,
    badge: u64,
    info: MessageInfo,
    ready: &impl Ready,
) {
    caller.badge.set(badge);
    caller.info.set(info.word());
    if let Some(receiver) = endpoint.dequeue(Waiting::Receivers) {
        deliver(caller, receiver, endpoint);
        wake(receiver, ready);
    } else {
        caller.set_state(ThreadState::Calling);
        endpoint.enqueue(caller, Waiting::Callers);
    }
}

/// The running thread receives: it goes on at once if a signal of its bound notification or a caller waits, and waits
/// otherwise. Returns whether it goes on.
///
/// Errors: `InvalidState` if `reply` holds a caller or another receiver waits with it.
pub fn receive(receiver: &Thread, endpoint: &Endpoint, reply: &Reply) -> Result<bool, Error> {
    if reply.has_caller() || reply.is_claimed.get() {
        return Err(Error::InvalidState);
    }
    if let Some(notification) = linked(receiver.bound.get())
        && notification.bits.get() != 0
    {
        receive_signals(receiver, notification.bits.take());
        return Ok(true);
    }
    receiver.reply.set(Some(NonNull::from(reply)));
    reply.is_claimed.set(true);
    if let Some(caller) = endpoint.dequeue(Waiting::Callers) {
        deliver(caller, receiver, endpoint);
        return Ok(true);
    }
    receiver.set_state(ThreadState::Receiving);
    endpoint.enqueue(receiver, Waiting::Receivers);
    Ok(false)
}

/// Answers the caller in `reply`.
///
/// Errors: `InvalidState` if there is none.
pub fn reply(
    server: &Thread,
    reply: &Reply,
    info: MessageInfo,
    ready: &impl Ready,
) -> Result<(), Error> {
    let caller = linked(reply.caller.take()).ok_or(Error::InvalidState)?;
    caller.reply.set(None);
    copy_payload(server, caller, info);
    caller.set_received(0, info);
    wake(caller, ready);
    Ok(())
}

/// Releases the caller in a Reply that will not be used: the server died or the object is destroyed.
pub fn abandon(reply: &Reply, ready: &impl Ready) {
    if let Some(caller) = linked(reply.caller.take()) {
        caller.reply.set(None);
        release(caller, reply.generation.get(), ready);
    }
}

/// Ends the first wait on an endpoint: a caller gets `PeerDied`, a receiver `Cancelled`. Returns whether there was one, so that
/// the caller can go on in bounded steps.
pub fn cancel_first(endpoint: &Endpoint, ready: &impl Ready) -> bool {
    let generation = endpoint.generation.get();
    if let Some(caller) = endpoint.dequeue(Waiting::Callers) {
        release(caller, generation, ready);
    } else if let Some(receiver) = endpoint.dequeue(Waiting::Receivers) {
        drop_claim(receiver);
        receiver.set_result(Err(Error::Cancelled));
        wake(receiver, ready);
    } else {
        return false;
    }
    true
}

/// Hands signals to a thread in `Recv`.
pub(super) fn receive_signals(receiver: &Thread, bits: u64) {
    receiver.set_received(
        bits,
        MessageInfo::with_kind(MessageKind::Notification, 0, 0, 0),
    );
}

/// Gives the Reply back that a receiver waits with.
pub(super) fn drop_claim(receiver: &Thread) {
    if let Some(reply) = linked(receiver.reply.take()) {
        reply.is_claimed.set(false);
    }
}

fn release(caller: &Thread, generation: u64, ready: &impl Ready) {
    caller.set_result(Err(Error::PeerDied));
    caller.with_context(|context| context.rdi = generation);
    wake(caller, ready);
}

/// Moves a message and parks the caller in the receiver's Reply.
fn deliver(caller: &Thread, receiver: &Thread, endpoint: &Endpoint) {
    let info = MessageInfo::from_kernel(caller.info.get());
    copy_payload(caller, receiver, info);
    receiver.set_received(caller.badge.get(), info);
    caller.set_state(ThreadState::AwaitingReply);
    if let Some(reply) = linked(receiver.reply.take()) {
        reply.is_claimed.set(false);
        reply.generation.set(endpoint.generation.get());
        reply.caller.set(Some(NonNull::from(caller)));
        caller.reply.set(Some(NonNull::from(reply)));
    }
}

/// Copies the payload: the first words from register to register, the rest from page to page.
fn copy_payload(from: &Thread, to: &Thread, info: MessageInfo) {
    let words = from.with_context(|context| [context.rdx, context.r10, context.r8, context.r9]);
    to.with_context(|context| [context.rdx, context.r10, context.r8, context.r9] = words);
    let count = info.len_words().min(MESSAGE_WORDS_MAX);
    let (Some(source), Some(target)) = (from.ipc_buffer.get(), to.ipc_buffer.get()) else {
        return;
    };
    for index in REGISTER_WORDS..count {
        // SAFETY: (1) `set_ipc_buffer`'s caller vouches for both pages; (2) `index` is below `MESSAGE_WORDS_MAX`;
        // (3) volatile, because user code may write the same words at any time: a race can only spoil the message of
        // whoever races.
        unsafe {
            let word = (&raw const (*source.as_ptr()).words[index]).read_volatile();
            (&raw mut (*target.as_ptr()).words[index]).write_volatile(word);
        }
    }
}
