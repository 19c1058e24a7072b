//! What each core has for itself: its block, found through the GS base, and its stacks.
//!
//! The block's first words are at fixed offsets that the entry code uses. A block is written by its own core only, after
//! `install`; other cores read nothing but the atomic `apic_id`.
//!
//! Stacks are statics with a guard page below each, which `paging::init_first` unmaps: an overflow then faults on the
//! guard, on the double-fault stack, instead of destroying what lies below.

use core::cell::UnsafeCell;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use protocol::abi::layout::PAGE_SIZE;

use super::context::UserContext;
use super::cpu::{self, Features};
use super::gdt::Descriptors;

/// The most cores that are used; more stay asleep. Statics are sized by this.
pub const CORES_MAX: usize = 16;
/// Bytes of a core's kernel stack, without its guard page.
pub const STACK_LEN: usize = 32 << 10;
/// Bytes of the stack for faults that may strike while the kernel stack is unusable.
pub const FATAL_STACK_LEN: usize = 16 << 10;

/// One core's block.
#[repr(C, align(64))]
pub struct PerCore {
    current: *mut UserContext,
    stack_top: u64,
    scratch: u64,
    has_fsgsbase: u64,
    core: u64,
    apic_id: AtomicU32,
    /// The core's segment descriptors and task state.
    pub(super) descriptors: Descriptors,
}

/// Offset of the running thread's registers.
pub(super) const CURRENT: usize = offset_of!(PerCore, current);
/// Offset of the top of the kernel stack.
pub(super) const STACK_TOP: usize = offset_of!(PerCore, stack_top);
/// Offset of a word that the entry code parks one register in.
pub(super) const SCRATCH: usize = offset_of!(PerCore, scratch);
/// Offset of a word that is 1 where `rdfsbase` and its kin work.
pub(super) const HAS_FSGSBASE: usize = offset_of!(PerCore, has_fsgsbase);
const CORE: usize = offset_of!(PerCore, core);

#[repr(transparent)]
struct Block(UnsafeCell<PerCore>);

// SAFETY: each block is used by its own core alone, besides `apic_id`, which is atomic (module header).
unsafe impl Sync for Block {}

static BLOCKS: [Block; CORES_MAX] = [const {
    Block(UnsafeCell::new(PerCore {
        current: ptr::null_mut(),
        stack_top: 0,
        scratch: 0,
        has_fsgsbase: 0,
        core: 0,
        apic_id: AtomicU32::new(0),
        descriptors: Descriptors::EMPTY,
    }))
}; CORES_MAX];

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A core's stacks, each above its guard page.
#[repr(C, align(4096))]
struct Stacks {
    guard: UnsafeCell<[u8; PAGE_SIZE as usize]>,
    kernel: UnsafeCell<[u8; STACK_LEN]>,
    fatal_guard: UnsafeCell<[u8; PAGE_SIZE as usize]>,
    fatal: UnsafeCell<[u8; FATAL_STACK_LEN]>,
}

// SAFETY: stacks are never reached through this static, only through the stack pointer of the core that owns them.
unsafe impl Sync for Stacks {}

static STACKS: [Stacks; CORES_MAX] = [const {
    Stacks {
        guard: UnsafeCell::new([0; PAGE_SIZE as usize]),
        kernel: UnsafeCell::new([0; STACK_LEN]),
        fatal_guard: UnsafeCell::new([0; PAGE_SIZE as usize]),
        fatal: UnsafeCell::new([0; FATAL_STACK_LEN]),
    }
}; CORES_MAX];

/// Fills in the block of `core` and points this core's GS base at it.
///
/// # Safety
///
/// Called once for each `core`, on that core, before anything else here.
pub(super) unsafe fn install(core: usize, apic_id: u32, features: &Features) {
    let block = block(core);
    // SAFETY: this core is the block's only user, by the caller's word, and has not used it yet.
    unsafe {
        (*block).current = ptr::null_mut();
        (*block).stack_top = stack_top(core);
        (*block).has_fsgsbase = u64::from(features.has_fsgsbase);
        (*block).core = core as u64;
        (*block).apic_id.store(apic_id, Ordering::Relaxed);
        cpu::write_msr(cpu::MSR_GS_BASE, block as u64);
        cpu::write_msr(cpu::MSR_KERNEL_GS_BASE, 0);
    }
    COUNT.fetch_add(1, Ordering::Release);
}

/// This core's number: 0 for the one that booted.
pub fn core_id() -> usize {
    let core: u64;
    // SAFETY: the GS base is this core's block from `install` on, for as long as the kernel runs.
    unsafe {
        core::arch::asm!("mov {}, gs:[{}]", out(reg) core, const CORE,
            options(nostack, preserves_flags, readonly));
    }
    core as usize
}

/// The registers of the thread that this core resumes when the kernel returns; null to sleep.
pub fn current() -> *mut UserContext {
    let current: *mut UserContext;
    // SAFETY: as in `core_id`.
    unsafe {
        core::arch::asm!("mov {}, gs:[{}]", out(reg) current, const CURRENT,
            options(nostack, preserves_flags, readonly));
    }
    current
}

/// Sets what this core resumes.
///
/// `context` is null or stays valid, and unused by other cores, until this is called again on this core: the entry code
/// writes to it.
pub fn set_current(context: *mut UserContext) {
    // SAFETY: as in `core_id`.
    unsafe {
        core::arch::asm!("mov gs:[{}], {}", const CURRENT, in(reg) context,
            options(nostack, preserves_flags));
    }
}

/// The number of running cores. They are numbered from 0 without gaps.
pub fn core_count() -> usize {
    COUNT.load(Ordering::Acquire)
}

/// The interrupt controller's number for a core.
pub fn apic_id(core: usize) -> u32 {
    assert!(core < CORES_MAX);
    let block = block(core);
    // SAFETY: blocks are statics, and the field is atomic.
    unsafe { (*block).apic_id.load(Ordering::Relaxed) }
}

pub(super) fn set_apic_id(core: usize, apic_id: u32) {
    let block = block(core);
    // SAFETY: blocks are statics, and the field is atomic.
    unsafe { (*block).apic_id.store(apic_id, Ordering::Relaxed) }
}

pub(super) fn block(core: usize) -> *mut PerCore {
    BLOCKS[core].0.get()
}

pub(super) fn stack_top(core: usize) -> u64 {
    STACKS[core].kernel.get() as u64 + STACK_LEN as u64
}

pub(super) fn fatal_stack_top(core: usize) -> u64 {
    STACKS[core].fatal.get() as u64 + FATAL_STACK_LEN as u64
}

/// The guard pages of all cores, as kernel addresses.
pub(super) fn guard_pages() -> impl Iterator<Item = u64> {
    STACKS
        .iter()
        .flat_map(|stacks| [stacks.guard.get() as u64, stacks.fatal_guard.get() as u64])
}
