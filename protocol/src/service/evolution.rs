//! The `evolution` service: verifies and compiles NDA modules.
//!
//! A module is too long for a message: the client attaches a frame once and puts each module's binary form at its start.
//! The service copies the module out before it looks at it, so that later writes of the client change nothing.

use serde::{Deserialize, Serialize};

use super::{List, declare::*};

/// The largest module, and the smallest frame to attach, in bytes.
pub const BUFFER_LEN: usize = 64 << 10;
/// The most exports of one module.
pub const EXPORTS_MAX: usize = 64;

/// The content hash of a module (BLAKE3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModuleHash(pub [u8; 32]);

/// A module that is ready to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiled {
    /// The module.
    pub hash: ModuleHash,
    /// The address of the module's gate page, in the code region.
    pub gate: u64,
    /// Each export's offset from `gate`, in the module's order.
    pub exports: List<u32, EXPORTS_MAX>,
    /// Bytes of machine code.
    pub code_len: u32,
    /// Microseconds that verification and compilation took; 0 if the module was there already.
    pub compile_us: u32,
    /// Whether the module was there already.
    pub is_cached: bool,
}

service! {
    name "evolution" version 1;
    errors {
        /// No frame is attached.
        NotAttached,
        /// The frame is smaller than [`BUFFER_LEN`] or cannot be mapped.
        BadFrame,
        /// The module is longer than [`BUFFER_LEN`].
        TooLong,
        /// The bytes are not a module.
        NotAModule {
            /// Where the decoder stopped.
            at: u32,
        },
        /// The module breaks a rule of the language.
        NotValid {
            /// The function that does.
            function: u32,
        },
        /// The compiler gave up.
        NotCompiled,
        /// The service's memory for code or modules is used up.
        OutOfMemory,
        /// The code could not be installed in the code region.
        NotInstalled,
        /// The client has as many frames attached as it may, or clients are too many.
        TooManyClients,
    }
    /// Attaches the frame that goes along (`READ`, at least [`BUFFER_LEN`] bytes) to the caller's badge, in place of an
    /// earlier one. Errors: `BadFrame`, `TooManyClients`.
    0: Idempotent fn attach() takes 1 -> ();
    /// Compiles the module in the first `len` bytes of the attached frame and installs it. Errors: all. Bounded by the
    /// language's size limits.
    1: Idempotent fn compile(len: u32) -> Compiled;
}
