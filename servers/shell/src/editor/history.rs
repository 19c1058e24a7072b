//! History: the last lines, and the walk through those that begin with what is typed.

use alloc::{
    collections::VecDeque,
    string::{String, ToString},
};

/// Most lines remembered, and most bytes of them all: the history must not grow with the uptime.
const LINES_MAX: usize = 128;
const BYTES_MAX: usize = 16 * 1024;

/// Which way to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Older,
    Newer,
}

#[derive(Debug)]
struct Search {
    /// What was typed when the walk began.
    prefix: String,
    /// The line shown; `lines.len()` is the typed one.
    at: usize,
}

/// The lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: VecDeque<String>,
    bytes: usize,
    search: Option<Search>,
}

impl History {
    /// All lines, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// Adds a line, unless it is blank or the same as the last one.
    pub(super) fn remember(&mut self, line: &str) {
        self.search = None;
        if line.trim().is_empty() || self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        self.bytes += line.len();
        self.lines.push_back(line.to_string());
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            match self.lines.pop_front() {
                Some(oldest) => self.bytes -= oldest.len(),
                None => break,
            }
        }
    }

    /// Ends the walk: the next one begins with what is then typed.
    pub(super) fn stop_search(&mut self) {
        self.search = None;
    }

    /// The next line in `direction` that begins with what was typed when the walk began; past the newest stands that
    /// text itself. `None` at either end.
    pub(super) fn search(&mut self, direction: Direction, typed: &str) -> Option<&str> {
        let end = self.lines.len();
        let search = self.search.get_or_insert_with(|| Search {
            prefix: typed.to_string(),
            at: end,
        });
        let fits = |at: &usize| {
            self.lines[*at].starts_with(search.prefix.as_str()) && self.lines[*at] != typed
        };
        let found = match direction {
            Direction::Older => (0..search.at).rev().find(fits)?,
            Direction::Newer if search.at >= end => return None,
            Direction::Newer => (search.at + 1..end).find(fits).unwrap_or(end),
        };
        search.at = found;
        Some(if found == end {
            &search.prefix
        } else {
            &self.lines[found]
        })
    }
}
