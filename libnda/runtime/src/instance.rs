//! An instance of a compiled module: its context, its memory and its host, bound for as long as they are used together.

use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr;

use nda_lang::interp::{Host, RunError, write_data};
use nda_lang::limits::PARAMS_MAX;
use nda_lang::link::{self, LinkError};
use nda_lang::module::Signature;
use nda_lang::types::PAGE_BYTES;
use nda_lang::{CapabilitySet, Value, VerifiedModule};

use crate::context::VmContext;
use crate::enter::enter;
use crate::shims::Table;

/// Bounds for one instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Fuel at the start.
    pub fuel: u64,
    /// Bytes of the calling thread's stack that the program may use. The thread needs
    /// [`crate::STACK_RESERVE_BYTES`] beyond.
    pub stack_bytes: usize,
}

/// An exported function in memory, ready to be called.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    code: *const u8,
    signature: &'a Signature,
}

impl<'a> Entry<'a> {
    /// The function whose entry adapter is at `code`.
    ///
    /// # Safety
    /// 1. `code` is the entry adapter that `nda-jit` made for an exported function with this signature, placed as the
    ///    compiler's result says, or a gate that leads there.
    /// 2. It stays mapped executable and unchanged for `'a` and as long as any copy of this is used.
    /// 3. It is only called through instances of the module it was compiled from.
    pub unsafe fn new(code: *const u8, signature: &'a Signature) -> Entry<'a> {
        Entry { code, signature }
    }
}

/// A linked module with its memory and host.
#[derive(Debug)]
pub struct Instance<'a, H> {
    context: VmContext,
    stack_bytes: usize,
    /// The memory and the host that `context` points to.
    borrows: PhantomData<(&'a mut [u8], &'a mut H)>,
}

impl<'a, H: Host> Instance<'a, H> {
    /// Links `module` against `granted` and writes its data to `memory`, which has to be zero. The program's memory can
    /// grow up to the module's maximum or the length of `memory`, whichever is less.
    pub fn new(
        module: &VerifiedModule,
        granted: CapabilitySet,
        memory: &'a mut [u8],
        host: &'a mut H,
        limits: Limits,
    ) -> Result<Instance<'a, H>, LinkError> {
        link::check(module, granted)?;
        let (min_pages, max_pages) = module
            .memory()
            .map_or((0, 0), |memory| (memory.min_pages, memory.max_pages));
        let allowed_pages = (memory.len() as u64 / PAGE_BYTES).min(max_pages.into());
        if allowed_pages < min_pages.into() {
            return Err(LinkError::MemoryTooLarge {
                needed_pages: min_pages,
                allowed_pages: allowed_pages as u32,
            });
        }
        write_data(module, memory);
        Ok(Instance {
            context: VmContext {
                memory: memory.as_mut_ptr(),
                memory_bytes: u64::from(min_pages) * PAGE_BYTES,
                memory_bytes_max: allowed_pages * PAGE_BYTES,
                fuel: limits.fuel,
                stack_limit: 0,
                shims: const { &Table::<H>::ENTRIES }.as_ptr(),
                host: ptr::from_mut(host).cast::<c_void>(),
                trap_exit: ptr::null(),
                entry_stack: 0,
                trap: 0,
                reserved: 0,
                trap_address: 0,
            },
            stack_bytes: limits.stack_bytes,
            borrows: PhantomData,
        })
    }

    /// Calls a compiled function.
    pub fn call(&mut self, entry: Entry<'_>, args: &[Value]) -> Result<Option<Value>, RunError> {
        let signature = entry.signature;
        if !args
            .iter()
            .map(|arg| arg.ty())
            .eq(signature.params.iter().copied())
        {
            return Err(RunError::BadArguments);
        }
        let mut values = [0; PARAMS_MAX];
        for (slot, arg) in values.iter_mut().zip(args) {
            *slot = arg.to_bits();
        }
        // SAFETY: (1) by the contract of `Entry::new`; (2) a signature has `PARAMS_MAX` parameters at most; (3) `new` took
        // memory and host by exclusive reference for `'a`, and the table is made for `H`; (4) by the contract of `Limits`.
        unsafe { enter(entry.code, &mut self.context, &mut values, self.stack_bytes) }
            .map_err(RunError::Trap)?;
        Ok(signature
            .result()
            .and_then(|ty| Value::from_bits(ty, values[0])))
    }

    /// The linear memory.
    pub fn memory(&self) -> &[u8] {
        // SAFETY: `new` took the memory by exclusive reference, `memory_bytes` never exceeds its length, and no code runs.
        unsafe {
            core::slice::from_raw_parts(self.context.memory, self.context.memory_bytes as usize)
        }
    }

    /// Fuel left.
    pub fn fuel(&self) -> u64 {
        self.context.fuel
    }

    /// Gives fuel for the next calls.
    pub fn set_fuel(&mut self, fuel: u64) {
        self.context.fuel = fuel;
    }

    /// The address behind the check that failed last, inside the function that trapped.
    pub fn trap_address(&self) -> u64 {
        self.context.trap_address
    }
}
