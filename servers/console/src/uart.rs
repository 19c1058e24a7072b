//! The 16550: set-up, and moving bytes between its FIFOs and ours.
//!
//! ```text
//!   (1) try_new ── loopback test ──▶ Idle ◀──(3) queue empty, service──┐
//!                                     └──(2) write────▶ Sending ───────┘
//! ```
//!
//! In Idle the transmitter interrupt is off: an empty transmitter would raise it for ever. Register meanings are from the
//! PC16550D data sheet (National Semiconductor, 1995), section 8.

use crate::{Error, ring::Ring};

/// The registers, by their offset from the base port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Register {
    /// Receive buffer when read, transmit holding when written; divisor low byte while `DLAB` is set.
    Data = 0,
    /// Interrupt enable; divisor high byte while `DLAB` is set.
    InterruptEnable = 1,
    /// Interrupt identification when read, FIFO control when written.
    FifoControl = 2,
    /// Line control.
    LineControl = 3,
    /// Modem control.
    ModemControl = 4,
    /// Line status. Reading it clears its error bits.
    LineStatus = 5,
    /// Modem status.
    ModemStatus = 6,
}

/// Access to the chip's eight ports.
pub trait Port {
    /// Reads a register.
    fn read(&mut self, register: Register) -> u8;
    /// Writes a register.
    fn write(&mut self, register: Register, value: u8);
}

/// Line status: a received byte waits.
pub const STATUS_DATA_READY: u8 = 1 << 0;
/// Line status: a byte came while the receive FIFO was full, and is lost.
pub const STATUS_OVERRUN: u8 = 1 << 1;
/// Line status: the waiting byte has the wrong parity.
pub const STATUS_PARITY: u8 = 1 << 2;
/// Line status: the waiting byte has no stop bit.
pub const STATUS_FRAMING: u8 = 1 << 3;
/// Line status: the line was held low for a whole byte, which waits as a zero.
pub const STATUS_BREAK: u8 = 1 << 4;
/// Line status: the transmit FIFO is empty.
pub const STATUS_TRANSMIT_EMPTY: u8 = 1 << 5;

/// Interrupt enable: received byte, and line status.
pub const INTERRUPT_RECEIVE: u8 = 1 << 0 | 1 << 2;
/// Interrupt enable: transmitter empty.
pub const INTERRUPT_TRANSMIT: u8 = 1 << 1;

/// Line control: 8 data bits, no parity, one stop bit.
const LINE_8N1: u8 = 0b11;
/// Line control: the first two registers are the divisor.
const LINE_DIVISOR: u8 = 1 << 7;
/// FIFO control: enable, clear both, interrupt at 14 of 16 bytes.
const FIFO_SETUP: u8 = 1 | 1 << 1 | 1 << 2 | 0b11 << 6;
/// Modem control: DTR, RTS, and OUT2, which on a PC lets the interrupt through.
const MODEM_READY: u8 = 1 | 1 << 1 | 1 << 3;
/// Modem control: what is sent is received.
const MODEM_LOOPBACK: u8 = 1 << 4;

/// The clock divided by 16: the highest rate.
pub const BAUD_MAX: u32 = 115_200;
/// Bytes of the chip's FIFOs.
pub const FIFO_LEN: usize = 16;
/// Bytes received and not yet taken. A pasted page of text fits.
pub const RECEIVE_LEN: usize = 4096;
/// Bytes to send. A full terminal screen fits.
pub const TRANSMIT_LEN: usize = 8192;
/// Status reads of the loopback test. A port access takes about a microsecond, a byte at 9600 baud a thousand.
const SELF_TEST_READS_MAX: usize = 10_000;
/// Bytes received in one call: four FIFOs, for a sender that is as fast as we are. A chip that always claims a byte is not
/// believed for longer.
const RECEIVE_BURST_MAX: usize = 4 * FIFO_LEN;

/// What went wrong on the line since the start; counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineErrors {
    /// Times the chip lost bytes because it was not served.
    pub overruns: u32,
    /// Bytes with the wrong parity; dropped.
    pub parity: u32,
    /// Bytes without a stop bit; dropped.
    pub framing: u32,
    /// Breaks; their zero byte is dropped.
    pub breaks: u32,
    /// Good bytes dropped because [`RECEIVE_LEN`] of them were waiting.
    pub ring_full: u32,
    /// Calls in which the chip read as all ones, as after its removal.
    pub absent: u32,
}

/// A serial line.
#[derive(Debug)]
pub struct Uart<P> {
    port: P,
    received: Ring<RECEIVE_LEN>,
    to_send: Ring<TRANSMIT_LEN>,
    enabled: u8,
    errors: LineErrors,
}

