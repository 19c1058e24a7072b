//! System calls: numbers, arguments, results.
//!
//! Registers at `syscall`:
//!
//! | register | in | out |
//! |---|---|---|
//! | `rax` | number | 0, or an [`Error`](super::Error) code |
//! | `rdi` | capability slot (0 is never a capability) | result 0; for received messages the badge |
//! | `rsi` | argument 1; for messages the [`MessageInfo`](super::MessageInfo) | result 1; for received messages the info |
//! | `rdx` `r10` `r8` `r9` | arguments 2–5; for messages the first four words | results 2–5; message words |
//! | `r12` | argument 6; for receives the Reply slot | preserved |
//! | `r13` | argument 7; for receives and waits the deadline | preserved |
//! | `rcx` `r11` | | destroyed by the processor |
//!
//! Every other register, and all SIMD state, is preserved. Deadlines are absolute TSC values; 0 means none.
//! Where an operation names a CSpace, slot 0 stands for the caller's own.

/// System call numbers. Each variant's comment reads: arguments → results; rights; errors beside the general
/// `InvalidCapability`, `WrongObject`, `MissingRight`; what bounds it.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Syscall {
    /// Does nothing. → nothing. Constant time.
    Null = 0,
    /// Calls a server and waits for its reply. `rdi` Endpoint, `rsi` info, words → info, words. Needs `WRITE`, with
    /// capabilities also `GRANT`. Errors: `MessageTooLong`, `PeerDied`, `Cancelled`, `ObjectDestroyed`. Copies at most
    /// 960 bytes and 4 capabilities.
    Call = 1,
    /// Replies through a Reply object, then receives on an endpoint. `rdi` Endpoint, `rsi` info and words of the reply,
    /// `r12` Reply (used for both), `r13` deadline → badge, info, words. A Reply that holds no caller skips the reply.
    /// Needs `READ` on the endpoint. Errors: as `Recv`.
    ReplyRecv = 2,
    /// Receives a call, a fault or the bound notification. `rdi` Endpoint, `r12` empty Reply, `r13` deadline → badge,
    /// info, words. Needs `READ`. Errors: `TimedOut`, `Cancelled`, `ObjectDestroyed`, `InvalidState` (the Reply holds a
    /// caller).
    Recv = 3,
    /// Replies without receiving. `rdi` Reply, `rsi` info, words. Errors: `InvalidState` (no caller), `MessageTooLong`.
    Reply = 4,
    /// Sets the capability's badge bits (or bit 0 if it has none) and wakes a waiter. `rdi` Notification. Needs `WRITE`.
    Signal = 5,
    /// Waits for any bit and takes all. `rdi` Notification, `r13` deadline → bits. Needs `READ`. Errors: `TimedOut`,
    /// `Cancelled`, `ObjectDestroyed`, `InvalidState` (another thread waits).
    Wait = 6,
    /// Takes all bits. `rdi` Notification → bits. Needs `READ`. Errors: `WouldBlock`.
    Poll = 7,
    /// Gives the rest of the time slice to the next thread of the same priority.
    Yield = 8,

    /// Makes objects. `rdi` Untyped, `rsi` [`ObjectType`](super::ObjectType), `rdx` size bits (Untyped, Frame: log2
    /// bytes; CSpace: log2 slots; else ignored), `r10` destination CSpace, `r8` first slot, `r9` count 1–64. Needs
    /// `WRITE`. Errors: `InvalidArgument`, `OutOfMemory`, `SlotOccupied`, `IdentifiersExhausted`. Zeroes what it makes, at most 2 MiB a call
    /// (`InvalidArgument` beyond); device memory and smaller Untypeds are not zeroed.
    Retype = 16,

    /// Derives a capability. `rdi` destination CSpace, `rsi` destination slot, `rdx` source slot (own CSpace), `r10`
    /// rights to keep (a mask), `r8` badge (Endpoint and Notification: given once, to an unbadged capability; 0 keeps).
    /// Needs `WRITE` on the CSpace. Errors: `SlotOccupied`, `InvalidArgument` (badge on a badged or badgeless type; an
    /// Untyped or a Reply),
    /// `DerivationTooDeep`. Constant time.
    CapCopy = 24,
    /// Moves a capability. Arguments as `CapCopy` without rights and badge. Errors: `SlotOccupied`, `HasChildren` (an
    /// Untyped in use), `InvalidArgument` (an original CSpace into one that is not older).
    CapMove = 25,
    /// Deletes a capability, everything derived from it, and with the original capability the object. `rdi` CSpace, `rsi`
    /// slot. An empty slot is no error. Preemptible; restarts by itself.
    CapDelete = 26,
    /// Deletes every capability derived from one. `rdi` CSpace, `rsi` slot. Preemptible; restarts by itself.
    CapRevoke = 27,
    /// Says what a slot holds. `rdi` CSpace, `rsi` slot → type (0: empty), rights, badge or size bits, 1 if it has
    /// derived capabilities.
    CapIdentify = 28,

    /// Maps a frame. `rdi` Frame, `rsi` AddressSpace or shared PageTable, `rdx` address, `r10`
    /// [`MapFlags`](super::rights::MapFlags). The address is a multiple of the frame's size or of 2 MiB, whichever is
    /// less. Needs the rights that the flags name. Errors: `AlreadyMapped`, `MissingTable`, `WriteExecute`, `NotSealed`,
    /// `Misaligned`, `InvalidArgument`. Writes at most 512 entries.
    FrameMap = 32,
    /// Unmaps a frame. `rdi` Frame. Errors: `NotMapped`.
    FrameUnmap = 33,
    /// Changes a mapping's flags. `rdi` Frame, `rsi` flags. As `FrameMap`.
    FrameProtect = 34,
    /// Makes a frame immutable. `rdi` Frame: its only capability, unmapped. Needs `WRITE`. Errors: `NotSole`,
    /// `AlreadyMapped`, `Sealed`.
    FrameSeal = 35,
    /// Adds `EXECUTE` to a sealed frame's capability. `rdi` Frame, `rsi` CodeAuthority. Errors: `NotSealed`.
    FrameGrantExecute = 36,
    /// Puts a frame where another of the same size is mapped, by one entry a page. `rdi` new Frame (unmapped), `rsi` old
    /// Frame (mapped), `rdx` flags. The old one ends unmapped. As `FrameMap`.
    FrameReplace = 37,
    /// Tells the physical address. `rdi` Frame → address, size bits. Needs `DMA`.
    FrameAddress = 38,

    /// Installs a translation table. `rdi` PageTable, `rsi` AddressSpace (or a PageTable one level up), `rdx` address,
    /// `r10` level 1–3. A table that is installed elsewhere already must be of the same level and at the same address.
    /// Errors: `AlreadyMapped`, `MissingTable`, `InvalidArgument`.
    TableMap = 40,
    /// Removes a translation table from the place this capability was installed in. `rdi` PageTable.
    TableUnmap = 41,

    /// Sets what a thread runs on. `rdi` Thread, `rsi` CSpace, `rdx` AddressSpace, `r10` Frame of the IPC buffer (4 KiB,
    /// `WRITE`), `r8` its address in the thread's address space, `r9` fault Endpoint or 0. Errors: `InvalidState`
    /// (running).
    ThreadConfigure = 48,
    /// Sets registers of a stopped thread. `rdi` Thread, `rsi` rip, `rdx` rsp, `r10` first argument (rdi), `r8` FS base.
    /// Errors: `InvalidArgument` (not a user address), `InvalidState`.
    ThreadWriteRegisters = 49,
    /// Makes a configured thread runnable. `rdi` Thread. Errors: `InvalidState`.
    ThreadResume = 50,
    /// Stops a thread; a call it was in ends with `Cancelled` when it is resumed. `rdi` Thread.
    ThreadSuspend = 51,
    /// Gives a thread its scheduling context, or takes it (`rsi` 0). `rdi` Thread, `rsi` SchedContext.
    ThreadBindSched = 52,
    /// Delivers a notification's signals to the thread's `Recv`. `rdi` Thread, `rsi` Notification or 0.
    ThreadBindNotification = 53,
    /// → state, core, cycles consumed, rip, rsp. `rdi` Thread. Needs `READ`.
    ThreadInspect = 54,

    /// Sets a scheduling context. `rdi` SchedContext, `rsi` SchedControl, `rdx` core, `r10` priority 0–255 (255 first),
    /// `r8` budget and `r9` period in TSC ticks (equal: a plain time slice). Errors: `InvalidArgument`.
    SchedConfigure = 56,

    /// Makes an `IrqHandler`. `rdi` IrqControl, `rsi` [`IrqSource`] kind, `rdx` GSI, `r10` destination slot (own CSpace)
    /// → for MSI the message address and data. Errors: `InterruptUnavailable`, `SlotOccupied`.
    IrqCreate = 64,
    /// Signals a notification at each interrupt. `rdi` IrqHandler, `rsi` Notification (its badge is the bit set).
    IrqBind = 65,
    /// Lets the next interrupt through. `rdi` IrqHandler.
    IrqAck = 66,

    /// Reads a port. `rdi` IoPort, `rsi` port, `rdx` bytes (1, 2, 4) → value. Needs `READ`.
    PortRead = 72,
    /// Writes a port. `rdi` IoPort, `rsi` port, `rdx` bytes, `r10` value. Needs `WRITE`.
    PortWrite = 73,
    /// Derives a narrower range. `rdi` IoPort, `rsi` first port, `rdx` last port, `r10` destination slot (own CSpace).
    PortDerive = 74,

    /// Ends every wait on an endpoint: queued callers get `PeerDied`, receivers `Cancelled`; raises the generation.
    /// `rdi` Endpoint. Needs `READ` and `WRITE`. Preemptible.
    EndpointCancel = 80,
    /// → objects alive, bytes retyped, kernel bytes, cycles idle on this core. `rdi` SchedControl.
    KernelStatus = 88,
}

