//! The client's side of a call: the transport that every stub of `protocol::service` takes.

use protocol::abi::message::MESSAGE_CAPS_MAX;
use protocol::abi::{Error, Syscall};
use protocol::service::{CallError, Message, Transport};

use crate::cap::Endpoint;
use crate::sys::{self, Sends};

/// Calls through an endpoint capability.
#[derive(Clone, Copy, Debug)]
pub struct EndpointTransport {
    endpoint: Endpoint,
    receive: [u32; MESSAGE_CAPS_MAX],
}

impl EndpointTransport {
    /// Calls that bring no capabilities back.
    pub const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            receive: [0; MESSAGE_CAPS_MAX],
        }
    }

    /// Names the empty slots for capabilities of the next replies; 0 refuses one.
    pub const fn receive_into(&mut self, slots: [u32; MESSAGE_CAPS_MAX]) {
        self.receive = slots;
    }
}

impl Transport for EndpointTransport {
    fn call(&mut self, message: &mut Message) -> Result<(), CallError> {
        let slot = self.endpoint.slot();
        let result = sys::exchange(
            Syscall::Call,
            slot,
            message,
            Sends::Message,
            self.receive,
            0,
            0,
        );
        result.map(drop).map_err(|refused| match refused.error {
            // The kernel does not say whether the server had received the request: assume that it had.
            Error::PeerDied => CallError::Restarted {
                generation: refused.detail,
                is_delivered: true,
            },
            error => CallError::Kernel(error),
        })
    }
}
