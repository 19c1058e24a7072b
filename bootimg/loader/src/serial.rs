//! COM1, driven directly: the firmware's console may not include it, and errors must reach a headless machine.
//!
//! 16550 at the PC's fixed port, 115200 8N1, no interrupts. Without a serial port the reads give all ones, which looks
//! like an empty transmitter, and the writes go nowhere.

use core::arch::asm;
use core::fmt;

/// I/O port base of COM1.
const COM1: u16 = 0x3f8;
/// How often the line status is polled for one byte. At 115200 baud a byte takes 87 µs; a poll takes at least 0.1 µs.
const POLLS_MAX: u32 = 100_000;
/// Line status register: transmitter holding register empty.
const TRANSMITTER_EMPTY: u8 = 1 << 5;

/// Writes to COM1, each `\n` as `\r\n`.
pub struct Serial;

/// Sets the port up.
pub fn init() {
    // 16550: interrupts off; divisor latch on; divisor 1; 8 data bits, no parity, 1 stop bit; FIFOs on and cleared;
    // DTR and RTS on.
    for (register, value) in [(1, 0), (3, 0x80), (0, 1), (1, 0), (3, 3), (2, 7), (4, 3)] {
        out(COM1 + register, value);
    }
}

impl fmt::Write for Serial {
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

fn send(byte: u8) {
    for _ in 0..POLLS_MAX {
        if input(COM1 + 5) & TRANSMITTER_EMPTY != 0 {
            break;
        }
    }
    out(COM1, byte);
}

fn out(port: u16, value: u8) {
    // SAFETY: the callers only name registers of COM1, which has no effect on memory; the loader runs in ring 0.
    unsafe {
        asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags))
    }
}

fn input(port: u16) -> u8 {
    let value;
    // SAFETY: the caller only names the line status register of COM1; reading it clears error bits and nothing else.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags));
    }
    value
}
