//! How a command fails: what happened, why, and the command that mends it.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// The reason for an exit status other than 0.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// This machine lacks something: status 3.
    Missing {
        /// What is missing.
        what: String,
        /// What it is needed for, or why it could not be installed.
        why: String,
        /// The command that installs it.
        fix: String,
    },
    /// Something was tried and did not work: status 1.
    Failed {
        /// What was tried.
        what: String,
        /// Why it did not work.
        why: String,
    },
    /// The time allowed is over: status 124, as `timeout` has it.
    TimedOut {
        /// What was waited for.
        what: String,
        /// Seconds allowed.
        seconds: u64,
    },
}

impl Failure {
    /// A [`Failure::Failed`].
    pub fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::Failed {
            what: what.into(),
            why: why.to_string(),
        }
    }

    /// A file or directory that could not be used.
    pub fn file(what: &str, path: &Path, why: impl fmt::Display) -> Self {
        Self::new(format!("cannot {what} {}", path.display()), why)
    }

    /// The exit status that tells it.
    pub fn status(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed { .. } => 1,
            Self::Missing { .. } => 3,
            Self::TimedOut { .. } => 124,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what, why, fix } => {
                write!(f, "missing: {what}\n    why: {why}\n    fix: {fix}")
            }
            Self::Failed { what, why } => write!(f, "error: {what}\n  why: {why}"),
            Self::TimedOut { what, seconds } => {
                write!(
                    f,
                    "error: out of time after {seconds} s\n  why: still waiting for {what}"
                )
            }
        }
    }
}

impl std::error::Error for Failure {}
