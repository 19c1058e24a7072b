//! The FPU state of a thread: x87, SSE, and AVX where the processor has it.
//!
//! A state area is [`AREA_LEN`] bytes, aligned to 64. `xsaveopt` skips what has not changed since the last restore from
//! the same area; so an area is restored on the core that later saves to it, every time, and not written in between.

use core::arch::asm;
use core::arch::x86_64::__cpuid_count;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use super::cpu::Features;

/// Bytes of a state area, part of every thread object.
pub const AREA_LEN: usize = 3072;
/// What `init` gives a thread: x87 as after `fninit`, all SSE exceptions masked.
const FCW: u16 = 0x37f;
const MXCSR: u32 = 0x1f80;
const X87_SSE: u64 = 0b11;
const AVX: u64 = 0b100;
const AVX512: u64 = 0b1110_0000;

const FXSAVE: u8 = 0;
const XSAVE: u8 = 1;
const XSAVEOPT: u8 = 2;
static METHOD: AtomicU8 = AtomicU8::new(FXSAVE);
static STATE_LEN: AtomicUsize = AtomicUsize::new(512);

/// Chooses the components to save. All cores are alike.
///
/// # Safety
///
/// On each core after `cpu::init_core` with the same `features`.
pub(super) unsafe fn init_core(features: &Features) {
    if features.has_xsave {
        let offered = __cpuid_count(0xd, 0);
        let offered = u64::from(offered.edx) << 32 | u64::from(offered.eax);
        let mut components = X87_SSE;
        if features.has_avx && offered & AVX != 0 {
            components |= AVX;
            if features.has_avx512 && offered & AVX512 == AVX512 {
                components |= AVX512;
            }
        }
        // SAFETY: CR4.OSXSAVE is set, and all components are offered, in the combinations that are allowed.
        let mut len = unsafe { select(components) };
        if len > AREA_LEN {
            // SAFETY: a subset that is always allowed.
            len = unsafe { select(X87_SSE | components & AVX) };
        }
        assert!(len <= AREA_LEN, "x87, SSE and AVX take 832 bytes");
        STATE_LEN.store(len, Ordering::Relaxed);
        let method = if features.has_xsaveopt {
            XSAVEOPT
        } else {
            XSAVE
        };
        METHOD.store(method, Ordering::Relaxed);
    }
    // SAFETY: the FPU is enabled (CR0.EM and CR0.TS are clear).
    unsafe { asm!("fninit", options(nomem, nostack)) }
}

/// Enables state components and returns the bytes they take.
///
/// # Safety
///
/// `xsave` is enabled and takes `components`.
unsafe fn select(components: u64) -> usize {
    // SAFETY: by the caller's word.
    unsafe {
        asm!("xsetbv", in("ecx") 0, in("eax") components as u32,
            in("edx") (components >> 32) as u32, options(nomem, nostack, preserves_flags));
    }
    __cpuid_count(0xd, 0).ebx as usize
}

/// Bytes of an area that are in use on this machine.
pub fn state_len() -> usize {
    STATE_LEN.load(Ordering::Relaxed)
}

/// Saves this core's FPU state.
///
/// # Safety
///
/// `area` is [`AREA_LEN`] writable bytes at a multiple of 64, once given to [`init`], and the one that this core last
/// restored from.
pub unsafe fn save(area: *mut u8) {
    // SAFETY: the area is large enough for all enabled components, by `init_core`'s check, and aligned and owned by the
    // caller's word; the mask covers what is enabled.
    unsafe {
        match METHOD.load(Ordering::Relaxed) {
            XSAVEOPT => asm!("xsaveopt64 [{}]", in(reg) area, in("eax") u32::MAX,
                in("edx") u32::MAX, options(nostack, preserves_flags)),
            XSAVE => asm!("xsave64 [{}]", in(reg) area, in("eax") u32::MAX,
                in("edx") u32::MAX, options(nostack, preserves_flags)),
            _ => asm!("fxsave64 [{}]", in(reg) area, options(nostack, preserves_flags)),
        }
    }
}

/// Loads this core's FPU state.
///
/// # Safety
///
/// `area` holds what [`init`] or [`save`] wrote, and nothing else has written to it: a damaged area raises an exception.
pub unsafe fn restore(area: *const u8) {
    // SAFETY: by the caller's word the content is one that the processor takes.
    unsafe {
        match METHOD.load(Ordering::Relaxed) {
            FXSAVE => asm!("fxrstor64 [{}]", in(reg) area, options(nostack, preserves_flags)),
            _ => asm!("xrstor64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX,
                options(nostack, preserves_flags)),
        }
    }
}

/// Writes the state of a thread that has not run yet.
///
/// # Safety
///
/// `area` is [`AREA_LEN`] writable bytes at a multiple of 64 that nobody else uses.
pub unsafe fn init(area: *mut u8) {
    // SAFETY: both fields lie in the first 512 bytes (Intel SDM Vol. 1, table 10-2) and are aligned. A zero header says
    // that every component is in its initial state.
    unsafe {
        area.write_bytes(0, AREA_LEN);
        area.cast::<u16>().write(FCW);
        area.add(24).cast::<u32>().write(MXCSR);
    }
}
