//! The line editor: bytes from the console in, finished lines and bytes to echo out.
//!
//! ```text
//!          bytes                 Key                    Edit
//!   console ──▶ input::Decoder ──▶ Editor::press ──▶ line + Screen ──▶ bytes to echo
//! ```
//!
//! UTF-8, arrows, Home and End, Ctrl-A E K U W L, history with prefix search, bracketed paste. Ctrl-C drops the line, never
//! the shell; Ctrl-D on an empty line is reported and otherwise deletes. A line has at most [`LINE_BYTES_MAX`] bytes; what
//! does not fit rings the bell and is not entered, so that a line is never cut silently. In plain mode (a pipe, or a
//! terminal of unknown ability) nothing but the typed text is echoed and no escape sequence is ever written.

mod history;
mod input;

use alloc::{string::String, vec::Vec};

use history::History;
use input::{Decoder, Key};

/// Longest line in bytes. More than the understanding step reads, because `nda TEXT` takes long texts.
pub const LINE_BYTES_MAX: usize = 4096;

/// What the shell has to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A finished line.
    Line(String),
    /// Ctrl-C: the line was dropped; cancel what runs.
    Cancel,
    /// Ctrl-D on an empty line.
    EndOfInput,
    /// What was typed exceeds [`LINE_BYTES_MAX`]; reported once a line.
    TooLong,
}

/// Whether escape sequences may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A terminal that understands ECMA-48.
    Terminal,
    /// A pipe: echo text only.
    Plain,
}

/// The editor's state.
#[derive(Debug)]
pub struct Editor {
    mode: Mode,
    decoder: Decoder,
    history: History,
    line: Vec<char>,
    /// Index into `line` before which typing inserts.
    cursor: usize,
    /// UTF-8 length of `line`, kept so that the limit costs nothing to check.
    bytes: usize,
    overflowed: bool,
    /// Whether the last key was `\r`, so that `\r\n` is one line end.
    after_return: bool,
}

impl Editor {
    /// Makes an editor with an empty line and history.
    pub fn new(mode: Mode) -> Editor {
        Editor {
            mode,
            decoder: Decoder::default(),
            history: History::default(),
            line: Vec::new(),
            cursor: 0,
            bytes: 0,
            overflowed: false,
            after_return: false,
        }
    }

