//! The machine's screen: screenshots, single pixels, and what keys and mouse movements look like to QEMU.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::Failure;

/// A picture of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Red, green, blue, a byte each, line by line.
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Reads a binary PPM file, the one format that every version of QEMU writes.
    pub fn read_ppm(path: &Path) -> Result<Self, Failure> {
        let bytes = fs::read(path).map_err(|error| Failure::file("read", path, error))?;
        parse_ppm(&bytes).ok_or_else(|| Failure::file("read", path, "it is not a binary PPM file"))
    }

    /// Writes a PNG file.
    pub fn write_png(&self, path: &Path) -> Result<(), Failure> {
        let failure = |error: String| Failure::file("write", path, error);
        let file = File::create(path).map_err(|error| failure(error.to_string()))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder
            .write_header()
            .map_err(|error| failure(error.to_string()))?;
        writer
            .write_image_data(&self.pixels)
            .map_err(|error| failure(error.to_string()))?;
        writer.finish().map_err(|error| failure(error.to_string()))
    }

    /// The pixel at `x`, `y` as red, green, blue.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        self.pixels.get(at..at + 3)?.try_into().ok()
    }
}

/// Parses `P6 width height 255` and the pixels.
fn parse_ppm(bytes: &[u8]) -> Option<Picture> {
    let mut rest = bytes;
    let mut word = || {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let len = rest[start..].iter().position(u8::is_ascii_whitespace)?;
        let word = std::str::from_utf8(&rest[start..start + len]).ok()?;
        // Exactly one white-space character ends the header's last word.
        rest = &rest[start + len + 1..];
        Some(word)
    };
    if word()? != "P6" {
        return None;
    }
    let (width, height) = (word()?.parse().ok()?, word()?.parse().ok()?);
    if word()? != "255" {
        return None;
    }
    let len = (width as usize)
        .checked_mul(height as usize)?
        .checked_mul(3)?;
    Some(Picture {
        width,
        height,
        pixels: rest.get(..len)?.to_vec(),
    })
}

/// The QMP command that moves the pointer to pixel `x`, `y` of a screen of this size.
pub fn move_pointer(x: u32, y: u32, width: u32, height: u32) -> Value {
    // QEMU's absolute axes run from 0 to 0x7fff over the whole screen.
    let axis = |at: u32, size: u32| {
        let last = u64::from(size.max(2) - 1);
        (u64::from(at).min(last) * 0x7fff).div_ceil(last)
    };
    json!({"execute": "input-send-event", "arguments": {"events": [
        {"type": "abs", "data": {"axis": "x", "value": axis(x, width)}},
        {"type": "abs", "data": {"axis": "y", "value": axis(y, height)}},
    ]}})
}

/// The QMP command that presses or releases the left button.
pub fn button(down: bool) -> Value {
    json!({"execute": "input-send-event", "arguments": {"events": [
        {"type": "btn", "data": {"button": "left", "down": down}},
    ]}})
}

/// The QMP commands for the words after `!key`.
///
/// A word is a key by QEMU's name or a chord of them (`ret`, `f1`, `ctrl-c`); any other word is typed letter by letter.
pub fn keys(words: &str) -> Result<Vec<Value>, String> {
    let mut presses = Vec::new();
    for word in words.split_whitespace() {
        let chord: Vec<&str> = word.split('-').collect();
        if chord.iter().all(|key| is_key(key)) {
            presses.push(press(&chord));
            continue;
        }
        for character in word.chars() {
            let (key, shift) = key_of(character)
                .ok_or_else(|| format!("no key types {character:?} (in {word:?})"))?;
            let key = key.as_str();
            presses.push(if shift {
                press(&["shift", key])
            } else {
                press(&[key])
            });
        }
    }
    Ok(presses)
}

fn press(chord: &[&str]) -> Value {
    let keys: Vec<Value> = chord
        .iter()
        .map(|key| json!({"type": "qcode", "data": key}))
        .collect();
    json!({"execute": "send-key", "arguments": {"keys": keys}})
}

