//! The context: the one structure that compiled code knows.
//!
//! The code generator bakes the offsets below into code, so the layout is an interface: fields are only added at the end.

use core::ffi::c_void;
use core::mem::offset_of;

/// Stack that compiled code leaves free below the limit: one frame of a compiled function (the compiler refuses larger
/// ones) and what a shim needs.
pub const STACK_RESERVE_BYTES: usize = 32 * 1024;

/// The largest frame that a compiled function may have.
pub const FRAME_BYTES_MAX: usize = 8 * 1024;

/// A shim as compiled code calls it: the context, the shim's number, and its arguments as 64-bit slots. There is room for
/// [`nda_lang::shim::SHIM_PARAMS_MAX`] slots; the result goes to the first. To trap, it sets [`VmContext::trap`] and returns.
///
/// # Safety
/// The context must be the one that compiled code was entered with, and the slots readable and writable.
pub type ShimFn = unsafe extern "sysv64" fn(*mut VmContext, u32, *mut u64);

/// What compiled code works on.
#[repr(C)]
#[derive(Debug)]
pub struct VmContext {
    /// Start of the linear memory.
    pub memory: *mut u8,
    /// Its bytes now.
    pub memory_bytes: u64,
    /// Its bytes at most: `memory.grow` goes up to here, and so far it is backed and zero.
    pub memory_bytes_max: u64,
    /// Fuel left.
    pub fuel: u64,
    /// A function that starts with the stack pointer below this traps.
    pub stack_limit: u64,
    /// [`nda_lang::Shim::ALL`]`.len()` entries.
    pub shims: *const ShimFn,
    /// For the shims.
    pub host: *mut c_void,
    /// The way out for a failed check: the context and a trap's number, never returns. Set by [`crate::enter`].
    pub trap_exit: *const c_void,
    /// The stack pointer to leave with. Set at entry, restored at exit, so that a shim may enter compiled code again.
    pub entry_stack: u64,
    /// The number of the trap that a shim asks for, or that ended the last call; 0 if none.
    pub trap: u32,
    /// Zero.
    pub reserved: u32,
    /// The return address at the failed check: tells the function that trapped.
    pub trap_address: u64,
}

/// Offset of [`VmContext::memory`].
pub const MEMORY: i32 = offset_of!(VmContext, memory) as i32;
/// Offset of [`VmContext::memory_bytes`].
pub const MEMORY_BYTES: i32 = offset_of!(VmContext, memory_bytes) as i32;
/// Offset of [`VmContext::memory_bytes_max`].
pub const MEMORY_BYTES_MAX: i32 = offset_of!(VmContext, memory_bytes_max) as i32;
/// Offset of [`VmContext::fuel`].
pub const FUEL: i32 = offset_of!(VmContext, fuel) as i32;
/// Offset of [`VmContext::stack_limit`].
pub const STACK_LIMIT: i32 = offset_of!(VmContext, stack_limit) as i32;
/// Offset of [`VmContext::shims`].
pub const SHIMS: i32 = offset_of!(VmContext, shims) as i32;
/// Offset of [`VmContext::trap_exit`].
pub const TRAP_EXIT: i32 = offset_of!(VmContext, trap_exit) as i32;
/// Offset of [`VmContext::entry_stack`].
pub const ENTRY_STACK: i32 = offset_of!(VmContext, entry_stack) as i32;
/// Offset of [`VmContext::trap`].
pub const TRAP: i32 = offset_of!(VmContext, trap) as i32;
/// Offset of [`VmContext::trap_address`].
pub const TRAP_ADDRESS: i32 = offset_of!(VmContext, trap_address) as i32;

// The numbers are in every compiled blob, in caches and on disks.
const _: () = assert!(MEMORY == 0 && MEMORY_BYTES == 8 && MEMORY_BYTES_MAX == 16);
const _: () = assert!(FUEL == 24 && STACK_LIMIT == 32 && SHIMS == 40);
const _: () = assert!(TRAP_EXIT == 56 && ENTRY_STACK == 64 && TRAP == 72 && TRAP_ADDRESS == 80);
