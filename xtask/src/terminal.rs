//! Turns what comes out of a serial line into lines of text.
//!
//! Firmware and line editors do not only print: they return to the start of the line, move the cursor, erase, colour.
//! [`Terminal`] follows as much of that (ECMA-48) as concerns a single line, so that a line that an editor has redrawn
//! twenty times is one line, and the prompt is recognised by what is on the line rather than by what went by.

/// The longest line that is kept; the rest of a longer one is dropped.
const LINE_LEN_MAX: usize = 64 << 10;

/// A terminal that is one line high, and the lines that have scrolled out of it.
#[derive(Debug, Default)]
pub struct Terminal {
    line: Vec<char>,
    cursor: usize,
    escape: Escape,
    /// The first bytes of a character that is not complete.
    partial: Vec<u8>,
    finished: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
enum Escape {
    #[default]
    None,
    /// After ESC.
    Started,
    /// After ESC `[`: the parameter so far.
    Control(String),
    /// After ESC `]`: text up to BEL or ST.
    Title,
}

impl Terminal {
    /// Takes bytes from the line.
    pub fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.partial.push(byte);
            let character = match std::str::from_utf8(&self.partial) {
                Ok(text) => text.chars().next(),
                Err(error) if error.error_len().is_none() => continue,
                Err(_) => Some(char::REPLACEMENT_CHARACTER),
            };
            self.partial.clear();
            if let Some(character) = character {
                self.put(character);
            }
        }
    }

    /// The lines that are complete, oldest first.
    pub fn finished(&self) -> &[String] {
        &self.finished
    }

    /// The line that the cursor is on.
    pub fn current(&self) -> String {
        self.line.iter().collect::<String>().trim_end().to_string()
    }

    fn put(&mut self, character: char) {
        match std::mem::take(&mut self.escape) {
            Escape::None => self.print(character),
            Escape::Started => {
                self.escape = match character {
                    '[' => Escape::Control(String::new()),
                    ']' => Escape::Title,
                    _ => Escape::None,
                };
            }
            Escape::Control(mut parameter) => {
                if ('\x40'..='\x7e').contains(&character) {
                    self.control(character, &parameter);
                } else if parameter.len() < 32 {
                    parameter.push(character);
                    self.escape = Escape::Control(parameter);
                }
            }
            Escape::Title => {
                if character == '\x1b' {
                    self.escape = Escape::Started;
                } else if character != '\x07' {
                    self.escape = Escape::Title;
                }
            }
        }
    }

    fn print(&mut self, character: char) {
        match character {
            '\n' => {
                self.finished.push(self.current());
                self.line.clear();
                self.cursor = 0;
            }
            '\r' => self.cursor = 0,
            '\x08' => self.cursor = self.cursor.saturating_sub(1),
            '\x1b' => self.escape = Escape::Started,
            '\t' => self.print(' '),
            character if character.is_control() => {}
            character if self.cursor < LINE_LEN_MAX => {
                if self.cursor >= self.line.len() {
                    self.line.resize(self.cursor + 1, ' ');
                }
                self.line[self.cursor] = character;
                self.cursor += 1;
            }
            _ => {}
        }
    }

    /// Obeys the control functions that edit a line; colours and the rest change nothing that can be read.
    fn control(&mut self, function: char, parameter: &str) {
        let number = |default: usize| parameter.parse().unwrap_or(default).min(LINE_LEN_MAX);
        match (function, parameter) {
            ('K', "" | "0") => self.line.truncate(self.cursor),
            ('K', "1") => {
                let end = self.cursor.min(self.line.len());
                self.line[..end].fill(' ');
            }
            ('K', _) | ('J', _) => self.line.clear(),
            ('C', _) => self.cursor = (self.cursor + number(1).max(1)).min(LINE_LEN_MAX),
            ('D', _) => self.cursor = self.cursor.saturating_sub(number(1).max(1)),
            ('G', _) => self.cursor = number(1).saturating_sub(1),
            // A jump elsewhere: firmware menus draw so. The text so far is one line.
            ('H' | 'f', _) => {
                if !self.line.is_empty() {
                    self.print('\n');
                }
                self.cursor = 0;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<String>, String) {
        let mut terminal = Terminal::default();
        terminal.feed(text.as_bytes());
        (terminal.finished().to_vec(), terminal.current())
    }

    #[test]
    fn lines_end_at_newlines() {
        assert_eq!(
            lines("one\r\ntwo\nthr"),
            (vec!["one".into(), "two".into()], "thr".into())
        );
    }

    #[test]
    fn a_redrawn_line_is_one_line() {
        let editor = "velocity> \r\x1b[Kvelocity> d\r\x1b[Kvelocity> dr\x1b[11Gx\r\n";
        assert_eq!(lines(editor).0, ["velocity> xr"]);
    }

    #[test]
    fn backspace_and_cursor_movement_edit_the_line() {
        assert_eq!(lines("abc\x08\x08X\n").0, ["aXc"]);
        assert_eq!(lines("abc\x1b[2DX\x1b[K\n").0, ["aX"]);
        assert_eq!(lines("a\x1b[3Cb\n").0, ["a   b"]);
    }

    #[test]
    fn colours_and_titles_leave_no_trace() {
        assert_eq!(
            lines("\x1b[1;31mred\x1b[0m \x1b]0;title\x07text\n").0,
            ["red text"]
        );
    }

    #[test]
    fn characters_split_between_reads_are_joined() {
        let mut terminal = Terminal::default();
        for byte in "größe\n".bytes() {
            terminal.feed(&[byte]);
        }
        assert_eq!(terminal.finished(), ["größe"]);
    }

    #[test]
    fn any_bytes_are_taken() {
        let mut terminal = Terminal::default();
        for seed in 0..200_u32 {
            let bytes: Vec<u8> = (0..97_u32)
                .map(|n| (n * seed * 31 + seed * 7) as u8)
                .collect();
            terminal.feed(&bytes);
        }
        terminal.feed(b"\x1b[99999999999999999999C x\x1b[18446744073709551615G\n");
    }
}
