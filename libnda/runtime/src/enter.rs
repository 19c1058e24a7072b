//! The way into compiled code and out of it.
//!
//! ```text
//! enter ──► trampoline: saves the callee-saved registers, notes the stack pointer ──► code
//!   ▲                                                                       returns │ │ a check fails
//!   ├── restores them, gives 0 ◄────────────────────────────────────────────────────┘ │
//!   └── restores them from the noted stack pointer, gives the trap ◄── trap_exit ◄─────┘
//! ```
//!
//! Only frames of compiled code lie between the noted stack pointer and a failed check (a shim returns before its trap
//! takes effect), so nothing that has a destructor is ever skipped.

use core::arch::naked_asm;
use core::ffi::c_void;

use nda_lang::Trap;

use crate::context::{ENTRY_STACK, STACK_RESERVE_BYTES, TRAP, TRAP_ADDRESS, VmContext};

/// Runs the entry adapter at `code` on `values`, which hold the arguments and, after success, the result in `values[0]`.
/// The program may use `stack_bytes` of this thread's stack.
///
/// # Safety
/// 1. `code` is the entry adapter of a function compiled by `nda-jit`, mapped executable until this returns.
/// 2. `values` has a slot for each parameter, and one at least.
/// 3. `context.memory` is valid for `memory_bytes_max` bytes, which hold nothing else; `context.shims` has an entry for
///    each shim that the module uses, and these accept `context.host`.
/// 4. This thread's stack has `stack_bytes + STACK_RESERVE_BYTES` left.
pub unsafe fn enter(
    code: *const u8,
    context: &mut VmContext,
    values: &mut [u64],
    stack_bytes: usize,
) -> Result<(), Trap> {
    let limit = approximate_stack_pointer()
        .saturating_sub(stack_bytes)
        .max(STACK_RESERVE_BYTES);
    let outer_limit = core::mem::replace(&mut context.stack_limit, limit as u64);
    context.trap = 0;
    context.trap_exit = trap_exit as *const c_void;
    // SAFETY: (1) to (3) are the caller's. The trampoline keeps every register that System V calls callee-saved.
    let trap = unsafe { trampoline(context, values.as_mut_ptr(), code) };
    context.stack_limit = outer_limit;
    context.trap = 0;
    match trap {
        0 => Ok(()),
        // Compiled code only passes numbers of traps.
        code => Err(Trap::from_code(code).unwrap_or(Trap::Unreachable)),
    }
}

/// An address near the stack pointer.
#[inline(never)]
fn approximate_stack_pointer() -> usize {
    let marker = 0u8;
    core::hint::black_box(&raw const marker).addr()
}

/// Calls `code(context, values)`. Gives 0, or the trap's number.
#[unsafe(naked)]
unsafe extern "sysv64" fn trampoline(
    context: *mut VmContext,
    values: *mut u64,
    code: *const u8,
) -> u32 {
    // rdi = context, rsi = values, rdx = code. Six registers and the outer entry stack make 56 bytes, with the return
    // address 64: the stack is aligned for the call.
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push qword ptr [rdi + {entry_stack}]",
        "mov rbx, rdi",
        "mov [rdi + {entry_stack}], rsp",
        "call rdx",
        "xor eax, eax",
        "pop qword ptr [rbx + {entry_stack}]",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        entry_stack = const ENTRY_STACK,
    )
}

/// Leaves compiled code: unwinds to the trampoline's frame and gives `trap` there. Called by compiled code only.
#[unsafe(naked)]
unsafe extern "sysv64" fn trap_exit(context: *mut VmContext, trap: u32) {
    // rdi = context, esi = trap, [rsp] = the address behind the failed check.
    naked_asm!(
        "mov rax, [rsp]",
        "mov [rdi + {trap_address}], rax",
        "mov [rdi + {trap}], esi",
        "mov eax, esi",
        "mov rsp, [rdi + {entry_stack}]",
        "pop qword ptr [rdi + {entry_stack}]",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        entry_stack = const ENTRY_STACK,
        trap = const TRAP,
        trap_address = const TRAP_ADDRESS,
    )
}
