//! Every way into the kernel and the one way out.
//!
//! ```text
//! user --syscall-->  velocity_syscall ─┐ registers into current's UserContext,
//! user --vector--->  velocity_trap ────┤ core's kernel stack from its top
//!                                      ├─> Rust hook ─> velocity_resume ─┬─ sysret / iret to current
//! idle --interrupt-> velocity_trap ────┘                                 └─ no current: sti; hlt
//! kernel --exception-> kernel panic with a report
//! ```
//!
//! The kernel keeps nothing on its stack between two events: each starts at the top. An interrupt of the idle loop does
//! not return into it either; the interrupted loop has no state. Interrupts are on only in user mode and in that loop.
//!
//! In user mode GS belongs to nobody: its base is zero after each entry, so that no value passes between threads.
//! `fs_base` is saved and restored with the registers.

use core::arch::{asm, global_asm};
use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, Ordering};
use core::{fmt, ptr};

use super::context::UserContext;
use super::{apic, cpu, gdt, idt, percore, serial, shootdown};

/// What the kernel does at each kind of event.
///
/// Each function runs on the core's kernel stack with interrupts off; the interrupted thread, if any, is
/// [`percore::current`] and its registers are saved. It returns to resume what `current` then is.
#[derive(Clone, Copy, Debug)]
pub struct HookTable {
    /// The current thread executed `syscall`.
    pub syscall: fn(),
    /// The current thread raised an exception: vector, error code (0 where there is none), and the address for a page
    /// fault or the refused `rip` where the thread's registers cannot be resumed (vector 13). Must leave another
    /// thread, or repaired registers, in `current`.
    pub exception: fn(vector: u64, code: u64, address: u64),
    /// An interrupt of vector 32 or higher, acknowledged at the core's controller after the function returns. A
    /// level-triggered line must be masked, or its device silenced, by then.
    pub interrupt: fn(vector: u64),
}

static HOOKS: AtomicPtr<HookTable> = AtomicPtr::new(ptr::null_mut());

/// Sets what events call. Until then an exception of user code or an interrupt is ignored.
pub fn set_hooks(hooks: &'static HookTable) {
    HOOKS.store(ptr::from_ref(hooks).cast_mut(), Ordering::Release);
}

fn hooks() -> Option<&'static HookTable> {
    // SAFETY: the pointer is null or comes from the `&'static` that `set_hooks` took.
    unsafe { HOOKS.load(Ordering::Acquire).as_ref() }
}

/// The flags that user code may have set (CF PF AF ZF SF TF DF OF AC ID) ...
const RFLAGS_ALLOWED: u32 = 0x0024_0dd5;
/// ... and those that it always has: interrupts on.
const RFLAGS_FORCED: u32 = 0x202;
/// What `syscall` clears: TF IF DF IOPL NT AC.
const SYSCALL_CLEARED: u64 = 0x0004_7700;
/// Bytes between two stubs.
const STUB_LEN: u64 = 16;

unsafe extern "C" {
    static velocity_stubs: [u8; 256 * STUB_LEN as usize];
    fn velocity_syscall();
    fn velocity_resume() -> !;
}

/// The address of a vector's stub.
pub(super) fn stub(vector: u8) -> u64 {
    &raw const velocity_stubs as u64 + u64::from(vector) * STUB_LEN
}

/// Sets up `syscall` on this core.
///
/// # Safety
///
/// After `gdt::load` and `percore::install` on this core.
pub(super) unsafe fn init_core() {
    // SAFETY: the selectors are those of the loaded table, and the target saves the user's state before anything else.
    unsafe {
        cpu::write_msr(cpu::MSR_STAR, gdt::STAR);
        cpu::write_msr(cpu::MSR_LSTAR, velocity_syscall as *const () as u64);
        cpu::write_msr(cpu::MSR_FMASK, SYSCALL_CLEARED);
    }
}

/// Leaves the kernel: resumes [`percore::current`] or sleeps until an interrupt. The stack is given up.
pub fn resume() -> ! {
    // SAFETY: this core is initialised (its GS base is its block), and `current` is null or valid (`set_current`).
    unsafe { velocity_resume() }
}

