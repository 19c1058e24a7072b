//! Input: bytes become keys.
//!
//! ```text
//!   Ground ──ESC──▶ Escape ──[──▶ Csi ──final byte──▶ Ground     (1) escape   (2) csi
//!     │                 └───O──▶ Ss3 ──byte───────▶ Ground       (3) ss3
//!     └──lead byte──▶ Utf8 ──last byte──▶ Ground                 (4) continuation
//! ```
//!
//! A sequence is at most [`SEQUENCE_MAX`] bytes; a longer or unknown one is dropped whole with one [`Key::Invalid`], so that
//! its tail is never typed into the line. Between the paste marks `ESC [ 200 ~` and `ESC [ 201 ~` control characters lose
//! their meaning: a pasted newline cannot run a command.

/// Longest escape sequence, in bytes after `ESC [`. Real ones have at most 8.
const SEQUENCE_MAX: usize = 16;

/// A key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Return,
    Newline,
    PastedNewline,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    Backspace,
    Delete,
    /// Ctrl-D.
    DeleteOrEnd,
    KillToEnd,
    KillToStart,
    KillWord,
    Redraw,
    Cancel,
    /// A byte or sequence without meaning.
    Invalid,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    Csi {
        length: usize,
        /// The first parameter.
        number: u32,
    },
    Ss3,
    Utf8 {
        value: u32,
        left: u8,
        least: u32,
    },
}

/// The decoder's state.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    pasting: bool,
}

impl Decoder {
    /// Takes one byte; the key it completes, if any.
    pub(super) fn feed(&mut self, byte: u8) -> Option<Key> {
        match self.state {
            State::Ground => self.ground(byte),
            State::Escape => self.escape(byte),
            State::Csi { length, number } => self.csi(byte, length, number),
            State::Ss3 => {
                self.state = State::Ground;
                Some(final_key(byte))
            }
            State::Utf8 { value, left, least } => self.continuation(byte, value, left, least),
        }
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        if byte == 0x1b {
            self.state = State::Escape;
            return None;
        }
        if self.pasting && byte < 0x20 {
            return match byte {
                b'\r' | b'\n' | b'\t' => Some(Key::PastedNewline),
                _ => None,
            };
        }
        Some(match byte {
            0x01 => Key::Home,
            0x02 => Key::Left,
            0x03 => Key::Cancel,
            0x04 => Key::DeleteOrEnd,
            0x05 => Key::End,
            0x06 => Key::Right,
            0x08 | 0x7f => Key::Backspace,
            b'\t' => Key::Char(' '),
            b'\n' => Key::Newline,
            0x0b => Key::KillToEnd,
            0x0c => Key::Redraw,
            b'\r' => Key::Return,
            0x0e => Key::Down,
            0x10 => Key::Up,
            0x15 => Key::KillToStart,
            0x17 => Key::KillWord,
            0x20..0x7f => Key::Char(char::from(byte)),
            // RFC 3629, 3: the lead byte tells the length; C0, C1 and F5 to FF never occur.
            0xc2..=0xdf => return self.lead(byte & 0x1f, 1, 0x80),
            0xe0..=0xef => return self.lead(byte & 0x0f, 2, 0x800),
            0xf0..=0xf4 => return self.lead(byte & 0x07, 3, 0x1_0000),
            _ => Key::Invalid,
        })
    }

    fn lead(&mut self, bits: u8, left: u8, least: u32) -> Option<Key> {
        self.state = State::Utf8 {
            value: u32::from(bits),
            left,
            least,
        };
        None
    }

    fn continuation(&mut self, byte: u8, value: u32, left: u8, least: u32) -> Option<Key> {
        self.state = State::Ground;
        if byte & 0xc0 != 0x80 {
            // The broken character is dropped; the byte that broke it may begin a good one.
            return self.ground(byte);
        }
        let value = value << 6 | u32::from(byte & 0x3f);
        if left > 1 {
            self.state = State::Utf8 {
                value,
                left: left - 1,
                least,
            };
            return None;
        }
        // Overlong forms, surrogates and C1 control characters are no text.
        let c = char::from_u32(value).filter(|c| value >= least && !c.is_control());
        Some(c.map_or(Key::Invalid, Key::Char))
    }

    fn escape(&mut self, byte: u8) -> Option<Key> {
        self.state = match byte {
            b'[' => State::Csi {
                length: 0,
                number: 0,
            },
            b'O' => State::Ss3,
            0x1b => State::Escape,
            _ => {
                self.state = State::Ground;
                // A lone escape key before other input: the input counts.
                return self.ground(byte);
            }
        };
        None
    }

    fn csi(&mut self, byte: u8, length: usize, number: u32) -> Option<Key> {
        self.state = match byte {
            b'0'..=b'9' if length < SEQUENCE_MAX => {
                let number = number
                    .saturating_mul(10)
                    .saturating_add(u32::from(byte - b'0'));
                State::Csi {
                    length: length + 1,
                    number,
                }
            }
            0x20..0x40 if length < SEQUENCE_MAX => State::Csi {
                length: length + 1,
                number,
            },
            0x20..0x40 => State::Csi {
                length: SEQUENCE_MAX,
                number: u32::MAX,
            },
            _ => State::Ground,
        };
        if !matches!(self.state, State::Ground) {
            return None;
        }
        match (byte, number) {
            (b'~', 200) => self.pasting = true,
            (b'~', 201) => self.pasting = false,
            (b'~', 1 | 7) => return Some(Key::Home),
            (b'~', 4 | 8) => return Some(Key::End),
            (b'~', 3) => return Some(Key::Delete),
            (0x00..0x20, _) => return self.ground(byte),
            _ => return Some(final_key(byte)),
        }
        None
    }
}

fn final_key(byte: u8) -> Key {
    match byte {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        _ => Key::Invalid,
    }
}
