//! The first serial port (16550), polled: the kernel's own lines at boot and its last words.
//!
//! One lock keeps lines whole. A panic does not wait for it: the core that holds it may be the one that panics.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use spin::Mutex;

use super::{apic, cpu, percore};

const PORT: u16 = 0x3f8;
/// How often the port is asked whether it can take a byte. A port that never can is not there.
const POLLS_MAX: u32 = 100_000;

static LINE: Mutex<()> = Mutex::new(());
static PANICKING: AtomicBool = AtomicBool::new(false);
/// The panicking core, so that a panic inside a panic is told from one on another core.
static PANICKED_CORE: AtomicUsize = AtomicUsize::new(usize::MAX);

struct Port;

impl Write for Port {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                send(b'\r');
            }
            send(byte);
        }
        Ok(())
    }
}

/// Programs the port: 115200 baud, 8 data bits, no parity, FIFOs on, no interrupts.
pub fn init() {
    for (offset, value) in [
        (1, 0x00),
        (3, 0x80),
        (0, 0x01),
        (1, 0x00),
        (3, 0x03),
        (2, 0xc7),
        (4, 0x03),
    ] {
        // SAFETY: the port is the serial port's or nobody's; it reaches no memory.
        unsafe { cpu::port_write(PORT + offset, value) };
    }
}

/// Writes one line.
pub fn line(text: fmt::Arguments<'_>) {
    let _whole = LINE.lock();
    let _ = writeln!(Port, "{text}");
}

/// Reports a kernel panic and stops every core.
pub fn panic(text: fmt::Arguments<'_>) -> ! {
    let core = percore::core_id();
    if PANICKING.swap(true, Ordering::AcqRel) {
        if PANICKED_CORE.load(Ordering::Acquire) == core {
            let _ = writeln!(Port, "kernel panic: again while reporting");
        }
        cpu::halt();
    }
    PANICKED_CORE.store(core, Ordering::Release);
    apic::stop_others();
    let _ = writeln!(Port, "\nkernel panic: core {core}: {text}");
    cpu::halt();
}

/// Whether some core has begun to panic.
pub(super) fn is_panicking() -> bool {
    PANICKING.load(Ordering::Acquire)
}

fn send(byte: u8) {
    for _ in 0..POLLS_MAX {
        // SAFETY: as in `init`.
        if unsafe { cpu::port_read(PORT + 5) } & 0x20 != 0 {
            break;
        }
    }
    // SAFETY: as in `init`.
    unsafe { cpu::port_write(PORT, byte) };
}
