//! The `supervisor` service of `init`: which servers there are, how they are, and what is to become of them.

use serde::{Deserialize, Serialize};

use super::{List, Text, declare::*, hello::CrashKind};

/// The most bytes of a server's name.
pub const NAME_LEN_MAX: usize = crate::manifest::NAME_LEN_MAX;
/// Records of one page of [`Client::list`].
pub const RECORDS_MAX: usize = 16;
/// Records of one page of [`Client::caps`].
pub const CAPS_MAX: usize = 16;
/// The most bytes of one page of [`Client::log`].
pub const LOG_LEN_MAX: usize = 800;

/// The state of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Not started yet.
    Waiting,
    /// Loaded and running.
    Running,
    /// Died; starts again after a pause.
    Restarting,
    /// Ended on purpose.
    Stopped,
    /// Died too often.
    Failed,
}

impl State {
    /// The word that people and scripts see.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its name.
    pub name: Text<NAME_LEN_MAX>,
    /// How it is.
    pub state: State,
    /// The core it runs on.
    pub core: u8,
    /// How often it was restarted.
    pub restarts: u32,
    /// Memory that it holds, KiB.
    pub mem_kib: u32,
}

/// One page of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The records.
    pub records: List<Record, RECORDS_MAX>,
    /// Where the next page starts, if there is one.
    pub next: Option<u16>,
}

/// One capability of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapRecord {
    /// What the manifest calls it.
    pub name: Text<NAME_LEN_MAX>,
    /// The number of its [`ObjectType`](crate::abi::ObjectType).
    pub object: u8,
    /// The bits of its [`Rights`](crate::abi::Rights).
    pub rights: u8,
}

/// One page of capabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapPage {
    /// The capabilities.
    pub records: List<CapRecord, CAPS_MAX>,
    /// Where the next page starts, if there is one.
    pub next: Option<u16>,
}

/// One page of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Whole lines.
    pub text: Text<LOG_LEN_MAX>,
    /// Where the next page starts, if there is one.
    pub next: Option<u32>,
}

service! {
    name "supervisor" version 1;
    errors {
        /// No server has this name.
        UnknownServer,
        /// The caller may not do this to that server.
        NotAllowed,
        /// The server is not in a state for this.
        WrongState,
        /// The server cannot be crashed in this way.
        NotSupported,
    }
    /// The servers from number `from` on, in start order.
    0: Idempotent fn list(from: u16) -> Page;
    /// One server. Errors: `UnknownServer`.
    1: Idempotent fn status(name: &str) -> Record;
    /// Ends a server as a fault would; its restart policy applies. Errors: `UnknownServer`, `NotAllowed`, `WrongState`.
    2: Never fn kill(name: &str) -> ();
    /// Ends a server and starts it anew at once. Errors: as `kill`.
    3: Never fn restart(name: &str) -> ();
    /// Makes a server fault. Errors: as `kill`, and `NotSupported`.
    4: Never fn crash(name: &str, kind: CrashKind) -> ();
    /// A server's capabilities from number `from` on. Errors: `UnknownServer`.
    5: Idempotent fn caps(name: &str, from: u16) -> CapPage;
    /// A server's log from byte `from` of what is kept. Errors: `UnknownServer`.
    6: Idempotent fn log(name: &str, from: u32) -> LogPage;
}
