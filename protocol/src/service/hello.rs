//! The `hello` service: the example that a new server starts from, and the target of fault tests.

use serde::{Deserialize, Serialize};

use super::{Text, declare::*};

/// The most bytes of a name.
pub const NAME_LEN_MAX: usize = 64;

/// How the server is to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CrashKind {
    /// Reads address 0.
    Null,
    /// Runs out of stack.
    Stack,
    /// Divides by zero.
    Divide,
    /// Jumps into data.
    Execute,
    /// Panics.
    Panic,
    /// Never answers.
    Hang,
}

service! {
    name "hello" version 1;
    errors {
        /// The name is empty.
        EmptyName,
        /// The name is longer than [`NAME_LEN_MAX`] bytes.
        NameTooLong,
    }
    /// Greets `name` (1 to [`NAME_LEN_MAX`] bytes). Errors: `EmptyName`, `NameTooLong`. Constant time.
    0: Idempotent fn greet(name: &str) -> Text<128>;
    /// Dies as asked: no reply comes, but [`Error::Restarted`].
    1: Never fn crash(kind: CrashKind) -> ();
}