/// The named keys of a PC keyboard, besides letters and digits (QEMU's `QKeyCode`).
const NAMED: &[&str] = &[
    "alt",
    "alt_r",
    "backslash",
    "backspace",
    "bracket_left",
    "bracket_right",
    "caps_lock",
    "comma",
    "ctrl",
    "ctrl_r",
    "delete",
    "dot",
    "down",
    "end",
    "equal",
    "esc",
    "grave_accent",
    "home",
    "insert",
    "left",
    "menu",
    "meta_l",
    "meta_r",
    "minus",
    "num_lock",
    "pause",
    "pgdn",
    "pgup",
    "print",
    "apostrophe",
    "ret",
    "right",
    "scroll_lock",
    "semicolon",
    "shift",
    "shift_r",
    "slash",
    "spc",
    "tab",
    "up",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "f6",
    "f7",
    "f8",
    "f9",
    "f10",
    "f11",
    "f12",
];

fn is_key(name: &str) -> bool {
    let mut characters = name.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => only.is_ascii_lowercase() || only.is_ascii_digit(),
        _ => NAMED.contains(&name),
    }
}

/// The key that types a character on a US keyboard, and whether with shift.
fn key_of(character: char) -> Option<(String, bool)> {
    if character.is_ascii_lowercase() || character.is_ascii_digit() {
        return Some((character.to_string(), false));
    }
    if character.is_ascii_uppercase() {
        return Some((character.to_ascii_lowercase().to_string(), true));
    }
    let plain = [
        (' ', "spc"),
        ('-', "minus"),
        ('=', "equal"),
        ('[', "bracket_left"),
        (']', "bracket_right"),
        ('\\', "backslash"),
        (';', "semicolon"),
        ('\'', "apostrophe"),
        ('`', "grave_accent"),
        (',', "comma"),
        ('.', "dot"),
        ('/', "slash"),
    ];
    let shifted = [
        ('_', "minus"),
        ('+', "equal"),
        ('{', "bracket_left"),
        ('}', "bracket_right"),
        ('|', "backslash"),
        (':', "semicolon"),
        ('"', "apostrophe"),
        ('~', "grave_accent"),
        ('<', "comma"),
        ('>', "dot"),
        ('?', "slash"),
        ('!', "1"),
        ('@', "2"),
        ('#', "3"),
        ('$', "4"),
        ('%', "5"),
        ('^', "6"),
        ('&', "7"),
        ('*', "8"),
        ('(', "9"),
        (')', "0"),
    ];
    let find = |table: &[(char, &str)], shift| {
        let found = table.iter().find(|(typed, _)| *typed == character);
        found.map(|(_, key)| ((*key).to_string(), shift))
    };
    find(&plain, false).or_else(|| find(&shifted, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ppm_file_is_read_and_pixels_are_found() {
        let picture = parse_ppm(b"P6\n2 1\n255\n\x01\x02\x03\x0a\x0b\x0c").expect("PPM");
        assert_eq!(picture.pixel(1, 0), Some([10, 11, 12]));
        assert_eq!(picture.pixel(2, 0), None);
        assert_eq!(picture.pixel(0, 1), None);
    }

    #[test]
    fn bad_ppm_files_are_refused() {
        for bytes in [
            &b""[..],
            b"P5\n2 1\n255\n123456",
            b"P6\n2 1\n255\n12345",
            b"P6\n4000000000 4000000000\n255\n1",
            b"P6\n-1 1\n255\n1",
            b"P6",
        ] {
            assert_eq!(parse_ppm(bytes), None);
        }
    }

    #[test]
    fn words_are_chords_or_text() {
        let types = |words: &str| -> Vec<String> {
            let presses = keys(words).expect("keys");
            let chord = |press: &Value| {
                let keys = press["arguments"]["keys"].as_array().expect("keys").clone();
                let names: Vec<String> = keys
                    .iter()
                    .map(|key| key["data"].as_str().expect("name").to_string())
                    .collect();
                names.join("+")
            };
            presses.iter().map(chord).collect()
        };
        assert_eq!(types("ctrl-alt-f1 ret"), ["ctrl+alt+f1", "ret"]);
        assert_eq!(types("Hi!"), ["shift+h", "i", "shift+1"]);
        assert_eq!(
            types("well-known"),
            ["w", "e", "l", "l", "minus", "k", "n", "o", "w", "n"]
        );
        assert!(keys("größe").is_err());
    }

    #[test]
    fn the_pointer_reaches_the_last_pixel() {
        let value = |x| {
            let command = move_pointer(x, 0, 1280, 800);
            command["arguments"]["events"][0]["data"]["value"].as_u64()
        };
        assert_eq!(value(0), Some(0));
        assert_eq!(value(1279), Some(0x7fff));
        assert_eq!(value(9999), Some(0x7fff));
    }
}
