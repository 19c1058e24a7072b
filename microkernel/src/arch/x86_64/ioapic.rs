//! The I/O interrupt controllers: which interrupt line reaches which core as which vector.
//!
//! Lines are named by their global system interrupt (GSI) number. Every line starts masked. A message-signalled
//! interrupt does not pass through here.

use spin::Mutex;

use super::{cpu, paging, percore};

/// The most controllers.
pub const IO_APICS_MAX: usize = 8;
const REG_VERSION: u32 = 1;
const REG_REDIRECTION: u32 = 0x10;
const MASKED: u32 = 1 << 16;
const LEVEL: u32 = 1 << 15;
const ACTIVE_LOW: u32 = 1 << 13;
/// The legacy controllers' data ports.
const PIC_DATA: [u16; 2] = [0x21, 0xa1];

/// When a line asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Once, when it becomes active.
    Edge,
    /// As long as it is active.
    Level,
}

/// Which level of a line is active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// The high one.
    High,
    /// The low one.
    Low,
}

/// Why a line cannot be programmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No controller has this GSI.
    NoSuchLine,
    /// The core's number does not fit the controller's 8 bits, or there is no such core.
    NoSuchCore,
    /// The vector belongs to the processor or the kernel.
    BadVector,
}

#[derive(Clone, Copy)]
struct Controller {
    registers: *mut u32,
    gsi_base: u32,
    lines: u32,
}

// SAFETY: the registers are reached only under the lock of `CONTROLLERS`.
unsafe impl Send for Controller {}

/// A leaf lock: nothing else is taken while it is held, and interrupts are off.
static CONTROLLERS: Mutex<[Option<Controller>; IO_APICS_MAX]> = Mutex::new([None; IO_APICS_MAX]);

/// Masks the legacy controllers and every line of `io_apics`, given as (physical address, first GSI).
///
/// # Safety
///
/// Each address is that of an I/O APIC and lies in the physmap.
pub unsafe fn init(io_apics: impl Iterator<Item = (u64, u32)>) {
    for port in PIC_DATA {
        // SAFETY: masks all lines of a controller that nothing here uses.
        unsafe { cpu::port_write(port, 0xff) };
    }
    let mut controllers = CONTROLLERS.lock();
    for (slot, (paddr, gsi_base)) in controllers.iter_mut().zip(io_apics) {
        let mut controller = Controller {
            registers: paging::phys_to_virt(paddr).cast(),
            gsi_base,
            lines: 0,
        };
        controller.lines = (controller.read(REG_VERSION) >> 16 & 0xff) + 1;
        for line in 0..controller.lines {
            controller.write(REG_REDIRECTION + 2 * line, MASKED);
            controller.write(REG_REDIRECTION + 2 * line + 1, 0);
        }
        *slot = Some(controller);
    }
}

/// Whether a controller has this line.
pub fn has_line(gsi: u32) -> bool {
    with_line(gsi, |_, _| ()).is_ok()
}

/// Sends a line to `vector` on `core`. The line is masked afterwards.
pub fn route(
    gsi: u32,
    core: usize,
    vector: u8,
    trigger: Trigger,
    polarity: Polarity,
) -> Result<(), Error> {
    if core >= percore::core_count() {
        return Err(Error::NoSuchCore);
    }
    let destination = u8::try_from(percore::apic_id(core)).map_err(|_| Error::NoSuchCore)?;
    if !super::apic::DEVICE_VECTORS.contains(&vector) {
        return Err(Error::BadVector);
    }
    let mut low = MASKED | u32::from(vector);
    if trigger == Trigger::Level {
        low |= LEVEL;
    }
    if polarity == Polarity::Low {
        low |= ACTIVE_LOW;
    }
    with_line(gsi, |controller, register| {
        controller.write(register, MASKED);
        controller.write(register + 1, u32::from(destination) << 24);
        controller.write(register, low);
    })
}

/// Keeps a line from interrupting. An edge that comes while it is masked is lost; a level is not.
pub fn mask(gsi: u32) -> Result<(), Error> {
    with_line(gsi, |controller, register| {
        controller.write(register, controller.read(register) | MASKED);
    })
}

/// Lets a line interrupt again.
pub fn unmask(gsi: u32) -> Result<(), Error> {
    with_line(gsi, |controller, register| {
        controller.write(register, controller.read(register) & !MASKED);
    })
}

fn with_line(gsi: u32, act: impl FnOnce(&Controller, u32)) -> Result<(), Error> {
    let controllers = CONTROLLERS.lock();
    for controller in controllers.iter().flatten() {
        if let Some(line) = gsi.checked_sub(controller.gsi_base)
            && line < controller.lines
        {
            act(controller, REG_REDIRECTION + 2 * line);
            return Ok(());
        }
    }
    Err(Error::NoSuchLine)
}

impl Controller {
    fn read(&self, register: u32) -> u32 {
        // SAFETY: `init`'s caller vouches for the address; select and window are 16 bytes apart; the lock is held.
        unsafe {
            self.registers.write_volatile(register);
            self.registers.add(4).read_volatile()
        }
    }

    fn write(&self, register: u32, value: u32) {
        // SAFETY: as in `read`.
        unsafe {
            self.registers.write_volatile(register);
            self.registers.add(4).write_volatile(value);
        }
    }
}
