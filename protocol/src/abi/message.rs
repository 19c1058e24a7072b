//! The message of a call and of its reply.
//!
//! A message is a label, up to [`MESSAGE_LEN_MAX`] bytes and up to [`MESSAGE_CAPS_MAX`] capabilities. Its first
//! [`REGISTER_WORDS`] words travel in registers; the rest lies in the sender's IPC buffer and is copied to the same place
//! in the receiver's. A typed message of up to 80 bytes stays on the kernel's fast path.

use super::layout::PAGE_SIZE;

/// The most payload bytes of one message.
pub const MESSAGE_LEN_MAX: usize = 960;
/// The most payload words of one message.
pub const MESSAGE_WORDS_MAX: usize = MESSAGE_LEN_MAX / 8;
/// Words that travel in registers.
pub const REGISTER_WORDS: usize = 4;
/// The most capabilities of one message.
pub const MESSAGE_CAPS_MAX: usize = 4;

/// What a message is, its label and its lengths, packed into one register.
///
/// ```text
/// bits 0..=9    payload length in bytes
/// bits 10..=12  number of capabilities
/// bits 14..=15  kind
/// bits 16..=31  label
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MessageInfo(u64);

/// Who made a message.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A thread, by call or reply.
    Message = 0,
    /// The kernel, from the receiver's bound notification: the badge word holds the signal bits.
    Notification = 1,
    /// The kernel, for a thread that faulted: the label is a [`super::fault::FaultKind`].
    Fault = 2,
}

impl MessageInfo {
    /// A thread's message. `len_bytes` is cut to [`MESSAGE_LEN_MAX`] and `caps` to [`MESSAGE_CAPS_MAX`].
    pub const fn new(label: u16, len_bytes: usize, caps: usize) -> Self {
        Self::with_kind(MessageKind::Message, label, len_bytes, caps)
    }

    /// As [`MessageInfo::new`], for a message that the kernel makes.
    pub const fn with_kind(kind: MessageKind, label: u16, len_bytes: usize, caps: usize) -> Self {
        let len = if len_bytes > MESSAGE_LEN_MAX {
            MESSAGE_LEN_MAX
        } else {
            len_bytes
        };
        let caps = if caps > MESSAGE_CAPS_MAX {
            MESSAGE_CAPS_MAX
        } else {
            caps
        };
        Self(len as u64 | (caps as u64) << 10 | (kind as u64) << 14 | (label as u64) << 16)
    }

    /// Reads a register that another party filled: `None` if a length is out of bounds, the kind is not
    /// [`MessageKind::Message`] or an unused bit is set.
    pub const fn from_untrusted(word: u64) -> Option<Self> {
        let info = Self(word);
        let kind = word >> 14 & 3;
        if word >> 32 != 0
            || word & 1 << 13 != 0
            || kind != 0
            || info.len_bytes() > MESSAGE_LEN_MAX
            || info.caps() > MESSAGE_CAPS_MAX
        {
            None
        } else {
            Some(info)
        }
    }

    /// Reads a register that the kernel filled.
    pub const fn from_kernel(word: u64) -> Self {
        Self(word)
    }

    /// The register value.
    pub const fn word(self) -> u64 {
        self.0
    }

    /// Payload bytes.
    pub const fn len_bytes(self) -> usize {
        (self.0 & 0x3ff) as usize
    }

    /// Payload words, the last one possibly partial.
    pub const fn len_words(self) -> usize {
        self.len_bytes().div_ceil(8)
    }

    /// Capabilities sent along.
    pub const fn caps(self) -> usize {
        (self.0 >> 10 & 7) as usize
    }

    /// The label: a method number, a reply status, a fault kind.
    pub const fn label(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Who made the message.
    pub const fn kind(self) -> MessageKind {
        match self.0 >> 14 & 3 {
            1 => MessageKind::Notification,
            2 => MessageKind::Fault,
            _ => MessageKind::Message,
        }
    }
}

impl core::fmt::Debug for MessageInfo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "{:?} label={} len={} caps={}",
            self.kind(),
            self.label(),
            self.len_bytes(),
            self.caps()
        )
    }
}

/// The page that a thread shares with the kernel for messages.
///
/// The kernel reads and writes only the first 1024 bytes, and only during the owner's system calls and at the delivery
/// of a message to it. The rest is the process's own; `libnda` keeps the start information there.
#[repr(C, align(4096))]
#[derive(Clone, Copy, Debug)]
pub struct IpcBuffer {
    /// The payload. The kernel does not touch the first [`REGISTER_WORDS`] words: these are in registers.
    pub words: [u64; MESSAGE_WORDS_MAX],
    /// Sending: the slots of the capabilities to send. Received: the slots that were filled, 0 where one was dropped.
    pub caps: [u32; MESSAGE_CAPS_MAX],
    /// The empty slots into which received capabilities go; 0 refuses one.
    pub receive_slots: [u32; MESSAGE_CAPS_MAX],
    /// Unused.
    pub reserved: [u64; 4],
    /// The process's own.
    pub user: [u8; 3072],
}

const _: () = assert!(size_of::<IpcBuffer>() == PAGE_SIZE as usize);
const _: () = assert!(core::mem::offset_of!(IpcBuffer, user) == 1024);