global_asm!(
    // One stub a vector: error code (0 where the processor pushes none), then the vector.
    ".balign 16",
    ".globl velocity_stubs",
    "velocity_stubs:",
    ".set vector, 0",
    ".rept 256",
    ".balign 16",
    // Vectors with an error code: 8, 10 to 14, 17, 21, 29, 30.
    ".if !((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30))",
    "push 0",
    ".endif",
    // push imm8: the sign extension of the upper half is cut off in velocity_trap.
    ".byte 0x6a, (vector & 0xff)",
    ".if (vector == 2) || (vector == 8) || (vector == 18)",
    "jmp velocity_fatal",
    ".else",
    "jmp velocity_trap",
    ".endif",
    ".set vector, vector + 1",
    ".endr",
    ".balign 16",
    // rcx = return address, r11 = flags, rsp = the user's. rsp serves as pointer to the registers: nothing can push on
    // it, as interrupts are off and what is not maskable has a stack of its own.
    ".globl velocity_syscall",
    "velocity_syscall:",
    "swapgs",
    "mov gs:[{scratch}], rsp",
    "mov rsp, gs:[{current}]",
    "mov [rsp + 0], rax",
    "mov [rsp + 8], rbx",
    "mov [rsp + 16], rcx",
    "mov [rsp + 24], rdx",
    "mov [rsp + 32], rsi",
    "mov [rsp + 40], rdi",
    "mov [rsp + 48], rbp",
    "mov [rsp + 56], r8",
    "mov [rsp + 64], r9",
    "mov [rsp + 72], r10",
    "mov [rsp + 80], r11",
    "mov [rsp + 88], r12",
    "mov [rsp + 96], r13",
    "mov [rsp + 104], r14",
    "mov [rsp + 112], r15",
    "mov [rsp + {rip}], rcx",
    "mov [rsp + {rflags}], r11",
    "mov rax, gs:[{scratch}]",
    "mov [rsp + {rsp_}], rax",
    "mov qword ptr [rsp + {by_iret}], 0",
    "cmp qword ptr gs:[{has_fsgsbase}], 0",
    "je 2f",
    "rdfsbase rax",
    "mov [rsp + {fs_base}], rax",
    "2:",
    "mov rsp, gs:[{stack_top}]",
    "call {on_syscall}",
    "jmp velocity_resume",
    ".balign 16",
    // Stack: vector, code, rip, cs, rflags, rsp, ss.
    "velocity_trap:",
    "test byte ptr [rsp + 24], 3",
    "jz velocity_trap_kernel",
    "swapgs",
    "mov gs:[{scratch}], rax",
    "mov rax, gs:[{current}]",
    "mov [rax + 8], rbx",
    "mov [rax + 16], rcx",
    "mov [rax + 24], rdx",
    "mov [rax + 32], rsi",
    "mov [rax + 40], rdi",
    "mov [rax + 48], rbp",
    "mov [rax + 56], r8",
    "mov [rax + 64], r9",
    "mov [rax + 72], r10",
    "mov [rax + 80], r11",
    "mov [rax + 88], r12",
    "mov [rax + 96], r13",
    "mov [rax + 104], r14",
    "mov [rax + 112], r15",
    "mov rbx, gs:[{scratch}]",
    "mov [rax + 0], rbx",
    "mov rbx, [rsp + 16]",
    "mov [rax + {rip}], rbx",
    "mov rbx, [rsp + 32]",
    "mov [rax + {rflags}], rbx",
    "mov rbx, [rsp + 40]",
    "mov [rax + {rsp_}], rbx",
    "mov qword ptr [rax + {by_iret}], 1",
    "cmp qword ptr gs:[{has_fsgsbase}], 0",
    "je 2f",
    "rdfsbase rbx",
    "mov [rax + {fs_base}], rbx",
    "2:",
    "movzx edi, byte ptr [rsp]",
    "mov rsi, [rsp + 8]",
    "mov rsp, gs:[{stack_top}]",
    // The user's DF and AC must not reach Rust.
    "push 2",
    "popfq",
    "call {on_trap}",
    "jmp velocity_resume",
    // From the idle loop an interrupt starts over; an exception is the kernel's own.
    "velocity_trap_kernel:",
    "cmp byte ptr [rsp], 32",
    "jb velocity_report",
    "movzx edi, byte ptr [rsp]",
    "mov rsp, gs:[{stack_top}]",
    "xor esi, esi",
    "call {on_trap}",
    "jmp velocity_resume",
    // Any state is possible: the GS base is looked at, not inferred. A kernel address has its top bit set.
    "velocity_fatal:",
    "push rax",
    "push rcx",
    "push rdx",
    "mov ecx, {msr_gs_base}",
    "rdmsr",
    "test edx, edx",
    "js 2f",
    "swapgs",
    "2:",
    "pop rdx",
    "pop rcx",
    "pop rax",
    "velocity_report:",
    "cld",
    "push r15",
    "push r14",
    "push r13",
    "push r12",
    "push r11",
    "push r10",
    "push r9",
    "push r8",
    "push rbp",
    "push rdi",
    "push rsi",
    "push rdx",
    "push rcx",
    "push rbx",
    "push rax",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {on_fatal}",
    "ud2",
    ".balign 16",
    ".globl velocity_resume",
    "velocity_resume:",
    "mov rsp, gs:[{stack_top}]",
    "mov rdi, gs:[{current}]",
    "test rdi, rdi",
    "jz 9f",
    // Addresses outside the user half would fault in the kernel, at the latest in iret or sysret.
    "mov rdx, [rdi + {rip}]",
    "mov rax, [rdi + {fs_base}]",
    "mov rcx, rdx",
    "or rcx, rax",
    "shr rcx, 47",
    "jnz 8f",
    "mov rbx, gs:[{has_fsgsbase}]",
    "test rbx, rbx",
    "jz 3f",
    "wrfsbase rax",
    "swapgs",
    "xor eax, eax",
    "wrgsbase rax",
    "jmp 4f",
    "3:",
    "mov rdx, rax",
    "shr rdx, 32",
    "mov ecx, {msr_fs_base}",
    "wrmsr",
    "swapgs",
    "4:",
    "mov r11, [rdi + {rflags}]",
    "and r11, {allowed}",
    "or r11, {forced}",
    "mov rbx, [rdi + 8]",
    "mov rdx, [rdi + 24]",
    "mov rsi, [rdi + 32]",
    "mov rbp, [rdi + 48]",
    "mov r8, [rdi + 56]",
    "mov r9, [rdi + 64]",
    "mov r10, [rdi + 72]",
    "mov r12, [rdi + 88]",
    "mov r13, [rdi + 96]",
    "mov r14, [rdi + 104]",
    "mov r15, [rdi + 112]",
    "cmp qword ptr [rdi + {by_iret}], 0",
    "jne 5f",
    "mov rax, [rdi + 0]",
    "mov rcx, [rdi + {rip}]",
    "mov rsp, [rdi + {rsp_}]",
    "mov rdi, [rdi + 40]",
    "sysretq",
    "5:",
    "push {user_data}",
    "push qword ptr [rdi + {rsp_}]",
    "push r11",
    "push {user_code}",
    "push qword ptr [rdi + {rip}]",
    "mov rax, [rdi + 0]",
    "mov rcx, [rdi + 16]",
    "mov r11, [rdi + 80]",
    "mov rdi, [rdi + 40]",
    "iretq",
    // Unfit to run: told to the hook as a general protection fault of the thread.
    "8:",
    "mov rdi, rdx",
    "call {on_unfit}",
    "jmp velocity_resume",
    // Nothing to run. An interrupt that is pending here arrives after hlt has begun, so none is slept through.
    "9:",
    "sti",
    "hlt",
    "jmp 9b",
    scratch = const percore::SCRATCH,
    current = const percore::CURRENT,
    stack_top = const percore::STACK_TOP,
    has_fsgsbase = const percore::HAS_FSGSBASE,
    rip = const offset_of!(UserContext, rip),
    rsp_ = const offset_of!(UserContext, rsp),
    rflags = const offset_of!(UserContext, rflags),
    fs_base = const offset_of!(UserContext, fs_base),
    by_iret = const offset_of!(UserContext, return_by_iret),
    msr_gs_base = const cpu::MSR_GS_BASE,
    msr_fs_base = const cpu::MSR_FS_BASE,
    allowed = const RFLAGS_ALLOWED,
    forced = const RFLAGS_FORCED,
    user_data = const gdt::USER_DATA,
    user_code = const gdt::USER_CODE,
    on_syscall = sym on_syscall,
    on_trap = sym on_trap,
    on_fatal = sym on_fatal,
    on_unfit = sym on_unfit,
);

