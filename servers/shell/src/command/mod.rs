//! The exact commands: a closed table that works without any understanding.
//!
//! A line is an exact command if its first word is in the table *and the whole rest fits that command's arguments*;
//! exact commands are tried first, so `kill input` is exact although it is also plain language. A line whose first word is
//! in the table but whose rest does not fit is given to [`crate::understand`]; if that does not understand it either, the
//! [`Usage`] error is what the user sees. `run`, `store`, `time`, `help` and `fetch` are English verbs too, so their
//! arguments are checked for form: `fetch me a coffee` is not exact, because `me` is no hash.

mod from_step;
mod parse;

use alloc::{boxed::Box, string::String, vec::Vec};

pub use from_step::step_to_command;
pub use parse::parse;

/// A fault that `crash` can provoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A read of address 0.
    Null,
    /// An undefined instruction.
    Ud2,
    /// An endless loop.
    Loop,
    /// A stack overflow.
    Stack,
    /// A garbage reply.
    Garbage,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 5] = [
        Fault::Null,
        Fault::Ud2,
        Fault::Loop,
        Fault::Stack,
        Fault::Garbage,
    ];

    /// The word at the prompt.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Null => "null",
            Fault::Ud2 => "ud2",
            Fault::Loop => "loop",
            Fault::Stack => "stack",
            Fault::Garbage => "garbage",
        }
    }

    /// The fault of that word.
    pub fn from_name(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

/// What `store` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The text itself.
    Text(String),
    /// The name of a file.
    File(String),
}

/// An operation of the self-improvement loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evolve {
    /// Its state.
    Status,
    /// Its decisions.
    Log,
    /// Stops all change.
    Freeze,
    /// Allows change again.
    Thaw,
    /// Tries to improve the module of that hash.
    Now(String),
    /// Goes back one version of it.
    Rollback(String),
}

/// An operation of code integrity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heal {
    /// Its state.
    Status,
    /// Checks every code page now.
    Scrub,
}

/// An operation of the inference service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Infer {
    /// Its state.
    Status,
    /// Attaches a model by name or file.
    Attach(String),
    /// Asks the model.
    Ask(String),
    /// Measures it.
    Bench,
}

/// An operation on windows. Plain language only: the table of exact commands has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// Opens one.
    Open {
        /// Its title.
        title: Option<String>,
        /// Its place; the compositor chooses one if absent.
        at: Option<(i32, i32)>,
        /// Its size; 320 × 200 if absent.
        size: Option<(i32, i32)>,
    },
    /// Closes one, or `all`.
    Close(String),
    /// Moves one.
    Move(String, i32, i32),
    /// Resizes one.
    Resize(String, i32, i32),
    /// Brings one to the front.
    Focus(String),
    /// Lists them.
    List,
}

/// A typed command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// A line a server.
    Ps,
    /// One server's line of `ps`.
    Status(String),
    /// A server's capabilities.
    Caps(String),
    /// Kills a server; its supervisor decides about a restart.
    Kill(String),
    /// Restarts a server.
    Restart(String),
    /// Provokes a fault; [`Fault::Null`] if none is named.
    Crash(String, Fault),
    /// Recent log lines of a server.
    Log(String),
    /// Live IPC trace, of one server if named.
    Trace(Option<String>),
    /// Memory, of one server if named.
    Mem(Option<String>),
    /// Disk space and traffic.
    Disk,
    /// Processor load, of one core if named.
    Cpu(Option<u32>),
    /// Resources by server.
    Top,
    /// Stores content.
    Store(Content),
    /// Fetches content by hash.
    Fetch(String),
    /// Lists modules.
    Modules,
    /// Imports a module.
    Import(String),
    /// Physical pages of a module.
    Pages(String),
    /// Runs a module by hash or name.
    Run {
        /// Hash, name or file.
        target: String,
        /// Arguments as typed.
        args: Vec<String>,
    },
    /// Compiles and runs NDA text.
    Nda(String),
    /// The self-improvement loop.
    Evolve(Evolve),
    /// Code integrity.
    Heal(Heal),
    /// The inference service.
    Infer(Infer),
    /// The Merkle root.
    Root,
    /// Lists peers.
    Peers,
    /// Adds a peer.
    PeerAdd(String),
    /// Every executable page.
    AuditCode,
    /// Runs a command and adds cycles and microseconds.
    Time(Box<Command>),
    /// Help, about one topic if named.
    Help(Option<String>),
    /// The version.
    Version,
    /// Turns the machine off.
    Poweroff,
    /// Restarts the machine.
    Reboot,
    /// Shows what is understood without doing it.
    Understand(String),
    /// Lines typed before.
    History,
    /// Does what was to be confirmed.
    Yes,
    /// Drops what was to be confirmed.
    No,
    /// The last fault of a server and the capability that was missing.
    Why(String),
    /// Replaces a server by a newer version while it runs.
    Update(String),
    /// A window operation.
    Window(Window),
}

