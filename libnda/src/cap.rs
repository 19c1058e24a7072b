//! Capabilities by type: one method a system call. A value names a slot; copying it copies no authority.
//!
//! Rights, errors and bounds are those of [`Syscall`], where each operation is described.

use core::num::NonZeroU32;

use protocol::abi::rights::MapFlags;
use protocol::abi::syscall::IrqSource;
use protocol::abi::thread::ThreadState;
use protocol::abi::{Error, ObjectType, Rights, Syscall};

use crate::sys::{self, Arguments};

fn invoke(call: Syscall, slot: u32, values: [u64; 5]) -> Result<[u64; 6], Error> {
    let arguments = Arguments {
        slot: slot.into(),
        values,
        ..Default::default()
    };
    sys::syscall(call, arguments).map_err(Error::from)
}

fn invoke_until(call: Syscall, slot: u32, deadline: u64) -> Result<[u64; 6], Error> {
    let arguments = Arguments {
        slot: slot.into(),
        deadline,
        ..Default::default()
    };
    sys::syscall(call, arguments).map_err(Error::from)
}

macro_rules! capability {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name(NonZeroU32);

            impl $name {
                /// The capability in this slot; `None` for slot 0, which never holds one.
                pub const fn new(slot: u32) -> Option<Self> {
                    match NonZeroU32::new(slot) {
                        Some(slot) => Some(Self(slot)),
                        None => None,
                    }
                }

                /// Its slot.
                pub const fn slot(self) -> u32 {
                    self.0.get()
                }
            }
        )*
    };
}

capability! {
    /// Memory that objects are made of.
    Untyped;
    /// Memory that can be mapped.
    Frame;
    /// A translation table.
    PageTable;
    /// An address space.
    AddressSpace;
    /// A table of capabilities.
    CSpace;
    /// A thread.
    Thread;
    /// The right to run.
    SchedContext;
    /// A rendezvous for calls.
    Endpoint;
    /// A word of signal bits.
    Notification;
    /// A caller between receive and reply.
    Reply;
    /// An interrupt source.
    IrqHandler;
    /// A range of ports.
    IoPort;
    /// The authority over executable frames.
    CodeAuthority;
    /// The authority over interrupts.
    IrqControl;
    /// The authority over processor time.
    SchedControl;
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The object's type; `None` for an empty slot.
    pub object: Option<ObjectType>,
    /// The capability's rights.
    pub rights: Rights,
    /// Its badge, or the object's size bits.
    pub badge_or_bits: u64,
    /// Whether capabilities are derived from it.
    pub has_derived: bool,
}

/// The slot of a CSpace argument: the caller's own is 0.
fn cspace(cspace: Option<CSpace>) -> u64 {
    cspace.map_or(0, |cspace| cspace.slot().into())
}

fn cspace_slot(cspace: Option<CSpace>) -> u32 {
    cspace.map_or(0, CSpace::slot)
}

/// Derives a capability: see [`Syscall::CapCopy`]. `None` is the caller's own CSpace.
pub fn copy(
    to: Option<CSpace>,
    to_slot: u32,
    from: u32,
    rights: Rights,
    badge: u64,
) -> Result<(), Error> {
    let values = [to_slot.into(), from.into(), rights.bits().into(), badge, 0];
    invoke(Syscall::CapCopy, cspace_slot(to), values).map(drop)
}

/// Moves a capability.
pub fn move_to(to: Option<CSpace>, to_slot: u32, from: u32) -> Result<(), Error> {
    invoke(
        Syscall::CapMove,
        cspace_slot(to),
        [to_slot.into(), from.into(), 0, 0, 0],
    )
    .map(drop)
}

/// Deletes a capability.
pub fn delete(of: Option<CSpace>, slot: u32) -> Result<(), Error> {
    invoke(
        Syscall::CapDelete,
        cspace_slot(of),
        [slot.into(), 0, 0, 0, 0],
    )
    .map(drop)
}

/// Deletes all that was derived from a capability.
pub fn revoke(of: Option<CSpace>, slot: u32) -> Result<(), Error> {
    invoke(
        Syscall::CapRevoke,
        cspace_slot(of),
        [slot.into(), 0, 0, 0, 0],
    )
    .map(drop)
}

/// Says what a slot holds.
pub fn identify(of: Option<CSpace>, slot: u32) -> Result<Identity, Error> {
    let result = invoke(
        Syscall::CapIdentify,
        cspace_slot(of),
        [slot.into(), 0, 0, 0, 0],
    )?;
    let [object, rights, badge_or_bits, derived, ..] = result;
    Ok(Identity {
        object: ObjectType::from_u64(object),
        rights: Rights::from_bits_truncate(rights as u8),
        badge_or_bits,
        has_derived: derived != 0,
    })
}

/// Lets the next thread of the same priority run.
pub fn yield_now() {
    // The call has no way to fail.
    let _done = invoke(Syscall::Yield, 0, [0; 5]);
}

