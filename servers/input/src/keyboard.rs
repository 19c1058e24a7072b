//! Keyboard bytes become key events, by scan code set 2 and the US layout.
//!
//! The `pc-keyboard` crate knows the codes. Around it: bytes that are no codes end the sequence they stand in, an overflow
//! releases every key, and a self-test byte out of nowhere means that a keyboard was plugged in.

use pc_keyboard::{
    DecodedKey, EventDecoder, HandleControl, KeyCode, KeyState, ScancodeSet, ScancodeSet2,
    layouts::Us104Key,
};

use crate::ps2::REPLY_TEST_PASSED;

/// A key that went down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyEvent {
    /// Which key, by its place on a US keyboard.
    pub code: KeyCode,
    /// Whether it went down; a held key repeats this.
    pub is_down: bool,
    /// What it means with the modifiers held, when it goes down.
    pub meaning: Option<DecodedKey>,
    /// Whether an Alt key is held.
    pub is_alt: bool,
}

/// What a byte completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A key event.
    Key(KeyEvent),
    /// The keyboard lost keys: all count as released.
    Overflow,
    /// A keyboard was plugged in, or reset itself: [`crate::ps2::setup`] must run again.
    Replugged,
    /// A byte that means nothing here; the sequence it stood in is dropped.
    Garbage,
}

/// The decoder's state.
pub struct Keyboard {
    codes: ScancodeSet2,
    events: EventDecoder<Us104Key>,
    held_alt: [bool; 2],
    garbage: u32,
}

impl Default for Keyboard {
    fn default() -> Self {
        Keyboard::new()
    }
}

impl Keyboard {
    /// A keyboard with no key held and no lock on.
    pub const fn new() -> Keyboard {
        Keyboard {
            codes: ScancodeSet2::new(),
            events: EventDecoder::new(Us104Key, HandleControl::MapLettersToUnicode),
            held_alt: [false; 2],
            garbage: 0,
        }
    }

    /// Takes one byte; what it completes, if anything.
    pub fn feed(&mut self, byte: u8) -> Option<Decoded> {
        match byte {
            REPLY_TEST_PASSED => {
                self.release_all();
                return Some(Decoded::Replugged);
            }
            0x00 | 0xff => {
                self.release_all();
                return Some(Decoded::Overflow);
            }
            _ => {}
        }
        match self.codes.advance_state(byte) {
            Ok(event) => event.map(|event| self.key(event)),
            Err(_) => {
                self.codes = ScancodeSet2::new();
                self.garbage = self.garbage.saturating_add(1);
                Some(Decoded::Garbage)
            }
        }
    }

    /// Bytes that meant nothing, so far.
    pub fn garbage_count(&self) -> u32 {
        self.garbage
    }

    fn key(&mut self, event: pc_keyboard::KeyEvent) -> Decoded {
        let is_down = event.state != KeyState::Up;
        match event.code {
            KeyCode::LAlt => self.held_alt[0] = is_down,
            KeyCode::RAltGr => self.held_alt[1] = is_down,
            _ => {}
        }
        Decoded::Key(KeyEvent {
            code: event.code,
            is_down,
            meaning: self.events.process_keyevent(event),
            is_alt: self.held_alt.contains(&true),
        })
    }

    fn release_all(&mut self) {
        let garbage = self.garbage;
        *self = Keyboard::new();
        self.garbage = garbage;
    }
}
