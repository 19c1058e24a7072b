//! What all services share: the message, the replies that are not a result, the way a request travels.
//!
//! A request's label is `version << 8 | method`, its payload the postcard form of the arguments as a tuple. A reply's label
//! is [`REPLY_OK`], [`REPLY_ERROR`] or [`REPLY_REFUSED`]; its payload is the result, the service's error or a [`Refusal`].
//!
//! Nothing in a received message is trusted: every length is bounded by [`Message`] and every decoder is total.

use core::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::abi::message::{MESSAGE_CAPS_MAX, MESSAGE_LEN_MAX};

/// Reply label: the payload is the operation's result.
pub const REPLY_OK: u16 = 0;
/// Reply label: the payload is the service's error.
pub const REPLY_ERROR: u16 = 1;
/// Reply label: the payload is a [`Refusal`].
pub const REPLY_REFUSED: u16 = 2;

/// How often a stub repeats an idempotent request whose server died. A server that dies of the same request three times
/// in a row would die a fourth time too.
pub const REPLAYS_MAX: u32 = 3;

/// A short text in a message, cut at `N` bytes.
pub type Text<const N: usize> = heapless::String<N>;
/// A bounded list in a message.
pub type List<T, const N: usize> = heapless::Vec<T, N, u8>;
/// A bounded run of bytes in a message.
pub type Bytes<const N: usize> = heapless::Vec<u8, N, u16>;
/// The capabilities of one message.
pub type Slots = heapless::Vec<Slot, MESSAGE_CAPS_MAX>;

/// Formats into a [`Text`], dropping what does not fit at a character boundary.
pub fn text<const N: usize>(arguments: core::fmt::Arguments<'_>) -> Text<N> {
    struct Cut<'a, const N: usize>(&'a mut Text<N>);
    impl<const N: usize> Write for Cut<'_, N> {
        fn write_str(&mut self, part: &str) -> core::fmt::Result {
            let mut len = part.len().min(N - self.0.len());
            while !part.is_char_boundary(len) {
                len -= 1;
            }
            let fits = self.0.push_str(&part[..len]).is_ok();
            if fits && len == part.len() {
                Ok(())
            } else {
                Err(core::fmt::Error)
            }
        }
    }
    let mut out = Text::new();
    // An error means that the text was cut, which is what this function is for.
    let _was_cut = Cut(&mut out).write_fmt(arguments);
    out
}

/// A capability slot of the process that reads or writes it. Slot 0 never holds a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(pub u32);

/// Who called: the badge of the capability that the call came through, chosen by whoever minted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller(pub u64);

/// One message, request or reply, in the reader's own memory.
#[derive(Clone, Debug)]
pub struct Message {
    /// Method or reply kind.
    pub label: u16,
    /// Capabilities sent along, as slots of the reader; slot 0 stands for one that was dropped on the way.
    pub caps: Slots,
    len: usize,
    bytes: [u8; MESSAGE_LEN_MAX],
}

impl Default for Message {
    fn default() -> Self {
        Self::new()
    }
}

impl Message {
    /// An empty message.
    pub const fn new() -> Self {
        Self {
            label: 0,
            caps: Slots::new(),
            len: 0,
            bytes: [0; MESSAGE_LEN_MAX],
        }
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Replaces the payload by the first `len` bytes (at most [`MESSAGE_LEN_MAX`]) of what `fill` leaves in the buffer.
    pub fn fill(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) {
        self.len = len.min(MESSAGE_LEN_MAX);
        fill(&mut self.bytes[..self.len]);
    }

    /// Replaces label and payload. `false`, and an empty payload, if the value does not fit.
    #[must_use]
    pub fn encode<T: Serialize>(&mut self, label: u16, value: &T) -> bool {
        self.label = label;
        let used = postcard::to_slice(value, &mut self.bytes).map(|used| used.len());
        self.len = *used.as_ref().unwrap_or(&0);
        used.is_ok()
    }

    /// Reads the whole payload as a `T`.
    ///
    /// Errors: [`Refusal::Undecodable`] if it is none; [`Refusal::TrailingBytes`] if something follows it.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Refusal> {
        let (value, rest) =
            postcard::take_from_bytes(self.payload()).map_err(|_cause| Refusal::Undecodable)?;
        if rest.is_empty() {
            Ok(value)
        } else {
            Err(Refusal::TrailingBytes)
        }
    }