impl Untyped {
    /// Makes `count` objects in the slots from `first` on.
    pub fn retype(
        self,
        object: ObjectType,
        bits: u8,
        to: Option<CSpace>,
        first: u32,
        count: u32,
    ) -> Result<(), Error> {
        let values = [
            object as u64,
            bits.into(),
            cspace(to),
            first.into(),
            count.into(),
        ];
        invoke(Syscall::Retype, self.slot(), values).map(drop)
    }
}

impl Frame {
    /// Maps it. `Err((MissingTable, level))` names the level of the table to supply.
    pub fn map(
        self,
        space: AddressSpace,
        address: u64,
        flags: MapFlags,
    ) -> Result<(), (Error, u64)> {
        self.map_at(space.slot(), address, flags)
    }

    /// Maps it into a shared table, for all address spaces that have it.
    pub fn map_shared(
        self,
        table: PageTable,
        address: u64,
        flags: MapFlags,
    ) -> Result<(), (Error, u64)> {
        self.map_at(table.slot(), address, flags)
    }

    fn map_at(self, place: u32, address: u64, flags: MapFlags) -> Result<(), (Error, u64)> {
        let values = [place.into(), address, flags.bits().into(), 0, 0];
        let arguments = Arguments {
            slot: self.slot().into(),
            values,
            ..Default::default()
        };
        let result = sys::syscall(Syscall::FrameMap, arguments);
        result
            .map(drop)
            .map_err(|refused| (refused.error, refused.detail))
    }

    /// Unmaps it.
    pub fn unmap(self) -> Result<(), Error> {
        invoke(Syscall::FrameUnmap, self.slot(), [0; 5]).map(drop)
    }

    /// Changes how it is mapped.
    pub fn protect(self, flags: MapFlags) -> Result<(), Error> {
        invoke(
            Syscall::FrameProtect,
            self.slot(),
            [flags.bits().into(), 0, 0, 0, 0],
        )
        .map(drop)
    }

    /// Makes it immutable.
    pub fn seal(self) -> Result<(), Error> {
        invoke(Syscall::FrameSeal, self.slot(), [0; 5]).map(drop)
    }

    /// Adds the right to execute it.
    pub fn grant_execute(self, authority: CodeAuthority) -> Result<(), Error> {
        invoke(
            Syscall::FrameGrantExecute,
            self.slot(),
            [authority.slot().into(), 0, 0, 0, 0],
        )
        .map(drop)
    }

    /// Takes the place of `old`.
    pub fn replace(self, old: Self, flags: MapFlags) -> Result<(), Error> {
        let values = [old.slot().into(), flags.bits().into(), 0, 0, 0];
        invoke(Syscall::FrameReplace, self.slot(), values).map(drop)
    }

    /// Its physical address and size bits.
    pub fn address(self) -> Result<(u64, u8), Error> {
        let [address, bits, ..] = invoke(Syscall::FrameAddress, self.slot(), [0; 5])?;
        Ok((address, bits as u8))
    }
}

impl PageTable {
    /// Installs it in an address space.
    pub fn map(self, space: AddressSpace, address: u64, level: u8) -> Result<(), Error> {
        let values = [space.slot().into(), address, level.into(), 0, 0];
        invoke(Syscall::TableMap, self.slot(), values).map(drop)
    }

    /// Installs it in a table one level up.
    pub fn map_in(self, table: Self, address: u64, level: u8) -> Result<(), Error> {
        let values = [table.slot().into(), address, level.into(), 0, 0];
        invoke(Syscall::TableMap, self.slot(), values).map(drop)
    }

    /// Removes it.
    pub fn unmap(self) -> Result<(), Error> {
        invoke(Syscall::TableUnmap, self.slot(), [0; 5]).map(drop)
    }
}

/// What [`Thread::inspect`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadStatus {
    /// Its state; `None` for one that this SDK does not know.
    pub state: Option<ThreadState>,
    /// Its core.
    pub core: u64,
    /// Time stamp counter ticks that it ran.
    pub cycles: u64,
    /// Where it is.
    pub rip: u64,
    /// Its stack pointer.
    pub rsp: u64,
}

impl Thread {
    /// Sets what it runs on.
    pub fn configure(
        self,
        caps: CSpace,
        space: AddressSpace,
        buffer: Frame,
        buffer_at: u64,
        faults: Option<Endpoint>,
    ) -> Result<(), Error> {
        let faults = faults.map_or(0, Endpoint::slot).into();
        let values = [
            caps.slot().into(),
            space.slot().into(),
            buffer.slot().into(),
            buffer_at,
            faults,
        ];
        invoke(Syscall::ThreadConfigure, self.slot(), values).map(drop)
    }

    /// Sets its registers.
    pub fn write_registers(self, rip: u64, rsp: u64, rdi: u64, fs_base: u64) -> Result<(), Error> {
        invoke(
            Syscall::ThreadWriteRegisters,
            self.slot(),
            [rip, rsp, rdi, fs_base, 0],
        )
        .map(drop)
    }

    /// Lets it run.
    pub fn resume(self) -> Result<(), Error> {
        invoke(Syscall::ThreadResume, self.slot(), [0; 5]).map(drop)
    }

