//! From bytes to an answer.
//!
//! ```text
//! source ─ hash ─▶ in the cache? ── yes ──▶ link check against the stored uses ───────────────────────▶ answer
//!                        └ no ─▶ decode ─▶ verify ─▶ link check ─▶ compile ─▶ size check ─▶ cache ────▶ answer
//! answer + addresses ─▶ gate page
//! ```
//!
//! The link check is on both ways: a cache that skipped it would hand one caller's authority to another. The gate page is a
//! second step because the body's length must be known before it gets an address.

use alloc::boxed::Box;
use core::fmt;

use nda_jit::{
    CompiledExport, Compiler, Features, GATE_EXPORTS_MAX, GateError, JitError, NanBits, OptLevel,
    Options, gate_page,
};
use nda_lang::binary::{self, DecodeError};
use nda_lang::link::{self, LinkError};
use nda_lang::{CapabilitySet, Hash, Shim, VerifyError, hash, verify};

use crate::cache::{Cache, CodeKey, Entry};
use crate::clock::Clock;

/// What this server spends at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a source. Decoding, verifying and compiling take memory in proportion to it.
    pub source_bytes: usize,
    /// Bytes of one module's code.
    pub code_bytes: usize,
    /// Bytes of all code in the cache; at least `code_bytes`, or it counts as that.
    pub cache_bytes: usize,
    /// Pages of linear memory that a module may need to start.
    pub memory_pages: u32,
}

impl Default for Limits {
    /// For programs that a line of plain language becomes, with two orders of magnitude to spare.
    fn default() -> Self {
        Self {
            source_bytes: 1 << 20,
            code_bytes: 4 << 20,
            cache_bytes: 16 << 20,
            memory_pages: 1024,
        }
    }
}

/// Why a module was not compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The source is longer than [`Limits::source_bytes`].
    SourceTooLarge(usize),
    /// The source is not a module.
    Decode(DecodeError),
    /// The module is not well-typed.
    Verify(VerifyError),
    /// The module uses what was not granted, or what does not exist.
    Link(LinkError),
    /// The module exports nothing, so nothing of it could ever run.
    NoExports,
    /// The compiler refused.
    Jit(JitError),
    /// The code is longer than [`Limits::code_bytes`].
    CodeTooLarge(usize),
    /// No gate page can be made for the module or for these addresses.
    Gate(GateError),
    /// The code left the cache since it was compiled: compile again.
    NotCached,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceTooLarge(len) => write!(f, "{len} bytes of source are too many"),
            Self::Decode(error) => write!(f, "not a module: byte {}: {}", error.offset, error.kind),
            Self::Verify(error) => write!(f, "not a correct module: {error}"),
            Self::Link(error) => error.fmt(f),
            Self::NoExports => f.write_str("the module exports nothing"),
            Self::Jit(error) => error.fmt(f),
            Self::CodeTooLarge(len) => write!(f, "{len} bytes of code are too many"),
            Self::Gate(error) => error.fmt(f),
            Self::NotCached => f.write_str("the code is no longer cached"),
        }
    }
}

impl core::error::Error for Error {}

/// What a client asks for. All of it is a claim.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// A module in its binary form.
    pub source: &'a [u8],
    /// How much work to spend.
    pub opt_level: OptLevel,
    /// The capability classes that the caller presents for the module.
    pub granted: CapabilitySet,
}

/// Compiled code and what it cost.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Names the code for [`Evolution::gate_page`].
    pub key: CodeKey,
    /// The module's hash.
    pub module: Hash,
    /// BLAKE3 of `code`.
    pub body_hash: [u8; 32],
    /// The machine code, to be placed at a multiple of 16.
    pub code: &'a [u8],
    /// The exports by name; an export's position is its slot in the gate page.
    pub exports: &'a [CompiledExport],
    /// Ticks from the request to the answer.
    pub total_ticks: u64,
    /// Ticks that the compiler took when the code was made.
    pub compile_ticks: u64,
    /// Whether the code was there already.
    pub is_cached: bool,
}

/// The compiler server's state.
#[derive(Debug)]
pub struct Evolution<C> {
    clock: C,
    features: Features,
    limits: Limits,
    cache: Cache,
    /// The compiler last used, kept warm.
    compiler: Option<(Options, Compiler)>,
}