impl Syscall {
    /// All system calls.
    pub const ALL: [Self; 40] = [
        Self::Null,
        Self::Call,
        Self::ReplyRecv,
        Self::Recv,
        Self::Reply,
        Self::Signal,
        Self::Wait,
        Self::Poll,
        Self::Yield,
        Self::Retype,
        Self::CapCopy,
        Self::CapMove,
        Self::CapDelete,
        Self::CapRevoke,
        Self::CapIdentify,
        Self::FrameMap,
        Self::FrameUnmap,
        Self::FrameProtect,
        Self::FrameSeal,
        Self::FrameGrantExecute,
        Self::FrameReplace,
        Self::FrameAddress,
        Self::TableMap,
        Self::TableUnmap,
        Self::ThreadConfigure,
        Self::ThreadWriteRegisters,
        Self::ThreadResume,
        Self::ThreadSuspend,
        Self::ThreadBindSched,
        Self::ThreadBindNotification,
        Self::ThreadInspect,
        Self::SchedConfigure,
        Self::IrqCreate,
        Self::IrqBind,
        Self::IrqAck,
        Self::PortRead,
        Self::PortWrite,
        Self::PortDerive,
        Self::EndpointCancel,
        Self::KernelStatus,
    ];

    /// The system call with this number, if there is one.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|call| *call as u64 == number)
    }
}

/// Where an interrupt comes from.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrqSource {
    /// An ISA interrupt (0–15), routed by the MADT's overrides.
    Isa = 0,
    /// A global system interrupt, level-triggered, active low (PCI INTx).
    GsiLevel = 1,
    /// A message-signalled interrupt: the kernel chooses a vector; the GSI argument is ignored.
    Msi = 2,
}