    /// Stops it.
    pub fn suspend(self) -> Result<(), Error> {
        invoke(Syscall::ThreadSuspend, self.slot(), [0; 5]).map(drop)
    }

    /// Gives it its time, or takes it.
    pub fn bind_sched(self, context: Option<SchedContext>) -> Result<(), Error> {
        let context = context.map_or(0, SchedContext::slot).into();
        invoke(Syscall::ThreadBindSched, self.slot(), [context, 0, 0, 0, 0]).map(drop)
    }

    /// Delivers signals to its receives, or no more.
    pub fn bind_notification(self, notification: Option<Notification>) -> Result<(), Error> {
        let notification = notification.map_or(0, Notification::slot).into();
        invoke(
            Syscall::ThreadBindNotification,
            self.slot(),
            [notification, 0, 0, 0, 0],
        )
        .map(drop)
    }

    /// Tells how it is.
    pub fn inspect(self) -> Result<ThreadStatus, Error> {
        let [state, core, cycles, rip, rsp, _] =
            invoke(Syscall::ThreadInspect, self.slot(), [0; 5])?;
        Ok(ThreadStatus {
            state: ThreadState::from_u64(state),
            core,
            cycles,
            rip,
            rsp,
        })
    }
}

impl SchedContext {
    /// Sets core, priority, and budget and period in ticks.
    pub fn configure(
        self,
        control: SchedControl,
        core: u8,
        priority: u8,
        budget: u64,
        period: u64,
    ) -> Result<(), Error> {
        let values = [
            control.slot().into(),
            core.into(),
            priority.into(),
            budget,
            period,
        ];
        invoke(Syscall::SchedConfigure, self.slot(), values).map(drop)
    }
}

impl Endpoint {
    /// Ends every wait on it.
    pub fn cancel(self) -> Result<(), Error> {
        invoke(Syscall::EndpointCancel, self.slot(), [0; 5]).map(drop)
    }
}

impl Notification {
    /// Sets its bits.
    pub fn signal(self) -> Result<(), Error> {
        invoke(Syscall::Signal, self.slot(), [0; 5]).map(drop)
    }

    /// Waits for bits and takes them. `deadline`: ticks, 0 for none.
    pub fn wait(self, deadline: u64) -> Result<u64, Error> {
        invoke_until(Syscall::Wait, self.slot(), deadline).map(|[bits, ..]| bits)
    }

    /// Takes the bits; 0 if none is set.
    pub fn poll(self) -> Result<u64, Error> {
        match invoke(Syscall::Poll, self.slot(), [0; 5]) {
            Ok([bits, ..]) => Ok(bits),
            Err(Error::WouldBlock) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl IrqControl {
    /// Makes a handler in an empty slot; for MSI returns the message's address and data.
    pub fn create(self, source: IrqSource, gsi: u32, to: u32) -> Result<(u64, u64), Error> {
        let values = [source as u64, gsi.into(), to.into(), 0, 0];
        invoke(Syscall::IrqCreate, self.slot(), values).map(|[address, data, ..]| (address, data))
    }
}

impl IrqHandler {
    /// Signals a notification at each interrupt.
    pub fn bind(self, notification: Notification) -> Result<(), Error> {
        invoke(
            Syscall::IrqBind,
            self.slot(),
            [notification.slot().into(), 0, 0, 0, 0],
        )
        .map(drop)
    }

    /// Lets the next interrupt through.
    pub fn ack(self) -> Result<(), Error> {
        invoke(Syscall::IrqAck, self.slot(), [0; 5]).map(drop)
    }
}

/// Bytes of one port access.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortWidth {
    /// One byte.
    Byte = 1,
    /// Two bytes.
    Word = 2,
    /// Four bytes.
    Long = 4,
}

impl IoPort {
    /// Reads a port.
    pub fn read(self, port: u16, width: PortWidth) -> Result<u32, Error> {
        let values = [port.into(), width as u64, 0, 0, 0];
        invoke(Syscall::PortRead, self.slot(), values).map(|[value, ..]| value as u32)
    }

    /// Writes a port.
    pub fn write(self, port: u16, width: PortWidth, value: u32) -> Result<(), Error> {
        let values = [port.into(), width as u64, value.into(), 0, 0];
        invoke(Syscall::PortWrite, self.slot(), values).map(drop)
    }

    /// Derives a narrower range into an empty slot.
    pub fn derive(self, first: u16, last: u16, to: u32) -> Result<(), Error> {
        let values = [first.into(), last.into(), to.into(), 0, 0];
        invoke(Syscall::PortDerive, self.slot(), values).map(drop)
    }
}

impl SchedControl {
    /// Objects alive, bytes retyped, kernel bytes, idle cycles of this core.
    pub fn kernel_status(self) -> Result<[u64; 4], Error> {
        let [objects, retyped, kernel, idle, ..] =
            invoke(Syscall::KernelStatus, self.slot(), [0; 5])?;
        Ok([objects, retyped, kernel, idle])
    }
}