impl<C: Clock> Evolution<C> {
    /// A server that compiles for processors with `features`. No client decides about those.
    pub fn new(clock: C, features: Features, limits: Limits) -> Self {
        Self {
            clock,
            features,
            limits,
            cache: Cache::new(limits.cache_bytes.max(limits.code_bytes)),
            compiler: None,
        }
    }

    /// Verifies, links and compiles a module, or finds its code.
    ///
    /// Time and memory grow about linearly with the source; [`Limits`] and [`nda_jit::FUNCTION_NODES_MAX`] bound both.
    pub fn compile(&mut self, request: &Request<'_>) -> Result<Answer<'_>, Error> {
        let start = self.clock.ticks();
        if request.source.len() > self.limits.source_bytes {
            return Err(Error::SourceTooLarge(request.source.len()));
        }
        let key = CodeKey {
            source: Hash::of(request.source),
            options: Options {
                opt_level: request.opt_level,
                nan_bits: NanBits::Canonical,
                features: self.features,
            },
        };
        let is_cached = self.cache.contains(&key);
        if !is_cached {
            let entry = self.make(key, request)?;
            let len = entry.compiled.code.len();
            self.cache.insert(entry).ok_or(Error::CodeTooLarge(len))?;
        }
        let end = self.clock.ticks();
        let entry = self.cache.get(&key).ok_or(Error::NotCached)?;
        check_uses(&entry.uses, request.granted)?;
        Ok(Answer {
            key,
            module: entry.module,
            body_hash: entry.body_hash,
            code: &entry.compiled.code,
            exports: &entry.compiled.exports,
            total_ticks: end.saturating_sub(start),
            compile_ticks: entry.compile_ticks,
            is_cached,
        })
    }

    /// The image of the gate page at `gate_base` for the code of `key` at `body_base`.
    pub fn gate_page(
        &mut self,
        key: &CodeKey,
        gate_base: u64,
        body_base: u64,
    ) -> Result<Box<[u8]>, Error> {
        let entry = self.cache.get(key).ok_or(Error::NotCached)?;
        gate_page(&entry.compiled, gate_base, body_base).map_err(Error::Gate)
    }

    /// The code that is kept.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Everything from bytes to a cache entry.
    fn make(&mut self, key: CodeKey, request: &Request<'_>) -> Result<Entry, Error> {
        let module = binary::decode(request.source).map_err(Error::Decode)?;
        let module = verify::verify(module).map_err(Error::Verify)?;
        link::check(&module, request.granted).map_err(Error::Link)?;
        let needed_pages = module.memory().map_or(0, |memory| memory.min_pages);
        if needed_pages > self.limits.memory_pages {
            return Err(Error::Link(LinkError::MemoryTooLarge {
                needed_pages,
                allowed_pages: self.limits.memory_pages,
            }));
        }
        match module.exports().len() {
            0 => return Err(Error::NoExports),
            count if count > GATE_EXPORTS_MAX => {
                return Err(Error::Gate(GateError::TooManyExports(count)));
            }
            _ => {}
        }
        let start = self.clock.ticks();
        let compiler = compiler(&mut self.compiler, key.options)?;
        let compiled = compiler.compile(&module).map_err(Error::Jit)?;
        let end = self.clock.ticks();
        if compiled.code.len() > self.limits.code_bytes {
            return Err(Error::CodeTooLarge(compiled.code.len()));
        }
        Ok(Entry {
            key,
            module: hash::module(&module),
            body_hash: *blake3::hash(&compiled.code).as_bytes(),
            uses: module.uses().to_vec(),
            compiled,
            compile_ticks: end.saturating_sub(start),
        })
    }
}

/// The kept compiler if it is for `options`, else a new one in its place.
fn compiler(
    kept: &mut Option<(Options, Compiler)>,
    options: Options,
) -> Result<&mut Compiler, Error> {
    let slot = match kept.take() {
        Some(warm) if warm.0 == options => warm,
        _ => (options, Compiler::new(&options).map_err(Error::Jit)?),
    };
    Ok(&mut kept.insert(slot).1)
}

/// The link check for code that is already compiled; [`link::check`] is the same for modules.
fn check_uses(uses: &[Shim], granted: CapabilitySet) -> Result<(), Error> {
    match uses.iter().find(|shim| !granted.grants(shim.capability())) {
        Some(shim) => Err(Error::Link(LinkError::NotGranted(*shim))),
        None => Ok(()),
    }
}
