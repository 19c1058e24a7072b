//! Each core's own interrupt controller: acknowledging, interrupts between cores, and the timer.
//!
//! Registers are reached through MSRs where the processor offers x2APIC, else through memory. The choice is made once,
//! by [`init`] on the first core, and is the same on all.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::cpu::{self, Features};
use super::{paging, percore, tsc};

/// The timer that [`timer_arm`] arms.
pub const TIMER_VECTOR: u8 = 0xf0;
/// For the scheduler: another core has work for this one.
pub const RESCHEDULE_VECTOR: u8 = 0xf1;
/// Served here, never seen by the hooks (see [`super::shootdown`]).
pub const SHOOTDOWN_VECTOR: u8 = 0xf2;
/// The controller's way to say that an interrupt went away.
pub const SPURIOUS_VECTOR: u8 = 0xff;
/// Vectors that devices may use.
pub const DEVICE_VECTORS: core::ops::Range<u8> = 0x30..TIMER_VECTOR;

const REG_ID: u32 = 0x20;
const REG_TASK_PRIORITY: u32 = 0x80;
const REG_EOI: u32 = 0xb0;
const REG_SPURIOUS: u32 = 0xf0;
const REG_ICR_LOW: u32 = 0x300;
const REG_ICR_HIGH: u32 = 0x310;
const REG_TIMER: u32 = 0x320;
const REG_LINT0: u32 = 0x350;
const REG_LINT1: u32 = 0x360;
const REG_ERROR: u32 = 0x370;
const REG_TIMER_INITIAL: u32 = 0x380;
const REG_TIMER_CURRENT: u32 = 0x390;
const REG_TIMER_DIVIDE: u32 = 0x3e0;

const MASKED: u32 = 1 << 16;
const SOFTWARE_ENABLE: u32 = 1 << 8;
const TIMER_TSC_DEADLINE: u32 = 0b10 << 17;
const DIVIDE_BY_16: u32 = 0b0011;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_X2APIC: u64 = 1 << 10;
const BASE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const X2APIC_MSRS: u32 = 0x800;
const DELIVERY_NMI: u32 = 0b100 << 8;
const DELIVERY_INIT: u32 = 0b101 << 8;
const DELIVERY_STARTUP: u32 = 0b110 << 8;
const LEVEL_ASSERT: u32 = 1 << 14;
const DELIVERY_PENDING: u32 = 1 << 12;

static IS_X2APIC: AtomicBool = AtomicBool::new(false);
static HAS_TSC_DEADLINE: AtomicBool = AtomicBool::new(false);
/// The registers' physmap address, where they are in memory.
static REGISTERS: AtomicU64 = AtomicU64::new(0);
/// Steps a second of the timer behind its divider.
static TIMER_HZ: AtomicU64 = AtomicU64::new(0);

/// Chooses the way to the registers, enables the first core's controller and measures TSC and timer.
///
/// # Safety
///
/// Called once, on the first core, after `start_first_core`; the controller's registers lie in the physmap.
pub unsafe fn init() {
    let features = Features::detect();
    // SAFETY: the register exists on every x86-64 processor.
    let base = unsafe { cpu::read_msr(cpu::MSR_APIC_BASE) };
    // Firmware may have switched already; there is no way back without a reset.
    let is_x2apic = features.has_x2apic || base & BASE_X2APIC != 0;
    IS_X2APIC.store(is_x2apic, Ordering::Relaxed);
    let registers = paging::phys_to_virt(base & BASE_ADDRESS);
    REGISTERS.store(registers as u64, Ordering::Release);
    init_core();
    percore::set_apic_id(0, id());

    write(REG_TIMER_INITIAL, u32::MAX);
    let (tsc_hz, timer_hz) = tsc::measure(|| read(REG_TIMER_CURRENT));
    write(REG_TIMER_INITIAL, 0);
    assert!(tsc_hz != 0 && timer_hz != 0, "a clock stands still");
    tsc::set_hz(tsc_hz);
    TIMER_HZ.store(timer_hz, Ordering::Relaxed);
    HAS_TSC_DEADLINE.store(features.has_tsc_deadline, Ordering::Relaxed);
    configure_timer();
}

/// Enables this core's controller.
pub(super) fn init_core() {
    // SAFETY: the register exists, and x2APIC is only chosen where it does; both enable bits in one write from
    // "enabled" is an allowed transition (Intel SDM Vol. 3A, 11.12.5).
    unsafe {
        let base = cpu::read_msr(cpu::MSR_APIC_BASE) | BASE_ENABLE;
        cpu::write_msr(cpu::MSR_APIC_BASE, base);
        if IS_X2APIC.load(Ordering::Relaxed) {
            cpu::write_msr(cpu::MSR_APIC_BASE, base | BASE_X2APIC);
        }
    }
    write(REG_TASK_PRIORITY, 0);
    write(REG_LINT0, MASKED);
    write(REG_LINT1, MASKED);
    write(REG_ERROR, MASKED);
    write(REG_TIMER_DIVIDE, DIVIDE_BY_16);
    configure_timer();
    write(REG_SPURIOUS, SOFTWARE_ENABLE | u32::from(SPURIOUS_VECTOR));
}

