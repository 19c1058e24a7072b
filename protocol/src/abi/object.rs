//! Kernel object types: what a capability can name.

/// The type of the object that a capability names.
///
/// `retype` makes the types marked *(memory)* out of Untyped; the others exist from boot and are only derived.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectType {
    /// Raw memory, the source of every other object *(memory)*. A *device* Untyped is not RAM the kernel may write: it
    /// yields only frames, and these are not zeroed.
    Untyped = 1,
    /// 2^n contiguous bytes of memory that can be mapped, 12 ≤ n ≤ 30 *(memory)*.
    Frame = 2,
    /// One 512-entry translation table below the root *(memory, 4 KiB)*. Can be installed in many address spaces.
    PageTable = 3,
    /// A root table with its identifier *(memory, 4 KiB)*.
    AddressSpace = 4,
    /// A table of 2^n capability slots *(memory, 64 << n bytes, 4 ≤ n ≤ 15)*.
    CSpace = 5,
    /// A thread of execution *(memory, [`THREAD_BITS`])*.
    Thread = 6,
    /// The right to run: core, priority, budget, period *(memory, [`SCHED_CONTEXT_BITS`])*.
    SchedContext = 7,
    /// A rendezvous for calls *(memory, [`ENDPOINT_BITS`])*.
    Endpoint = 8,
    /// A word of signal bits *(memory, [`NOTIFICATION_BITS`])*.
    Notification = 9,
    /// Holds the caller between receive and reply *(memory, [`REPLY_BITS`])*.
    Reply = 10,
    /// One interrupt source.
    IrqHandler = 11,
    /// A range of x86 I/O ports.
    IoPort = 12,
    /// A device's view of memory behind an IOMMU. The number is reserved; no kernel creates one yet.
    DmaSpace = 13,
    /// The authority to make a sealed frame executable.
    CodeAuthority = 14,
    /// The authority to make `IrqHandler` capabilities.
    IrqControl = 15,
    /// The authority to configure scheduling contexts.
    SchedControl = 16,
}

impl ObjectType {
    /// All types, in numeric order.
    pub const ALL: [Self; 16] = [
        Self::Untyped,
        Self::Frame,
        Self::PageTable,
        Self::AddressSpace,
        Self::CSpace,
        Self::Thread,
        Self::SchedContext,
        Self::Endpoint,
        Self::Notification,
        Self::Reply,
        Self::IrqHandler,
        Self::IoPort,
        Self::DmaSpace,
        Self::CodeAuthority,
        Self::IrqControl,
        Self::SchedControl,
    ];

    /// The type with this number, if there is one.
    pub const fn from_u64(number: u64) -> Option<Self> {
        if number >= 1 && number <= Self::ALL.len() as u64 {
            Some(Self::ALL[number as usize - 1])
        } else {
            None
        }
    }
}

/// log2 of the bytes of a Thread: registers, its own capability slots and the FPU state.
pub const THREAD_BITS: u8 = 12;
/// log2 of the bytes of a SchedContext.
pub const SCHED_CONTEXT_BITS: u8 = 7;
/// log2 of the bytes of an Endpoint.
pub const ENDPOINT_BITS: u8 = 6;
/// log2 of the bytes of a Notification.
pub const NOTIFICATION_BITS: u8 = 6;
/// log2 of the bytes of a Reply.
pub const REPLY_BITS: u8 = 6;
/// log2 of the bytes of one capability slot.
pub const SLOT_BITS: u8 = 6;
/// Smallest and largest CSpace, log2 of its slots. The largest is what one retype may zero: 2 MiB.
pub const CSPACE_BITS_MIN: u8 = 4;
/// See [`CSPACE_BITS_MIN`].
pub const CSPACE_BITS_MAX: u8 = 15;
/// The largest frame, log2 of its bytes (1 GiB).
pub const FRAME_BITS_MAX: u8 = 30;
/// The smallest Untyped, log2 of its bytes.
pub const UNTYPED_BITS_MIN: u8 = 6;
/// The largest Untyped, log2 of its bytes (2^47: a whole canonical half).
pub const UNTYPED_BITS_MAX: u8 = 47;