    /// Changes the mode from the next byte on.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Bytes to write once when the prompt starts: asks the terminal to mark pastes.
    pub fn start(&self) -> &'static [u8] {
        match self.mode {
            Mode::Terminal => b"\x1b[?2004h",
            Mode::Plain => b"",
        }
    }

    /// The line as typed so far.
    pub fn line(&self) -> String {
        self.line.iter().collect()
    }

    /// Lines entered before, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.history.lines()
    }

    /// Takes one byte. Appends what is to be echoed to `echo`; returns what the shell has to act on.
    ///
    /// Cost: one redraw of the line at most.
    pub fn feed(&mut self, byte: u8, echo: &mut Vec<u8>) -> Option<Event> {
        let key = self.decoder.feed(byte)?;
        self.press(key, echo)
    }

    fn press(&mut self, key: Key, echo: &mut Vec<u8>) -> Option<Event> {
        let after_return = core::mem::replace(&mut self.after_return, key == Key::Return);
        if !matches!(key, Key::Up | Key::Down) {
            self.history.stop_search();
        }
        match key {
            Key::Newline if after_return => return None,
            Key::Return | Key::Newline => return Some(self.finish(echo)),
            Key::Char(c) => return self.insert(c, echo),
            Key::PastedNewline => return self.insert(' ', echo),
            Key::Left => self.go(self.cursor.saturating_sub(1), echo),
            Key::Right => self.go((self.cursor + 1).min(self.line.len()), echo),
            Key::Home => self.go(0, echo),
            Key::End => self.go(self.line.len(), echo),
            Key::Backspace if self.cursor > 0 => self.remove(self.cursor - 1, self.cursor, echo),
            Key::Delete if self.cursor < self.line.len() => {
                self.remove(self.cursor, self.cursor + 1, echo)
            }
            Key::DeleteOrEnd if self.line.is_empty() => return Some(Event::EndOfInput),
            Key::DeleteOrEnd if self.cursor < self.line.len() => {
                self.remove(self.cursor, self.cursor + 1, echo)
            }
            Key::KillToEnd => self.remove(self.cursor, self.line.len(), echo),
            Key::KillToStart => self.remove(0, self.cursor, echo),
            Key::KillWord => self.remove(self.word_start(), self.cursor, echo),
            Key::Up => self.recall(history::Direction::Older, echo),
            Key::Down => self.recall(history::Direction::Newer, echo),
            Key::Redraw => self.redraw_screen(echo),
            Key::Cancel => {
                echo.extend_from_slice(b"^C\r\n");
                self.reset();
                return Some(Event::Cancel);
            }
            Key::Invalid | Key::Backspace | Key::Delete | Key::DeleteOrEnd => echo.push(BELL),
        }
        None
    }

    fn insert(&mut self, c: char, echo: &mut Vec<u8>) -> Option<Event> {
        if self.bytes + c.len_utf8() > LINE_BYTES_MAX {
            // One bell and one report a line: a paste of megabytes must not answer with megabytes.
            if core::mem::replace(&mut self.overflowed, true) {
                return None;
            }
            echo.push(BELL);
            return Some(Event::TooLong);
        }
        self.line.insert(self.cursor, c);
        self.bytes += c.len_utf8();
        self.cursor += 1;
        push_char(c, echo);
        if self.cursor < self.line.len() {
            self.write_tail(0, echo);
        }
        None
    }

    fn remove(&mut self, from: usize, to: usize, echo: &mut Vec<u8>) {
        if from >= to {
            return;
        }
        self.go(from, echo);
        self.bytes -= self.line[from..to]
            .iter()
            .map(|c| c.len_utf8())
            .sum::<usize>();
        self.line.drain(from..to);
        self.write_tail(to - from, echo);
    }

    /// Writes the line from the cursor on, `blank` spaces over what was there, and goes back to the cursor.
    fn write_tail(&self, blank: usize, echo: &mut Vec<u8>) {
        for c in &self.line[self.cursor..] {
            push_char(*c, echo);
        }
        echo.extend(core::iter::repeat_n(b' ', blank));
        back(self.line.len() - self.cursor + blank, echo);
    }

    fn go(&mut self, to: usize, echo: &mut Vec<u8>) {
        if to < self.cursor {
            back(self.cursor - to, echo);
        } else {
            // Forward is written as the text itself: it moves the cursor on any terminal.
            for c in &self.line[self.cursor..to] {
                push_char(*c, echo);
            }
        }
        self.cursor = to;
    }

    fn word_start(&self) -> usize {
        let mut at = self.cursor;
        while at > 0 && self.line[at - 1].is_whitespace() {
            at -= 1;
        }
        while at > 0 && !self.line[at - 1].is_whitespace() {
            at -= 1;
        }
        at
    }

    fn recall(&mut self, direction: history::Direction, echo: &mut Vec<u8>) {
        let typed = self.line();
        let Some(line) = self.history.search(direction, &typed).map(String::from) else {
            echo.push(BELL);
            return;
        };
        self.remove(0, self.line.len(), echo);
        for c in line.chars() {
            // A remembered line fit once, so it fits now.
            self.insert(c, echo);
        }
    }

    fn redraw_screen(&self, echo: &mut Vec<u8>) {
        if self.mode == Mode::Terminal {
            echo.extend_from_slice(b"\x1b[2K\r");
            for c in &self.line {
                push_char(*c, echo);
            }
            back(self.line.len() - self.cursor, echo);
        }
    }

    fn finish(&mut self, echo: &mut Vec<u8>) -> Event {
        echo.extend_from_slice(b"\r\n");
        let line = self.line();
        self.history.remember(&line);
        self.reset();
        Event::Line(line)
    }

    fn reset(&mut self) {
        self.line.clear();
        self.cursor = 0;
        self.bytes = 0;
        self.overflowed = false;
    }
}

const BELL: u8 = 7;

fn push_char(c: char, echo: &mut Vec<u8>) {
    echo.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn back(count: usize, echo: &mut Vec<u8>) {
    echo.extend(core::iter::repeat_n(8, count));
}

#[cfg(test)]
mod tests;
