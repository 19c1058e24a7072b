//! The time stamp counter, the kernel's clock.
//!
//! Its rate is measured once against the PIT, whose rate is fixed at 1.193182 MHz: CPUID leaf 15h is missing on AMD
//! processors and under emulation. Both counters are read as close together as possible, twice, 10 ms apart. A host that
//! takes the processor away between the two readings does no harm, and one that does so within a reading is noticed:
//! of several attempts the tightest counts.

use core::arch::x86_64::{_mm_lfence, _rdtsc};
use core::sync::atomic::{AtomicU64, Ordering};

use super::cpu;

const PIT_HZ: u64 = 1_193_182;
/// PIT ticks between the readings: 10 ms.
const RUN_TICKS: u16 = 11_932;
/// What the PIT counts down from: 55 ms.
const PIT_START: u16 = u16::MAX;
/// Attempts at one reading.
const ATTEMPTS: usize = 8;
/// Runs until one is not overtaken by the end of the count.
const RUNS_MAX: usize = 20;
/// How long a run may take before the PIT counts as missing: above 55 ms on any processor.
const RUN_CYCLES_MAX: u64 = 1 << 32;
const PIT_CHANNEL2: u16 = 0x42;
const PIT_COMMAND: u16 = 0x43;
const PIT_GATE: u16 = 0x61;

static HZ: AtomicU64 = AtomicU64::new(0);

/// The counter now, not before what comes before it in the program.
pub fn now() -> u64 {
    // SAFETY: both instructions exist on every x86-64 processor and touch no memory.
    unsafe {
        _mm_lfence();
        _rdtsc()
    }
}

/// Cycles a second; 0 before [`super::apic::init`].
pub fn hz() -> u64 {
    HZ.load(Ordering::Relaxed)
}

pub(super) fn set_hz(hz: u64) {
    HZ.store(hz, Ordering::Relaxed);
}

/// Three counters at one moment.
#[derive(Clone, Copy)]
struct Reading {
    tsc: u64,
    pit: u16,
    counter: u32,
    /// Cycles that reading took.
    width: u64,
}

/// Counts TSC cycles and `counter` steps (which counts down) a second.
pub(super) fn measure(counter: impl Fn() -> u32) -> (u64, u64) {
    for _ in 0..RUNS_MAX {
        start_pit();
        let first = read(&counter);
        while PIT_START - read_pit() < RUN_TICKS && !is_pit_done() {
            assert!(
                now() - first.tsc < RUN_CYCLES_MAX,
                "the PIT does not count: no clock to measure the TSC with"
            );
        }
        let last = read(&counter);
        // Past its end the PIT counts on from the top, so its readings would lie.
        if is_pit_done() || first.pit <= last.pit {
            continue;
        }
        let ticks = u64::from(first.pit - last.pit);
        let steps = u64::from(first.counter.wrapping_sub(last.counter));
        return (
            (last.tsc - first.tsc) * PIT_HZ / ticks,
            steps * PIT_HZ / ticks,
        );
    }
    panic!("the host is too busy to measure the TSC against the PIT");
}

/// The tightest of several readings.
fn read(counter: &impl Fn() -> u32) -> Reading {
    let attempt = || {
        let start = now();
        let (pit, counter) = (read_pit(), counter());
        let width = now() - start;
        Reading {
            tsc: start + width / 2,
            pit,
            counter,
            width,
        }
    };
    let mut best = attempt();
    for _ in 1..ATTEMPTS {
        let next = attempt();
        if next.width < best.width {
            best = next;
        }
    }
    best
}

/// Starts channel 2 in mode 0: its output rises when the count is over.
fn start_pit() {
    // SAFETY: these ports belong to the PIT and the speaker gate; they reach no memory.
    unsafe {
        // Gate on, speaker off.
        let gate = cpu::port_read(PIT_GATE) & !0b10 | 1;
        cpu::port_write(PIT_GATE, gate);
        cpu::port_write(PIT_COMMAND, 0b1011_0000);
        cpu::port_write(PIT_CHANNEL2, PIT_START as u8);
        cpu::port_write(PIT_CHANNEL2, (PIT_START >> 8) as u8);
    }
}

fn read_pit() -> u16 {
    // SAFETY: as in `start_pit`. The latch keeps the two bytes of one moment.
    unsafe {
        cpu::port_write(PIT_COMMAND, 0b1000_0000);
        let low = cpu::port_read(PIT_CHANNEL2);
        let high = cpu::port_read(PIT_CHANNEL2);
        u16::from_le_bytes([low, high])
    }
}

fn is_pit_done() -> bool {
    // SAFETY: as in `start_pit`.
    unsafe { cpu::port_read(PIT_GATE) & 0b10_0000 != 0 }
}

/// Waits without sleeping.
pub(super) fn spin_us(us: u64) {
    let end = now() + us * hz() / 1_000_000;
    while now() < end {
        core::hint::spin_loop();
    }
}