extern "sysv64" fn on_syscall() {
    if let Some(hooks) = hooks() {
        (hooks.syscall)();
    }
}

extern "sysv64" fn on_unfit(rip: u64) {
    match hooks() {
        Some(hooks) => (hooks.exception)(13, 0, rip),
        None => percore::set_current(ptr::null_mut()),
    }
}

extern "sysv64" fn on_trap(vector: u64, code: u64) {
    if vector < 32 {
        let address = if vector == u64::from(idt::PAGE_FAULT) {
            fault_address()
        } else {
            0
        };
        match hooks() {
            Some(hooks) => (hooks.exception)(vector, code, address),
            None => percore::set_current(ptr::null_mut()),
        }
        return;
    }
    match vector as u8 {
        // Not a real interrupt: it must not be acknowledged (Intel SDM Vol. 3A, 11.9).
        apic::SPURIOUS_VECTOR => return,
        apic::SHOOTDOWN_VECTOR => shootdown::service_pending(),
        _ => {
            if let Some(hooks) = hooks() {
                (hooks.interrupt)(vector);
            }
        }
    }
    apic::eoi();
}

fn fault_address() -> u64 {
    let address: u64;
    // SAFETY: reading CR2 changes nothing.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) }
    address
}

/// Registers at an exception of the kernel, as `velocity_report` pushes them.
#[repr(C)]
struct Report {
    /// rax rbx rcx rdx rsi rdi rbp r8 to r15.
    registers: [u64; 15],
    /// Its low byte counts.
    vector: u64,
    code: u64,
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
    ss: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 15] = [
            "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12",
            "r13", "r14", "r15",
        ];
        let vector = self.vector as u8;
        writeln!(
            f,
            "exception {vector} ({}) at rip {:#018x}",
            exception_name(vector),
            self.rip
        )?;
        writeln!(
            f,
            "  code {:#x}  cr2 {:#018x}  rsp {:#018x}  rflags {:#x}  cs {:#x}  ss {:#x}",
            self.code,
            fault_address(),
            self.rsp,
            self.rflags,
            self.cs,
            self.ss
        )?;
        for (index, (name, value)) in NAMES.iter().zip(&self.registers).enumerate() {
            write!(f, "  {name:<3} {value:#018x}")?;
            if index % 3 == 2 {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

fn exception_name(vector: u8) -> &'static str {
    const NAMES: [&str; 22] = [
        "divide error",
        "debug",
        "non-maskable interrupt",
        "breakpoint",
        "overflow",
        "bound range",
        "invalid opcode",
        "no FPU",
        "double fault",
        "reserved",
        "invalid task state",
        "segment not present",
        "stack segment",
        "general protection",
        "page fault",
        "reserved",
        "x87 error",
        "alignment check",
        "machine check",
        "SIMD error",
        "virtualization",
        "control protection",
    ];
    NAMES.get(usize::from(vector)).unwrap_or(&"reserved")
}

extern "sysv64" fn on_fatal(report: *const Report) -> ! {
    // SAFETY: `velocity_report` has just pushed the whole frame below the one that the processor pushed.
    let report = unsafe { &*report };
    if report.vector as u8 == idt::NMI && serial::is_panicking() {
        cpu::halt();
    }
    panic!("{report}");
}