fn configure_timer() {
    let mode = if HAS_TSC_DEADLINE.load(Ordering::Relaxed) {
        TIMER_TSC_DEADLINE
    } else {
        0
    };
    write(REG_TIMER, mode | u32::from(TIMER_VECTOR));
}

/// This core's number in its own controller.
pub fn id() -> u32 {
    let id = read(REG_ID);
    if IS_X2APIC.load(Ordering::Relaxed) {
        id
    } else {
        id >> 24
    }
}

/// Whether MSRs are used.
pub fn is_x2apic() -> bool {
    IS_X2APIC.load(Ordering::Relaxed)
}

/// Acknowledges the interrupt being served. `entry` does it after the hook.
pub fn eoi() {
    write(REG_EOI, 0);
}

/// Interrupts a core.
pub fn send_ipi(core: usize, vector: u8) {
    send(percore::apic_id(core), u32::from(vector) | LEVEL_ASSERT);
}

/// Stops all other cores with a non-maskable interrupt, which reaches them even in the kernel.
pub(super) fn stop_others() {
    if REGISTERS.load(Ordering::Acquire) == 0 {
        return;
    }
    let this = percore::core_id();
    for core in (0..percore::core_count()).filter(|core| *core != this) {
        send(percore::apic_id(core), DELIVERY_NMI | LEVEL_ASSERT);
    }
}

/// Resets a core and leaves it waiting for [`send_startup`].
pub(super) fn send_init(apic_id: u32) {
    send(apic_id, DELIVERY_INIT | LEVEL_ASSERT);
}

/// Starts a waiting core in real mode at page number `page`.
pub(super) fn send_startup(apic_id: u32, page: u8) {
    send(apic_id, DELIVERY_STARTUP | LEVEL_ASSERT | u32::from(page));
}

fn send(apic_id: u32, command: u32) {
    if IS_X2APIC.load(Ordering::Relaxed) {
        // The MSR write does not wait for earlier stores, which the other core is meant to see.
        // SAFETY: fences always work; x2APIC is on.
        unsafe {
            core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags));
            let command = u64::from(apic_id) << 32 | u64::from(command);
            cpu::write_msr(X2APIC_MSRS + (REG_ICR_LOW >> 4), command);
        }
        return;
    }
    while read(REG_ICR_LOW) & DELIVERY_PENDING != 0 {
        core::hint::spin_loop();
    }
    write(REG_ICR_HIGH, apic_id << 24);
    write(REG_ICR_LOW, command);
}

/// Makes this core's timer fire once, at the TSC value `deadline`, or at once if that has passed.
///
/// Where the timer counts on its own, a deadline further away than its 32 bits reach fires early: whoever is woken
/// looks at the clock and arms again.
pub fn timer_arm(deadline: u64) {
    if HAS_TSC_DEADLINE.load(Ordering::Relaxed) {
        // SAFETY: the register exists. 0 would disarm. x2APIC's mode write may still be under way: `mfence` orders it.
        unsafe {
            core::arch::asm!("mfence", options(nostack, preserves_flags));
            cpu::write_msr(cpu::MSR_TSC_DEADLINE, deadline.max(1));
        }
        return;
    }
    let cycles = u128::from(deadline.saturating_sub(tsc::now()));
    let steps = cycles * u128::from(TIMER_HZ.load(Ordering::Relaxed)) / u128::from(tsc::hz());
    // Rounded up, so that the deadline has passed when it fires.
    let count = u32::try_from(steps + 1).unwrap_or(u32::MAX);
    write(REG_TIMER_INITIAL, count);
}

/// Disarms this core's timer. An interrupt that is pending already still arrives.
pub fn timer_stop() {
    if HAS_TSC_DEADLINE.load(Ordering::Relaxed) {
        // SAFETY: the register exists.
        unsafe { cpu::write_msr(cpu::MSR_TSC_DEADLINE, 0) };
    } else {
        write(REG_TIMER_INITIAL, 0);
    }
}

/// Cycles of the TSC a second.
pub fn tsc_hz() -> u64 {
    tsc::hz()
}

fn read(register: u32) -> u32 {
    if IS_X2APIC.load(Ordering::Relaxed) {
        // SAFETY: x2APIC is on, and every register of this module exists in it.
        return unsafe { cpu::read_msr(X2APIC_MSRS + (register >> 4)) } as u32;
    }
    let address = REGISTERS.load(Ordering::Relaxed) + u64::from(register);
    // SAFETY: `init` stored the registers' physmap address; the controller is one page.
    unsafe { (address as *const u32).read_volatile() }
}

fn write(register: u32, value: u32) {
    if IS_X2APIC.load(Ordering::Relaxed) {
        // SAFETY: as in `read`; the values are ones that the registers take.
        unsafe { cpu::write_msr(X2APIC_MSRS + (register >> 4), u64::from(value)) };
        return;
    }
    let address = REGISTERS.load(Ordering::Relaxed) + u64::from(register);
    // SAFETY: as in `read`.
    unsafe { (address as *mut u32).write_volatile(value) }
}
