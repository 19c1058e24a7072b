//! The PS/2 controller (8042) and the set-up of the keyboard behind it.
//!
//! ```text
//!   (1) setup: disable ports ▶ flush ▶ self-test ▶ configure ▶ port test ▶ enable
//!                 └▶ (2) reset_keyboard: FF ▶ ACK ▶ AA   └▶ scan code set 2 ▶ enable scanning ▶ Ready
//!   Ready ──(3) AA 'self-test passed' in the stream: replugged──▶ call setup again
//! ```
//!
//! The controller's translation to set 1 is turned off: it makes `E0 2A` out of two different things. Every wait is a
//! bounded number of polls, with a [`Port::pause`] of about ten microseconds after each in vain.

use crate::Error;

/// Access to the controller's two ports.
pub trait Port {
    /// Reads the status port, 0x64.
    fn status(&mut self) -> u8;
    /// Reads the data port, 0x60.
    fn read_data(&mut self) -> u8;
    /// Writes the data port, 0x60.
    fn write_data(&mut self, value: u8);
    /// Writes the command port, 0x64.
    fn write_command(&mut self, command: u8);
    /// Lets about ten microseconds pass.
    fn pause(&mut self);
}

/// Status: a byte waits in the data port.
pub const STATUS_OUTPUT_FULL: u8 = 1 << 0;
/// Status: the controller has not taken the last byte yet.
pub const STATUS_INPUT_FULL: u8 = 1 << 1;
/// Status: the waiting byte is from the second port, the mouse's.
pub const STATUS_SECOND_PORT: u8 = 1 << 5;
/// Status: the waiting byte is damaged, or stands for one that did not come in time.
pub const STATUS_LINE_ERROR: u8 = 1 << 6 | 1 << 7;

const COMMAND_READ_CONFIG: u8 = 0x20;
const COMMAND_WRITE_CONFIG: u8 = 0x60;
const COMMAND_DISABLE_SECOND: u8 = 0xa7;
const COMMAND_SELF_TEST: u8 = 0xaa;
const COMMAND_TEST_FIRST: u8 = 0xab;
const COMMAND_DISABLE_FIRST: u8 = 0xad;
const COMMAND_ENABLE_FIRST: u8 = 0xae;

const CONFIG_FIRST_INTERRUPT: u8 = 1 << 0;
const CONFIG_SECOND_INTERRUPT: u8 = 1 << 1;
const CONFIG_TRANSLATE: u8 = 1 << 6;

const SELF_TEST_PASSED: u8 = 0x55;
const PORT_TEST_PASSED: u8 = 0x00;

const KEYBOARD_RESET: u8 = 0xff;
const KEYBOARD_ENABLE: u8 = 0xf4;
const KEYBOARD_SET_SCAN_CODES: u8 = 0xf0;

/// From the keyboard: the byte was taken.
pub const REPLY_ACK: u8 = 0xfa;
/// From the keyboard: send the byte again.
pub const REPLY_RESEND: u8 = 0xfe;
/// From the keyboard: the self-test after power or reset passed.
pub const REPLY_TEST_PASSED: u8 = 0xaa;
/// From the keyboard: the self-test failed.
pub const REPLY_TEST_FAILED: u8 = 0xfc;

/// Times a byte is sent again before the keyboard counts as refusing it.
pub const RESENDS_MAX: usize = 3;
/// Polls for an answer of the controller or the keyboard: 100 ms, five times what the standard allows.
pub const ANSWER_POLLS_MAX: usize = 10_000;
/// Polls for the keyboard's self-test: a second; it takes up to 750 ms.
pub const TEST_POLLS_MAX: usize = 100_000;
/// Bytes thrown away before set-up, and bytes skipped in front of an answer: keys pressed meanwhile. The keyboard's own
/// buffer holds sixteen.
pub const STALE_BYTES_MAX: usize = 64;
/// Bytes taken in one interrupt.
pub const BURST_MAX: usize = 32;