impl<P: Port> Uart<P> {
    /// (1) Sets the chip up for 8 bits, no parity, one stop bit at `baud`, and tests it in loopback.
    ///
    /// Errors: [`Error::Baud`], [`Error::Absent`], [`Error::SelfTest`]. At most 10 000 status reads.
    pub fn try_new(mut port: P, baud: u32) -> Result<Uart<P>, Error> {
        if !(1..=BAUD_MAX).contains(&baud) {
            return Err(Error::Baud);
        }
        let divisor = u16::try_from(BAUD_MAX / baud).map_err(|_| Error::Baud)?;
        let [low, high] = divisor.to_le_bytes();
        port.write(Register::InterruptEnable, 0);
        port.write(Register::LineControl, LINE_DIVISOR | LINE_8N1);
        port.write(Register::Data, low);
        port.write(Register::InterruptEnable, high);
        port.write(Register::LineControl, LINE_8N1);
        port.write(Register::FifoControl, FIFO_SETUP);
        self_test(&mut port)?;
        port.write(Register::FifoControl, FIFO_SETUP);
        port.write(Register::ModemControl, MODEM_READY);
        // Errors from before the set-up are not the line's: reading clears them.
        port.read(Register::LineStatus);
        port.write(Register::InterruptEnable, INTERRUPT_RECEIVE);
        Ok(Uart {
            port,
            received: Ring::new(),
            to_send: Ring::new(),
            enabled: INTERRUPT_RECEIVE,
            errors: LineErrors::default(),
        })
    }

    /// Moves what can be moved: on an interrupt, and on a timer in case one was lost.
    ///
    /// Bounded by 64 received and 16 sent bytes. Whether more is waiting in the chip is for its next interrupt to say.
    pub fn service(&mut self) {
        let Some(status) = self.receive() else {
            self.errors.absent = self.errors.absent.saturating_add(1);
            return;
        };
        if status & STATUS_TRANSMIT_EMPTY != 0 {
            self.send();
        }
        self.enable_interrupts();
    }

    /// (2) Queues bytes; how many fitted. The rest is the caller's to offer again after a [`Uart::service`].
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes
            .iter()
            .take_while(|&&byte| self.to_send.push(byte))
            .count();
        self.service();
        count
    }

    /// Takes received bytes into `out`; how many.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        let mut count = 0;
        for slot in out {
            let Some(byte) = self.received.pop() else {
                break;
            };
            *slot = byte;
            count += 1;
        }
        count
    }

    /// Bytes received and not yet taken.
    pub fn received_len(&self) -> usize {
        self.received.len()
    }

    /// Bytes queued and not yet given to the chip.
    pub fn to_send_len(&self) -> usize {
        self.to_send.len()
    }

    /// What went wrong so far.
    pub fn errors(&self) -> LineErrors {
        self.errors
    }

    /// The ports, as for a test that plays the chip.
    pub fn port_mut(&mut self) -> &mut P {
        &mut self.port
    }

    /// Empties the receive FIFO; the last status, or nothing if no chip answers.
    fn receive(&mut self) -> Option<u8> {
        let mut status = self.port.read(Register::LineStatus);
        for _ in 0..RECEIVE_BURST_MAX {
            if status == 0xff {
                return None;
            }
            // A lost byte is reported with or without another waiting.
            count(&mut self.errors.overruns, status & STATUS_OVERRUN);
            if status & STATUS_DATA_READY == 0 {
                break;
            }
            let byte = self.port.read(Register::Data);
            self.accept(byte, status);
            status = self.port.read(Register::LineStatus);
        }
        if status == 0xff { None } else { Some(status) }
    }

    /// Delivers a byte if its status is clean. A break also sets framing, and is counted as a break alone.
    fn accept(&mut self, byte: u8, status: u8) {
        if status & STATUS_BREAK != 0 {
            count(&mut self.errors.breaks, status);
        } else if status & (STATUS_PARITY | STATUS_FRAMING) != 0 {
            count(&mut self.errors.parity, status & STATUS_PARITY);
            count(&mut self.errors.framing, status & STATUS_FRAMING);
        } else if !self.received.push(byte) {
            count(&mut self.errors.ring_full, 1);
        }
    }

    /// Fills the empty transmit FIFO.
    fn send(&mut self) {
        for _ in 0..FIFO_LEN {
            let Some(byte) = self.to_send.pop() else {
                break;
            };
            self.port.write(Register::Data, byte);
        }
    }

    /// (3) The transmitter interrupt is on exactly while bytes wait for it.
    fn enable_interrupts(&mut self) {
        let wanted = if self.to_send.is_empty() {
            INTERRUPT_RECEIVE
        } else {
            INTERRUPT_RECEIVE | INTERRUPT_TRANSMIT
        };
        if wanted != self.enabled {
            self.port.write(Register::InterruptEnable, wanted);
            self.enabled = wanted;
        }
    }
}

/// Sends a byte to ourselves.
fn self_test<P: Port>(port: &mut P) -> Result<(), Error> {
    const PATTERN: u8 = 0xa5;
    if port.read(Register::LineStatus) == 0xff {
        return Err(Error::Absent);
    }
    port.write(Register::ModemControl, MODEM_READY | MODEM_LOOPBACK);
    port.write(Register::Data, PATTERN);
    for _ in 0..SELF_TEST_READS_MAX {
        if port.read(Register::LineStatus) & STATUS_DATA_READY != 0 {
            return match port.read(Register::Data) {
                PATTERN => Ok(()),
                _ => Err(Error::SelfTest),
            };
        }
    }
    Err(Error::SelfTest)
}

/// Adds one if any of `bits` is set.
fn count(counter: &mut u32, bits: u8) {
    *counter = counter.saturating_add(u32::from(bits != 0));
}
