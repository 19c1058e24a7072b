//! The server's side of a call: receive, dispatch, reply, for ever.

use protocol::abi::message::{MESSAGE_CAPS_MAX, MessageKind};
use protocol::abi::{Error, Syscall};
use protocol::service::{Caller, Message, Slot, Unclaimed};

use crate::cap::{self, Endpoint, Reply};
use crate::start::{Slots, Start};
use crate::sys::{self, Sends};

/// Answers calls until the process ends.
///
/// `dispatch` is that of the service (`protocol::service::NAME::dispatch`). `signalled` gets the bits of the notification
/// that is bound to the thread. Capabilities that no operation takes are deleted here.
pub fn serve<S>(
    start: &mut Start,
    state: &mut S,
    mut dispatch: impl FnMut(&mut S, Caller, &mut Message) -> Unclaimed,
    mut signalled: impl FnMut(&mut S, u64),
) -> ! {
    let (endpoint, reply) = start.serving();
    let slots = &mut start.slots;
    let mut message = Message::new();
    let mut receive = [0; MESSAGE_CAPS_MAX];
    let mut owes_reply = false;
    loop {
        refill(&mut receive, slots);
        let received = step(endpoint, reply, &mut message, owes_reply, receive);
        owes_reply = false;
        let received = match received {
            Ok(received) => received,
            // A supervisor ended the wait: nobody is owed anything any more.
            Err(Error::Cancelled | Error::TimedOut) => continue,
            Err(error) => {
                log::error!("cannot receive: {error}");
                sys::fault()
            }
        };
        match received.info.kind() {
            MessageKind::Notification => signalled(state, received.badge),
            MessageKind::Fault => {
                log::warn!("a fault came to a service endpoint: {:?}", received.info);
            }
            MessageKind::Message => {
                forget_used(&mut receive, &message);
                let Unclaimed(unclaimed) = dispatch(state, Caller(received.badge), &mut message);
                for Slot(slot) in unclaimed {
                    discard(slot, slots);
                }
                owes_reply = true;
            }
        }
    }
}

fn step(
    endpoint: Endpoint,
    reply: Reply,
    message: &mut Message,
    owes_reply: bool,
    receive: [u32; MESSAGE_CAPS_MAX],
) -> Result<sys::Received, Error> {
    let (call, sends) = match owes_reply {
        true => (Syscall::ReplyRecv, Sends::Message),
        false => (Syscall::Recv, Sends::Nothing),
    };
    let slot = endpoint.slot();
    sys::exchange(call, slot, message, sends, receive, reply.slot(), 0).map_err(Error::from)
}

/// Puts an empty slot wherever one was used up. Without any left, capabilities are refused.
fn refill(receive: &mut [u32; MESSAGE_CAPS_MAX], slots: &mut Slots) {
    for slot in receive.iter_mut().filter(|slot| **slot == 0) {
        *slot = slots.take().unwrap_or(0);
    }
}

/// Slots that a message filled are the operation's now.
fn forget_used(receive: &mut [u32; MESSAGE_CAPS_MAX], message: &Message) {
    for slot in receive.iter_mut() {
        if message.caps.contains(&Slot(*slot)) {
            *slot = 0;
        }
    }
}

/// Deletes a capability that came along for nothing.
fn discard(slot: u32, slots: &mut Slots) {
    if slot != 0 && cap::delete(None, slot).is_ok() {
        slots.give_back(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receive_slots_are_refilled_where_they_were_used() {
        let mut slots = Slots::new(20, 5);
        let mut receive = [0; MESSAGE_CAPS_MAX];
        refill(&mut receive, &mut slots);
        assert_eq!(receive, [20, 21, 22, 23]);
        let mut message = Message::new();
        message.set_caps(&[Slot(20), Slot(0), Slot(22)]);
        forget_used(&mut receive, &message);
        refill(&mut receive, &mut slots);
        assert_eq!(receive, [24, 21, 0, 23]);
    }
}