/// Why a line that begins like an exact command is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// The first word is no command.
    Unknown,
    /// An argument is missing; the text is the command's form.
    Missing(&'static str),
    /// More is typed than the command takes; the text is its form.
    Extra(&'static str),
    /// An argument has the wrong form; the text is the command's form.
    Form(&'static str),
    /// The line is longer than [`crate::understand::LINE_MAX`].
    TooLong,
}

impl core::fmt::Display for Usage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Usage::Unknown => write!(f, "no such command"),
            Usage::Missing(form) => write!(f, "something is missing: {form}"),
            Usage::Extra(form) => write!(f, "too much: {form}"),
            Usage::Form(form) => write!(f, "not of this form: {form}"),
            Usage::TooLong => write!(f, "the line is too long"),
        }
    }
}

/// One row of `help`: form and meaning.
#[derive(Clone, Copy, Debug)]
pub struct HelpRow {
    /// How it is typed.
    pub form: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// The table that `help` prints, in reading order.
pub const HELP: &[HelpRow] = &[
    HelpRow {
        form: "ps",
        does: "a line a server",
    },
    HelpRow {
        form: "caps NAME",
        does: "the server's capabilities",
    },
    HelpRow {
        form: "kill NAME",
        does: "kill a server",
    },
    HelpRow {
        form: "restart NAME",
        does: "restart a server",
    },
    HelpRow {
        form: "crash NAME [null|ud2|loop|stack|garbage]",
        does: "provoke a real fault inside it",
    },
    HelpRow {
        form: "log NAME",
        does: "recent log lines",
    },
    HelpRow {
        form: "why NAME",
        does: "its last fault",
    },
    HelpRow {
        form: "update NAME",
        does: "replace a server while it runs",
    },
    HelpRow {
        form: "trace [NAME]",
        does: "live IPC trace",
    },
    HelpRow {
        form: "mem [NAME]",
        does: "memory, per server",
    },
    HelpRow {
        form: "disk",
        does: "disk space and traffic",
    },
    HelpRow {
        form: "cpu [CORE]",
        does: "processor load",
    },
    HelpRow {
        form: "top",
        does: "resources, per server",
    },
    HelpRow {
        form: "store FILE|TEXT",
        does: "content into the biosphere",
    },
    HelpRow {
        form: "fetch HASH",
        does: "content out of it",
    },
    HelpRow {
        form: "modules",
        does: "stored modules",
    },
    HelpRow {
        form: "import HASH",
        does: "make a module usable",
    },
    HelpRow {
        form: "pages HASH",
        does: "its physical pages and who shares them",
    },
    HelpRow {
        form: "run HASH|NAME [ARGS]",
        does: "run a module",
    },
    HelpRow {
        form: "nda TEXT",
        does: "compile and run NDA text",
    },
    HelpRow {
        form: "evolve status|log|freeze|thaw|now HASH|rollback HASH",
        does: "the self-improvement loop",
    },
    HelpRow {
        form: "heal status|scrub",
        does: "code integrity",
    },
    HelpRow {
        form: "infer status|attach MODEL|ask TEXT|bench",
        does: "the inference service",
    },
    HelpRow {
        form: "root",
        does: "the Merkle root of the live state",
    },
    HelpRow {
        form: "peers",
        does: "known peers",
    },
    HelpRow {
        form: "peer add ADDR",
        does: "add a peer",
    },
    HelpRow {
        form: "audit code",
        does: "every executable page and its origin",
    },
    HelpRow {
        form: "time CMD",
        does: "run CMD and add cycles and microseconds",
    },
    HelpRow {
        form: "understand TEXT",
        does: "show what is understood without doing it",
    },
    HelpRow {
        form: "history",
        does: "lines typed before",
    },
    HelpRow {
        form: "yes",
        does: "do what was to be confirmed",
    },
    HelpRow {
        form: "no",
        does: "drop it",
    },
    HelpRow {
        form: "help [TOPIC]",
        does: "this table",
    },
    HelpRow {
        form: "version",
        does: "the version",
    },
    HelpRow {
        form: "poweroff",
        does: "turn the machine off",
    },
    HelpRow {
        form: "reboot",
        does: "restart the machine",
    },
];

#[cfg(test)]
mod tests;