/// (1) Sets up the controller and the keyboard: scan code set 2, no translation, interrupt on.
///
/// Errors: [`Error::Absent`], [`Error::Timeout`], [`Error::ControllerTest`], [`Error::KeyboardTest`], [`Error::Refused`].
pub fn setup<P: Port>(port: &mut P) -> Result<(), Error> {
    if port.status() == 0xff {
        return Err(Error::Absent);
    }
    command(port, COMMAND_DISABLE_FIRST)?;
    command(port, COMMAND_DISABLE_SECOND)?;
    flush(port);
    expect_controller(port, COMMAND_SELF_TEST, SELF_TEST_PASSED)?;
    // Some controllers reset their configuration in the self-test, so it is read after.
    command(port, COMMAND_READ_CONFIG)?;
    let config = receive(port, ANSWER_POLLS_MAX)?;
    let quiet = config & !(CONFIG_FIRST_INTERRUPT | CONFIG_SECOND_INTERRUPT | CONFIG_TRANSLATE);
    write_config(port, quiet)?;
    expect_controller(port, COMMAND_TEST_FIRST, PORT_TEST_PASSED)?;
    command(port, COMMAND_ENABLE_FIRST)?;
    reset_keyboard(port)?;
    send_keyboard(port, KEYBOARD_SET_SCAN_CODES)?;
    send_keyboard(port, 2)?;
    send_keyboard(port, KEYBOARD_ENABLE)?;
    write_config(port, quiet | CONFIG_FIRST_INTERRUPT)
}

/// Takes the bytes that wait, on an interrupt or on a timer; calls `key` with each good one of the keyboard.
///
/// At most [`BURST_MAX`] bytes. Bytes of the second port and damaged ones are dropped; the number of the latter is returned.
pub fn drain<P: Port>(port: &mut P, mut key: impl FnMut(u8)) -> usize {
    let mut damaged = 0;
    for _ in 0..BURST_MAX {
        let status = port.status();
        if status == 0xff || status & STATUS_OUTPUT_FULL == 0 {
            break;
        }
        let byte = port.read_data();
        if status & STATUS_LINE_ERROR != 0 {
            damaged += 1;
        } else if status & STATUS_SECOND_PORT == 0 {
            key(byte);
        }
    }
    damaged
}

/// (2) Resets the keyboard and waits for its self-test.
fn reset_keyboard<P: Port>(port: &mut P) -> Result<(), Error> {
    send_keyboard(port, KEYBOARD_RESET)?;
    for _ in 0..STALE_BYTES_MAX {
        match receive(port, TEST_POLLS_MAX)? {
            REPLY_TEST_PASSED => return Ok(()),
            code @ (REPLY_TEST_FAILED | 0xfd) => return Err(Error::KeyboardTest(code)),
            _ => {}
        }
    }
    Err(Error::Timeout)
}

/// Sends a byte to the keyboard until it takes it.
fn send_keyboard<P: Port>(port: &mut P, byte: u8) -> Result<(), Error> {
    for _ in 0..=RESENDS_MAX {
        wait_input(port)?;
        port.write_data(byte);
        match acknowledgement(port)? {
            REPLY_ACK => return Ok(()),
            _ => continue,
        }
    }
    Err(Error::Refused)
}

/// The next [`REPLY_ACK`] or [`REPLY_RESEND`]; key bytes in front of it are skipped.
fn acknowledgement<P: Port>(port: &mut P) -> Result<u8, Error> {
    for _ in 0..STALE_BYTES_MAX {
        let byte = receive(port, ANSWER_POLLS_MAX)?;
        if byte == REPLY_ACK || byte == REPLY_RESEND {
            return Ok(byte);
        }
    }
    Err(Error::Timeout)
}

fn expect_controller<P: Port>(port: &mut P, order: u8, passed: u8) -> Result<(), Error> {
    command(port, order)?;
    match receive(port, ANSWER_POLLS_MAX)? {
        code if code == passed => Ok(()),
        code => Err(Error::ControllerTest(code)),
    }
}

fn write_config<P: Port>(port: &mut P, config: u8) -> Result<(), Error> {
    command(port, COMMAND_WRITE_CONFIG)?;
    wait_input(port)?;
    port.write_data(config);
    Ok(())
}

fn command<P: Port>(port: &mut P, order: u8) -> Result<(), Error> {
    wait_input(port)?;
    port.write_command(order);
    Ok(())
}

fn flush<P: Port>(port: &mut P) {
    for _ in 0..STALE_BYTES_MAX {
        if port.status() & STATUS_OUTPUT_FULL == 0 {
            break;
        }
        port.read_data();
    }
}

fn wait_input<P: Port>(port: &mut P) -> Result<(), Error> {
    for _ in 0..ANSWER_POLLS_MAX {
        if port.status() & STATUS_INPUT_FULL == 0 {
            return Ok(());
        }
        port.pause();
    }
    Err(Error::Timeout)
}

/// The next byte that is not the second port's.
fn receive<P: Port>(port: &mut P, polls: usize) -> Result<u8, Error> {
    for _ in 0..polls {
        let status = port.status();
        if status & STATUS_OUTPUT_FULL == 0 {
            port.pause();
            continue;
        }
        let byte = port.read_data();
        if status & STATUS_SECOND_PORT == 0 {
            return Ok(byte);
        }
    }
    Err(Error::Timeout)
}
