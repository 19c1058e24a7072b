//! Why a system call was refused.

/// The result code of a system call, in `rax`. Zero is success and is not an error.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// No system call has this number.
    InvalidSyscall = 1,
    /// The slot is outside the CSpace or holds nothing.
    InvalidCapability = 2,
    /// The capability names an object of another type.
    WrongObject = 3,
    /// The capability lacks a right that the operation needs.
    MissingRight = 4,
    /// The destination slot already holds a capability.
    SlotOccupied = 5,
    /// An argument has a value outside its documented range.
    InvalidArgument = 6,
    /// An address or length is not aligned as documented.
    Misaligned = 7,
    /// The Untyped has too little free memory left.
    OutOfMemory = 8,
    /// The capability is mapped already, or something else is at that address.
    AlreadyMapped = 9,
    /// The capability is not mapped.
    NotMapped = 10,
    /// A translation table is absent; the first result word holds the level to supply (3, 2 or 1).
    MissingTable = 11,
    /// The frame is sealed and can no longer be written.
    Sealed = 12,
    /// The frame must be sealed first.
    NotSealed = 13,
    /// Other capabilities to the same object exist.
    NotSole = 14,
    /// The mapping would be writable and executable.
    WriteExecute = 15,
    /// The object is in a state that forbids the operation.
    InvalidState = 16,
    /// The server died before it replied. The first result word holds the endpoint's generation.
    PeerDied = 17,
    /// The operation was cancelled by a supervisor.
    Cancelled = 18,
    /// The deadline passed first.
    TimedOut = 19,
    /// The message is longer than [`super::message::MESSAGE_LEN_MAX`].
    MessageTooLong = 20,
    /// Every address-space identifier is in use.
    IdentifiersExhausted = 21,
    /// The derivation chain is as long as it can get.
    DerivationTooDeep = 22,
    /// Nothing is pending.
    WouldBlock = 23,
    /// The object was destroyed while the caller waited on it.
    ObjectDestroyed = 24,
    /// The Untyped still has derived objects.
    HasChildren = 25,
    /// No free interrupt vector or source of that kind.
    InterruptUnavailable = 26,
}

impl Error {
    /// All errors, in numeric order.
    pub const ALL: [Self; 26] = [
        Self::InvalidSyscall,
        Self::InvalidCapability,
        Self::WrongObject,
        Self::MissingRight,
        Self::SlotOccupied,
        Self::InvalidArgument,
        Self::Misaligned,
        Self::OutOfMemory,
        Self::AlreadyMapped,
        Self::NotMapped,
        Self::MissingTable,
        Self::Sealed,
        Self::NotSealed,
        Self::NotSole,
        Self::WriteExecute,
        Self::InvalidState,
        Self::PeerDied,
        Self::Cancelled,
        Self::TimedOut,
        Self::MessageTooLong,
        Self::IdentifiersExhausted,
        Self::DerivationTooDeep,
        Self::WouldBlock,
        Self::ObjectDestroyed,
        Self::HasChildren,
        Self::InterruptUnavailable,
    ];

    /// The error with this code; `None` for 0 and for codes of a newer kernel.
    pub const fn from_code(code: u64) -> Option<Self> {
        if code >= 1 && code <= Self::ALL.len() as u64 {
            Some(Self::ALL[code as usize - 1])
        } else {
            None
        }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(self, f)
    }
}

impl core::error::Error for Error {}
