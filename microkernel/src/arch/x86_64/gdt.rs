//! Segment descriptors and the task state, one set a core.
//!
//! Long mode uses segments only for privilege levels. Their order is what `sysret` demands: user data before user code.
//! The task state holds the two stacks the processor switches to: the core's kernel stack for what comes from user
//! mode, and the fatal stack for vectors that must work even when the kernel stack does not.

use core::arch::asm;

use super::percore;

/// Kernel code.
pub(super) const KERNEL_CODE: u16 = 0x08;
/// Kernel data.
pub(super) const KERNEL_DATA: u16 = 0x10;
/// User data, with the user's privilege level.
pub(super) const USER_DATA: u16 = 0x18 | 3;
/// User code, with the user's privilege level.
pub(super) const USER_CODE: u16 = 0x20 | 3;
const TASK: u16 = 0x28;
/// `IA32_STAR`: `syscall` loads the kernel's pair, `sysret` adds 8 and 16 to the upper selector.
pub(super) const STAR: u64 = (KERNEL_DATA as u64 | 3) << 48 | (KERNEL_CODE as u64) << 32;

/// The 64-bit task state (Intel SDM Vol. 3A, 8.7).
#[repr(C, packed(4))]
struct TaskState {
    reserved0: u32,
    stacks: [u64; 3],
    reserved1: u64,
    interrupt_stacks: [u64; 7],
    reserved2: u64,
    reserved3: u16,
    io_map: u16,
}

/// One core's tables.
#[repr(C, align(16))]
pub(super) struct Descriptors {
    segments: [u64; 7],
    task: TaskState,
}

impl Descriptors {
    pub(super) const EMPTY: Self = Self {
        segments: [
            0,
            0x00af_9b00_0000_ffff,
            0x00cf_9300_0000_ffff,
            0x00cf_f300_0000_ffff,
            0x00af_fb00_0000_ffff,
            0,
            0,
        ],
        task: TaskState {
            reserved0: 0,
            stacks: [0; 3],
            reserved1: 0,
            interrupt_stacks: [0; 7],
            reserved2: 0,
            reserved3: 0,
            // Past the limit: no port is open to user mode.
            io_map: size_of::<TaskState>() as u16,
        },
    };
}

/// What `lgdt` and `lidt` read.
#[repr(C, packed)]
pub(super) struct TablePointer {
    pub(super) limit: u16,
    pub(super) base: u64,
}

/// Loads the tables of `core`. The GS base keeps its value.
///
/// # Safety
///
/// Called once for each `core`, on that core, after `percore::install`.
pub(super) unsafe fn load(core: usize) {
    let block = percore::block(core);
    // SAFETY: (1) this core is the only user of its block and the processor does not use these tables yet; (2) they
    // are statics, so they outlive their use; (3) the selectors are those of `EMPTY`; (4) a null GS selector would
    // clear the base on some processors, so FS and GS are left alone.
    unsafe {
        let tables = &mut (*block).descriptors;
        tables.task.stacks[0] = percore::stack_top(core);
        tables.task.interrupt_stacks[0] = percore::fatal_stack_top(core);
        let base = &raw const tables.task as u64;
        let limit = size_of::<TaskState>() as u64 - 1;
        let low = (base & 0xff_ffff) << 16 | (base >> 24 & 0xff) << 56;
        tables.segments[5] = limit | low | 0x89 << 40;
        tables.segments[6] = base >> 32;
        let pointer = TablePointer {
            limit: size_of_val(&tables.segments) as u16 - 1,
            base: &raw const tables.segments as u64,
        };
        asm!(
            "lgdt [{pointer}]",
            "push {code}",
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "mov ds, {data:e}",
            "mov es, {data:e}",
            "mov ss, {data:e}",
            "ltr {task:x}",
            pointer = in(reg) &pointer,
            code = const KERNEL_CODE,
            data = in(reg) u32::from(KERNEL_DATA),
            task = in(reg) TASK,
            scratch = out(reg) _,
        );
    }
}

const _: () = assert!(size_of::<TaskState>() == 104);
