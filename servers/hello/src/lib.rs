//! The hello server: greets whoever calls, and dies when asked to. The example that new servers start from.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod crash;

use protocol::service::hello::{CrashKind, Error, NAME_LEN_MAX, Server};
use protocol::service::{Caller, Text, text};

/// The server's state: how many it greeted.
#[derive(Debug, Default)]
pub struct Hello {
    greeted: u64,
}

impl Server for Hello {
    fn greet(&mut self, _caller: Caller, name: &str) -> Result<Text<128>, Error> {
        if name.is_empty() {
            return Err(Error::EmptyName);
        }
        if name.len() > NAME_LEN_MAX {
            return Err(Error::NameTooLong);
        }
        self.greeted = self.greeted.saturating_add(1);
        Ok(text(format_args!(
            "Hello, {name}! You are number {}.",
            self.greeted
        )))
    }

    fn crash(&mut self, _caller: Caller, kind: CrashKind) -> Result<(), Error> {
        crash::die(kind)
    }
}
