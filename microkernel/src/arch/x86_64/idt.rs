//! The interrupt descriptor table: one for all cores, written once by the first.

use core::arch::asm;
use core::cell::UnsafeCell;

use super::entry;
use super::gdt::{KERNEL_CODE, TablePointer};

/// Vectors that use the fatal stack: they can strike between any two instructions, or because a stack is broken.
pub(super) const FATAL_VECTORS: [u8; 3] = [NMI, DOUBLE_FAULT, MACHINE_CHECK];
/// The non-maskable interrupt: how a panicking core stops the others.
pub(super) const NMI: u8 = 2;
const BREAKPOINT: u8 = 3;
const DOUBLE_FAULT: u8 = 8;
/// The page fault, which leaves its address in `CR2`.
pub(super) const PAGE_FAULT: u8 = 14;
const MACHINE_CHECK: u8 = 18;

/// Present, 64-bit interrupt gate: interrupts stay off.
const GATE: u64 = 0x8e << 40;
const USER_CALLABLE: u64 = 3 << 45;
const FATAL_STACK: u64 = 1 << 32;

#[repr(C, align(4096))]
struct Table(UnsafeCell<[[u64; 2]; 256]>);

// SAFETY: written by `build` alone, before a second core runs; afterwards only processors read it.
unsafe impl Sync for Table {}

static TABLE: Table = Table(UnsafeCell::new([[0; 2]; 256]));

/// Points every vector at its stub.
///
/// # Safety
///
/// Called once, on the first core, before another runs.
pub(super) unsafe fn build() {
    let mut gates = [[0; 2]; 256];
    for (vector, gate) in gates.iter_mut().enumerate() {
        let handler = entry::stub(vector as u8);
        let mut low = handler & 0xffff | (handler >> 16 & 0xffff) << 48;
        low |= u64::from(KERNEL_CODE) << 16 | GATE;
        if FATAL_VECTORS.contains(&(vector as u8)) {
            low |= FATAL_STACK;
        }
        if vector as u8 == BREAKPOINT {
            low |= USER_CALLABLE;
        }
        *gate = [low, handler >> 32];
    }
    // SAFETY: nobody else uses the table yet, by the caller's word.
    unsafe { *TABLE.0.get() = gates };
}

/// Loads the table on this core.
///
/// # Safety
///
/// After [`build`] and `gdt::load`.
pub(super) unsafe fn load() {
    let pointer = TablePointer {
        limit: size_of::<Table>() as u16 - 1,
        base: TABLE.0.get() as u64,
    };
    // SAFETY: the table is a static whose gates lead to stubs in kernel text.
    unsafe { asm!("lidt [{}]", in(reg) &pointer, options(readonly, nostack, preserves_flags)) }
}
