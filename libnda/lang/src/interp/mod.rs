//! The interpreter: what a program means.
//!
//! Each function is flattened once into a list of stack instructions (`flatten`) and run by a plain loop
//! (`machine`); arithmetic is [`eval()`]. Neither recurses, so the host's stack is not at stake. Everything is defined:
//! arithmetic results that are NaN are the canonical NaN of their type (sign 0, only the top payload bit set), so two runs
//! agree in every bit, here and compiled.
//!
//! Fuel: one unit at each function entry and at each start of a loop's turn; without fuel for it, [`Trap::OutOfFuel`].

mod eval;
mod flatten;
mod machine;
#[cfg(test)]
mod tests;

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

pub use eval::eval;

use crate::link::{self, LinkError};
use crate::module::Module;
use crate::shim::{CapabilitySet, Shim};
use crate::trap::Trap;
use crate::types::{MemoryType, PAGE_BYTES, Type, Value};
use crate::verify::VerifiedModule;

use flatten::Code;

/// What serves the shims. One implementation serves interpreted and compiled programs.
pub trait Host {
    /// Performs `shim`. `args` have the shim's parameter types; the result must have its result type. `memory` is the
    /// program's whole linear memory, empty if it has none.
    fn call(
        &mut self,
        shim: Shim,
        args: &[Value],
        memory: &mut [u8],
    ) -> Result<Option<Value>, Trap>;
}

/// Bounds for one instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Fuel at the start.
    pub fuel: u64,
    /// Pages of linear memory, even if the module's maximum is higher.
    pub memory_pages: u32,
    /// Nested calls.
    pub call_depth: u32,
}

impl Default for Limits {
    /// Ten million turns, 16 MiB, 1,000 calls.
    fn default() -> Limits {
        Limits {
            fuel: 10_000_000,
            memory_pages: 256,
            call_depth: 1_000,
        }
    }
}

/// Why a call gave no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunError {
    /// No function is exported under that name.
    NoSuchExport,
    /// The arguments do not match the parameters.
    BadArguments,
    /// The program stopped.
    Trap(Trap),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::NoSuchExport => f.write_str("no such export"),
            RunError::BadArguments => f.write_str("the arguments do not match the parameters"),
            RunError::Trap(trap) => trap.fmt(f),
        }
    }
}

impl core::error::Error for RunError {}

/// A module with its memory, ready to run.
#[derive(Debug)]
pub struct Instance<'m> {
    module: &'m VerifiedModule,
    code: Vec<Code>,
    memory: Vec<u8>,
    memory_bytes_max: usize,
    fuel: u64,
    call_depth_max: usize,
}

impl<'m> Instance<'m> {
    /// Links `module` against `granted`, gives it its memory and fills that with the data segments.
    pub fn new(
        module: &'m VerifiedModule,
        granted: CapabilitySet,
        limits: Limits,
    ) -> Result<Instance<'m>, LinkError> {
        link::check(module, granted)?;
        let (memory, memory_bytes_max) = initial_memory(module, limits.memory_pages)?;
        Ok(Instance {
            module,
            code: module
                .functions()
                .iter()
                .map(|f| flatten::flatten(module, f))
                .collect(),
            memory,
            memory_bytes_max,
            fuel: limits.fuel,
            call_depth_max: limits.call_depth as usize,
        })
    }

    /// Calls the function exported as `name`.
    pub fn call(
        &mut self,
        host: &mut dyn Host,
        name: &str,
        args: &[Value],
    ) -> Result<Option<Value>, RunError> {
        let function = self.module.export(name).ok_or(RunError::NoSuchExport)?;
        let signature = &self.module.functions()[function as usize].signature;
        if !args
            .iter()
            .map(|arg| arg.ty())
            .eq(signature.params.iter().copied())
        {
            return Err(RunError::BadArguments);
        }
        let args: Vec<u64> = args.iter().map(|arg| arg.to_bits()).collect();
        let result = self.run(host, function, &args).map_err(RunError::Trap)?;
        Ok(signature
            .result()
            .and_then(|ty: Type| Value::from_bits(ty, result)))
    }

    /// The linear memory.
    pub fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// The linear memory, for the host to put input in.
    pub fn memory_mut(&mut self) -> &mut [u8] {
        &mut self.memory
    }

    /// Fuel left.
    pub fn fuel(&self) -> u64 {
        self.fuel
    }
}

/// The memory of a new instance with its data, and the bytes it may grow to.
fn initial_memory(module: &Module, pages_max: u32) -> Result<(Vec<u8>, usize), LinkError> {
    let memory = module.memory().unwrap_or(MemoryType {
        min_pages: 0,
        max_pages: 0,
    });
    if memory.min_pages > pages_max {
        return Err(LinkError::MemoryTooLarge {
            needed_pages: memory.min_pages,
            allowed_pages: pages_max,
        });
    }
    let bytes = |pages: u32| (u64::from(pages) * PAGE_BYTES) as usize;
    let mut contents = vec![0; bytes(memory.min_pages)];
    write_data(module, &mut contents);
    Ok((contents, bytes(memory.max_pages.min(pages_max))))
}

/// Copies the data segments of a verified module to `memory`, which has the module's minimum size at least. Segments that
/// would not fit are left out.
pub fn write_data(module: &Module, memory: &mut [u8]) {
    for segment in module.data() {
        let start = segment.offset as usize;
        if let Some(target) = memory.get_mut(start..start + segment.bytes.len()) {
            target.copy_from_slice(&segment.bytes);
        }
    }
}
