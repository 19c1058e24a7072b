//! The registers of a thread as the kernel keeps them while it does not run.
//!
//! `arch::x86_64::entry` saves into and restores from exactly this layout; the assembly takes the offsets from
//! here. FPU state is kept apart (see `arch::x86_64::fpu`).

use core::mem::offset_of;

/// `RFLAGS` of a fresh thread: interrupts on, and bit 1, which is always set.
pub const RFLAGS_USER: u64 = 0x202;

/// The integer registers of a thread.
///
/// Values are not trusted: resuming forces `rflags` to what user code may have, and treats a `rip` or `fs_base` outside
/// the user half as an exception of the thread.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserContext {
    /// Register.
    pub rax: u64,
    /// Register.
    pub rbx: u64,
    /// Register; `syscall` overwrites it with `rip`.
    pub rcx: u64,
    /// Register.
    pub rdx: u64,
    /// Register.
    pub rsi: u64,
    /// Register.
    pub rdi: u64,
    /// Register.
    pub rbp: u64,
    /// Register.
    pub r8: u64,
    /// Register.
    pub r9: u64,
    /// Register.
    pub r10: u64,
    /// Register; `syscall` overwrites it with `rflags`.
    pub r11: u64,
    /// Register.
    pub r12: u64,
    /// Register.
    pub r13: u64,
    /// Register.
    pub r14: u64,
    /// Register.
    pub r15: u64,
    /// The next instruction.
    pub rip: u64,
    /// The stack pointer.
    pub rsp: u64,
    /// The flags.
    pub rflags: u64,
    /// The base of the FS segment: thread-local storage.
    pub fs_base: u64,
    /// 0 if the thread waits behind a `syscall` and `sysret` may resume it, which loses `rcx` and `r11`; anything else
    /// restores every register with `iret`.
    pub return_by_iret: u64,
}

impl UserContext {
    /// A thread that starts at `rip` on the stack `rsp` with `arg` as its first argument and everything else zero.
    pub fn user(rip: u64, rsp: u64, arg: u64) -> Self {
        Self {
            rip,
            rsp,
            rdi: arg,
            rflags: RFLAGS_USER,
            return_by_iret: 1,
            ..Self::default()
        }
    }
}

// What the assembly counts on: consecutive words, in the order in which it names them.
const _: () = assert!(offset_of!(UserContext, rip) == 120);
const _: () = assert!(size_of::<UserContext>() == 160);
