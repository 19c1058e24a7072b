//! Reads, checks, encodes and draws `servers/system.toml`, the whole capability topology in one file. A host crate.
//!
//! ```toml
//! [[server]]
//! name = "console"              # also its cargo package and its file in the boot archive
//! core = 0                      # 0-3; only `inference` is on 3
//! priority = 200                # 0-255, 255 runs first
//! budget_us = 5000              # time it may run in each period
//! period_us = 5000
//! memory_kib = 256              # stack, heap, tables, objects
//! provides = ["console"]        # services, by the names in protocol::service
//! calls = []                    # services that others provide
//! devices = ["serial"]          # see protocol::manifest::Device
//! authorities = []              # see protocol::manifest::Authority
//! after = ["platform"]          # servers that start first
//! restart = "backoff"           # "never", "backoff" or "reboot"
//! restarts_max = 8              # with "backoff": restarts in a row, 1-100
//! ```
//!
//! All lists may be left out, all else but `restarts_max` may not. [`check()`] finds every problem, not only the first, and
//! says the line of each. [`graph`] draws.
#![forbid(unsafe_code)]

mod check;
pub mod graph;
mod read;

use std::fmt;

use protocol::manifest::Manifest;

/// Something wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller names it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub kind: Kind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not TOML.
    Syntax(String),
    /// A key that nothing reads.
    UnknownKey(String),
    /// A key that must be there.
    MissingKey(&'static str),
    /// A value of another type than the key takes.
    WrongType {
        /// The key.
        key: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A number outside its range.
    OutOfRange {
        /// The key.
        key: &'static str,
        /// Smallest and largest value.
        range: (i64, i64),
    },
    /// A name that is empty, too long or not lower-case letters, digits and hyphens.
    BadName(String),
    /// Two servers have this name.
    DuplicateServer(String),
    /// A list names the same thing twice.
    DuplicateEntry(String),
    /// A list has more entries than `init` takes.
    TooMany {
        /// The list.
        what: String,
        /// How many it takes.
        max: usize,
    },
    /// No server has this name.
    UnknownServer(String),
    /// No service has this name.
    UnknownService(String),
    /// No server provides this service.
    NotProvided(String),
    /// Two servers provide this service.
    ProvidedTwice(String),
    /// A server calls a service of its own.
    CallsItself(String),
    /// No device has this name.
    UnknownDevice(String),
    /// Two servers drive this device.
    DeviceTwice(String),
    /// No authority has this name.
    UnknownAuthority(String),
    /// The budget is longer than the period.
    BudgetOverPeriod,
    /// A server that is not `inference` on the inference core, or `inference` elsewhere.
    InferenceCore(String),
    /// No such restart policy.
    BadRestart(String),
    /// `restarts_max` without `restart = "backoff"`.
    RestartsWithoutBackoff,
    /// Servers that wait for each other.
    StartCycle(Vec<String>),
    /// There is no server `init`, which the kernel starts.
    NoInit,
    /// `init` waits for another server.
    InitNotFirst,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "{message}"),
            Self::UnknownKey(key) => write!(f, "nothing reads the key `{key}`"),
            Self::MissingKey(key) => write!(f, "the key `{key}` is missing"),
            Self::WrongType { key, takes } => write!(f, "`{key}` takes {takes}"),
            Self::OutOfRange {
                key,
                range: (low, high),
            } => {
                write!(f, "`{key}` is a number from {low} to {high}")
            }
            Self::BadName(name) => write!(
                f,
                "`{name}` is no name: 1 to {} lower-case letters, digits and hyphens",
                protocol::manifest::NAME_LEN_MAX
            ),
            Self::DuplicateServer(name) => write!(f, "there is a server `{name}` already"),
            Self::DuplicateEntry(name) => write!(f, "`{name}` stands in this list twice"),
            Self::TooMany { what, max } => write!(f, "too many {what}: there can be {max}"),
            Self::UnknownServer(name) => write!(f, "there is no server `{name}`"),
            Self::UnknownService(name) => {
                write!(f, "there is no service `{name}` in protocol::service")
            }
            Self::NotProvided(name) => write!(f, "no server provides the service `{name}`"),
            Self::ProvidedTwice(name) => {
                write!(f, "another server provides the service `{name}` already")
            }
            Self::CallsItself(name) => {
                write!(
                    f,
                    "the server provides `{name}` itself and would wait for itself"
                )
            }
            Self::UnknownDevice(name) => write!(f, "there is no device `{name}`"),
            Self::DeviceTwice(name) => {
                write!(f, "another server drives the device `{name}` already")
            }
            Self::UnknownAuthority(name) => write!(f, "there is no authority `{name}`"),
            Self::BudgetOverPeriod => write!(f, "`budget_us` is longer than `period_us`"),
            Self::InferenceCore(name) => {
                write!(
                    f,
                    "core 3 is for `inference` alone, and `{name}` breaks that"
                )
            }
            Self::BadRestart(policy) => {
                write!(
                    f,
                    "`{policy}` is no restart policy: never, backoff or reboot"
                )
            }
            Self::RestartsWithoutBackoff => {
                write!(f, "`restarts_max` needs `restart = \"backoff\"`")
            }
            Self::StartCycle(names) => {
                write!(
                    f,
                    "these servers wait for each other: {}",
                    names.join(" -> ")
                )
            }
            Self::NoInit => write!(f, "there is no server `init`, which the kernel starts"),
            Self::InitNotFirst => write!(f, "`init` starts the others and cannot come after one"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.kind)
    }
}

impl std::error::Error for Problem {}

/// Reads and checks `text`, the contents of the file called `file`.
///
/// Errors: every problem, in the order of the lines.
pub fn check(file: &str, text: &str) -> Result<Manifest, Vec<Problem>> {
    let mut found = Vec::new();
    let manifest =
        read::servers(text, &mut found).and_then(|servers| check::topology(&servers, &mut found));
    found.sort_by_key(|(at, _)| *at);
    let line = |at: usize| {
        1 + text.as_bytes()[..at.min(text.len())]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
    };
    let problems: Vec<Problem> = found
        .into_iter()
        .map(|(at, kind)| Problem {
            file: file.to_string(),
            line: line(at),
            kind,
        })
        .collect();
    match manifest {
        Some(manifest) if problems.is_empty() => Ok(manifest),
        _ => Err(problems),
    }
}

/// The form that `init` reads from the boot archive.
pub fn encode(manifest: &Manifest) -> Vec<u8> {
    postcard::to_allocvec(manifest).expect("a manifest has no type that postcard lacks")
}
