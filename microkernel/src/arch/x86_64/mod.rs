//! The x86-64 platform: all that touches the processor and its interrupt controllers.
//!
//! The rest of the kernel sees plain functions over cores, page-table entries, saved registers and interrupt vectors.
//! It runs with interrupts off on one stack a core, is entered by [`entry`] for each event, and leaves by returning:
//! the core then resumes whatever [`percore::current`] names, or sleeps.
//!
//! Bring-up order, which `main.rs` follows: [`start_first_core`], [`apic::init`], [`ioapic::init`], [`smp::start`].

pub mod apic;
pub mod context;
pub mod cpu;
pub mod entry;
pub mod fpu;
pub mod gdt;
pub mod idt;
pub mod ioapic;
pub mod paging;
pub mod percore;
pub mod serial;
pub mod shootdown;
pub mod smp;
pub mod tsc;

/// Prepares the core that the machine starts on: descriptor tables, control registers, FPU, its own guarded stack's
/// neighbours and a kernel half without the loader's identity mapping.
///
/// # Safety
///
/// Called once, first, on the boot core with interrupts off and the loader's page tables loaded.
pub unsafe fn start_first_core() {
    let features = cpu::Features::detect();
    // SAFETY: (1) the caller vouches that this is the first call on the only running core; (2) core 0's block and
    // stacks are statics that nobody else uses before this.
    unsafe {
        cpu::init_core(&features);
        percore::install(0, 0, &features);
        gdt::load(0);
        idt::build();
        idt::load();
        entry::init_core();
        fpu::init_core(&features);
        paging::init_first();
    }
}

/// Prepares a further core in the same way, with the page tables of the first.
///
/// # Safety
///
/// Called once for each `core`, on that core, with interrupts off; `core` is below [`percore::CORES_MAX`].
pub(crate) unsafe fn start_other_core(core: usize, apic_id: u32) {
    let features = cpu::Features::detect();
    // SAFETY: (1) this core is the only user of block `core`, by the caller's word; (2) the first core has built the
    // interrupt table and the page tables before it started this one.
    unsafe {
        cpu::init_core(&features);
        percore::install(core, apic_id, &features);
        gdt::load(core);
        idt::load();
        entry::init_core();
        fpu::init_core(&features);
        paging::init_other();
    }
    apic::init_core();
}