    /// The capabilities, if there are exactly `N` and none was dropped.
    pub fn exact_caps<const N: usize>(&self) -> Result<[Slot; N], Refusal> {
        let caps: [Slot; N] = self
            .caps
            .as_slice()
            .try_into()
            .map_err(|_len| Refusal::WrongCapabilities)?;
        if caps.contains(&Slot(0)) {
            Err(Refusal::WrongCapabilities)
        } else {
            Ok(caps)
        }
    }

    /// Replaces the capabilities by `caps`, of which there are at most [`MESSAGE_CAPS_MAX`].
    pub fn set_caps(&mut self, caps: &[Slot]) {
        self.caps.clear();
        for &cap in caps.iter().take(MESSAGE_CAPS_MAX) {
            let pushed = self.caps.push(cap);
            debug_assert!(pushed.is_ok(), "no more than the list holds");
        }
    }

    /// Turns this message into a refusal and hands out the capabilities that came with it.
    pub fn refuse(&mut self, refusal: Refusal) -> Unclaimed {
        let unclaimed = core::mem::take(&mut self.caps);
        let fits = self.encode(REPLY_REFUSED, &refusal);
        debug_assert!(fits, "a refusal is one byte");
        Unclaimed(unclaimed)
    }
}

/// Received capabilities that no operation took: whoever runs the dispatch deletes them.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unclaimed(pub Slots);

/// Why a message was not understood. The numbers are part of the wire form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// No operation has this number.
    UnknownMethod,
    /// The service is of another version.
    WrongVersion,
    /// The payload is not what the operation takes or returns.
    Undecodable,
    /// Something follows the payload.
    TrailingBytes,
    /// Another number of capabilities came than the operation declares.
    WrongCapabilities,
    /// The payload does not fit a message.
    TooLong,
    /// A reply has a label that no reply has.
    UnknownReply,
}

/// Whether a request may be sent again when its server died before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Any number of times: the second has no effect beside the first's.
    Idempotent,
    /// As long as the server cannot have seen it.
    UntilEffect,
    /// Not at all: the client decides.
    Never,
}

/// Why a call brought no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The server died.
    Restarted {
        /// The endpoint's generation after it.
        generation: u64,
        /// Whether the server may have received the request.
        is_delivered: bool,
    },
    /// The kernel refused the call.
    Kernel(crate::abi::Error),
}

/// The way to a server and back.
pub trait Transport {
    /// Sends `message` and replaces it by the reply. Blocks until there is one, or a reason why there is none; then
    /// `message` is unchanged.
    fn call(&mut self, message: &mut Message) -> Result<(), CallError>;
}

impl<F: FnMut(&mut Message) -> Result<(), CallError>> Transport for F {
    fn call(&mut self, message: &mut Message) -> Result<(), CallError> {
        self(message)
    }
}

/// Sends a request, again after a restart as far as `replay` allows it.
pub fn call<T: Transport + ?Sized>(
    transport: &mut T,
    replay: Replay,
    message: &mut Message,
) -> Result<(), CallError> {
    let mut replays = 0;
    loop {
        let result = transport.call(message);
        let Err(CallError::Restarted { is_delivered, .. }) = result else {
            return result;
        };
        let may_replay = match replay {
            Replay::Idempotent => true,
            Replay::UntilEffect => !is_delivered,
            Replay::Never => false,
        };
        if !may_replay || replays == REPLAYS_MAX {
            return result;
        }
        replays += 1;
    }
}

/// An operation, as tools describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Its label in the request.
    pub label: u16,
    /// Whether stubs repeat it.
    pub replay: Replay,
    /// Capabilities of the request.
    pub takes: usize,
    /// Capabilities of the reply.
    pub gives: usize,
}

/// A service, as tools describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name, as in `servers/system.toml`.
    pub name: &'static str,
    /// Raised at every incompatible change.
    pub version: u8,
    /// Its operations.
    pub methods: &'static [Method],
}

impl Description {
    /// The operation with this label, for traces.
    pub fn method(&self, label: u16) -> Option<&'static Method> {
        self.methods.iter().find(|method| method.label == label)
    }
}
