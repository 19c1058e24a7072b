//! Keys become the bytes that a terminal sends, as the shell's editor reads them.
//!
//! Cursor and editing keys are the sequences of a VT220 and xterm; Alt puts an escape in front; Return is a carriage return
//! and Backspace a delete, as on every terminal.

use pc_keyboard::{DecodedKey, KeyCode};

use crate::keyboard::KeyEvent;

/// Most bytes of one key: an escape and a character, or `ESC [ n n ~`.
pub const BYTES_MAX: usize = 5;

/// The bytes of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    bytes: [u8; BYTES_MAX],
    len: usize,
}

impl Bytes {
    /// The bytes to send; none for a key that types nothing.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Adds bytes; the callers' constants and a character fit.
    fn push(&mut self, more: &[u8]) {
        for (slot, byte) in self.bytes[self.len..].iter_mut().zip(more) {
            *slot = *byte;
            self.len += 1;
        }
    }
}

/// The bytes that a key event types.
pub fn bytes(event: &KeyEvent) -> Bytes {
    let mut out = Bytes::default();
    let Some(meaning) = event.meaning.filter(|_| event.is_down) else {
        return out;
    };
    if let Some(sequence) = sequence(event.code, meaning) {
        out.push(sequence);
    } else if let DecodedKey::Unicode(character) = meaning {
        if event.is_alt {
            out.push(b"\x1b");
        }
        let mut buffer = [0; 4];
        out.push(character.encode_utf8(&mut buffer).as_bytes());
    }
    out
}

/// The fixed sequence of a key, if it has one whatever its character.
fn sequence(code: KeyCode, meaning: DecodedKey) -> Option<&'static [u8]> {
    // Number pad keys say by their meaning whether they are digits now.
    let code = match meaning {
        DecodedKey::RawKey(raw) => raw,
        // With the lock off it deletes to the right, though its character is the backspace's.
        DecodedKey::Unicode('\x7f') if code == KeyCode::NumpadPeriod => KeyCode::Delete,
        DecodedKey::Unicode(_) => code,
    };
    Some(match code {
        KeyCode::ArrowUp => b"\x1b[A",
        KeyCode::ArrowDown => b"\x1b[B",
        KeyCode::ArrowRight => b"\x1b[C",
        KeyCode::ArrowLeft => b"\x1b[D",
        KeyCode::Home => b"\x1b[H",
        KeyCode::End => b"\x1b[F",
        KeyCode::Insert => b"\x1b[2~",
        KeyCode::Delete => b"\x1b[3~",
        KeyCode::PageUp => b"\x1b[5~",
        KeyCode::PageDown => b"\x1b[6~",
        KeyCode::F1 => b"\x1bOP",
        KeyCode::F2 => b"\x1bOQ",
        KeyCode::F3 => b"\x1bOR",
        KeyCode::F4 => b"\x1bOS",
        KeyCode::F5 => b"\x1b[15~",
        KeyCode::F6 => b"\x1b[17~",
        KeyCode::F7 => b"\x1b[18~",
        KeyCode::F8 => b"\x1b[19~",
        KeyCode::F9 => b"\x1b[20~",
        KeyCode::F10 => b"\x1b[21~",
        KeyCode::F11 => b"\x1b[23~",
        KeyCode::F12 => b"\x1b[24~",
        KeyCode::Return | KeyCode::NumpadEnter => b"\r",
        KeyCode::Backspace => b"\x7f",
        _ => return None,
    })
}
