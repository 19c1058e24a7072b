//! Processor features, control registers and model-specific registers.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// `IA32_APIC_BASE`.
pub(super) const MSR_APIC_BASE: u32 = 0x1b;
/// `IA32_PAT`.
pub(super) const MSR_PAT: u32 = 0x277;
/// `IA32_TSC_DEADLINE`.
pub(super) const MSR_TSC_DEADLINE: u32 = 0x6e0;
/// `IA32_EFER`.
pub(super) const MSR_EFER: u32 = 0xc000_0080;
/// `IA32_STAR`: the selectors of `syscall` and `sysret`.
pub(super) const MSR_STAR: u32 = 0xc000_0081;
/// `IA32_LSTAR`: where `syscall` goes.
pub(super) const MSR_LSTAR: u32 = 0xc000_0082;
/// `IA32_FMASK`: the flags that `syscall` clears.
pub(super) const MSR_FMASK: u32 = 0xc000_0084;
/// The FS base.
pub(super) const MSR_FS_BASE: u32 = 0xc000_0100;
/// The GS base.
pub(super) const MSR_GS_BASE: u32 = 0xc000_0101;
/// What `swapgs` exchanges the GS base with.
pub(super) const MSR_KERNEL_GS_BASE: u32 = 0xc000_0102;

const EFER_SCE: u64 = 1;
const EFER_NXE: u64 = 1 << 11;
const CR0_MP: u64 = 1 << 1;
const CR0_EM: u64 = 1 << 2;
const CR0_TS: u64 = 1 << 3;
const CR0_NE: u64 = 1 << 5;
const CR0_WP: u64 = 1 << 16;
const CR0_AM: u64 = 1 << 18;
const CR4_PGE: u64 = 1 << 7;
const CR4_OSFXSR: u64 = 1 << 9;
const CR4_OSXMMEXCPT: u64 = 1 << 10;
const CR4_UMIP: u64 = 1 << 11;
const CR4_FSGSBASE: u64 = 1 << 16;
const CR4_OSXSAVE: u64 = 1 << 18;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;
/// `CR4.TSD`, `CR4.PCE`: cleared, so that user code reads the TSC but no performance counters.
const CR4_CLEARED: u64 = 1 << 2 | 1 << 8;

/// What this processor has beyond x86-64's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// The kernel cannot execute user pages.
    pub has_smep: bool,
    /// The kernel cannot touch user pages.
    pub has_smap: bool,
    /// User code cannot read descriptor-table addresses.
    pub has_umip: bool,
    /// `rdfsbase` and its kin.
    pub has_fsgsbase: bool,
    /// Tagged TLB entries. Detected only: address spaces do not use them.
    pub has_pcid: bool,
    /// The interrupt controller has MSRs in place of memory-mapped registers.
    pub has_x2apic: bool,
    /// The timer compares with the TSC.
    pub has_tsc_deadline: bool,
    /// The TSC runs at one rate in all power states.
    pub has_invariant_tsc: bool,
    /// `xsave`.
    pub has_xsave: bool,
    /// `xsaveopt`.
    pub has_xsaveopt: bool,
    /// AVX.
    pub has_avx: bool,
    /// AVX-512 foundation.
    pub has_avx512: bool,
}

impl Features {
    /// Asks the processor (Intel SDM Vol. 2A, CPUID).
    pub fn detect() -> Self {
        let highest = __cpuid(0).eax;
        let highest_extended = __cpuid(0x8000_0000).eax;
        let basic = __cpuid(1);
        let (leaf7_ebx, leaf7_ecx) = if highest >= 7 {
            let leaf = __cpuid_count(7, 0);
            (leaf.ebx, leaf.ecx)
        } else {
            (0, 0)
        };
        let has_xsave = bit(basic.ecx, 26);
        let xsave_extended = if has_xsave && highest >= 0xd {
            __cpuid_count(0xd, 1).eax
        } else {
            0
        };
        let power = if highest_extended >= 0x8000_0007 {
            __cpuid(0x8000_0007).edx
        } else {
            0
        };
        Self {
            has_smep: bit(leaf7_ebx, 7),
            has_smap: bit(leaf7_ebx, 20),
            has_umip: bit(leaf7_ecx, 2),
            has_fsgsbase: bit(leaf7_ebx, 0),
            has_pcid: bit(basic.ecx, 17),
            has_x2apic: bit(basic.ecx, 21),
            has_tsc_deadline: bit(basic.ecx, 24),
            has_invariant_tsc: bit(power, 8),
            has_xsave,
            has_xsaveopt: bit(xsave_extended, 0),
            has_avx: bit(basic.ecx, 28),
            has_avx512: bit(leaf7_ebx, 16),
        }
    }
}

fn bit(word: u32, bit: u32) -> bool {
    word >> bit & 1 != 0
}

/// Sets this core's control registers: protections on where they exist, FPU instructions allowed.
///
/// # Safety
///
/// Ring 0, long mode, and the running kernel touches no user page by its user address.
pub(super) unsafe fn init_core(features: &Features) {
    // SAFETY: (1) long mode stays as it is: no bit of paging or PAE is cleared; (2) each CR4 bit is set only where
    // CPUID offers it, so none raises an exception; (3) NX and WP only take permissions away that the kernel image,
    // mapped W^X, does not use.
    unsafe {
        write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE | EFER_SCE);
        let mut cr0: u64;
        asm!("mov {}, cr0", out(reg) cr0, options(nomem, nostack, preserves_flags));
        cr0 = cr0 & !(CR0_EM | CR0_TS | CR0_AM) | CR0_MP | CR0_NE | CR0_WP;
        asm!("mov cr0, {}", in(reg) cr0, options(nostack, preserves_flags));
        let mut cr4: u64;
        asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags));
        cr4 = cr4 & !CR4_CLEARED | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
        for (has, flag) in [
            (features.has_smep, CR4_SMEP),
            (features.has_smap, CR4_SMAP),
            (features.has_umip, CR4_UMIP),
            (features.has_fsgsbase, CR4_FSGSBASE),
            (features.has_xsave, CR4_OSXSAVE),
        ] {
            if has {
                cr4 |= flag;
            }
        }
        asm!("mov cr4, {}", in(reg) cr4, options(nostack, preserves_flags));
        // With SMAP a set AC flag would still let the kernel through.
        asm!("push 2", "popfq");
    }
}

/// Reads a model-specific register.
///
/// # Safety
///
/// The register exists.
pub(super) unsafe fn read_msr(msr: u32) -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: ring 0, and the register exists, by the caller's word.
    unsafe {
        asm!("rdmsr", in("ecx") msr, out("eax") low, out("edx") high,
            options(nomem, nostack, preserves_flags));
    }
    u64::from(high) << 32 | u64::from(low)
}

/// Writes a model-specific register.
///
/// # Safety
///
/// The register exists, takes `value`, and what it changes suits the code that runs.
pub(super) unsafe fn write_msr(msr: u32, value: u64) {
    // SAFETY: ring 0; the rest is the caller's word.
    unsafe {
        asm!("wrmsr", in("ecx") msr, in("eax") value as u32, in("edx") (value >> 32) as u32,
            options(nostack, preserves_flags));
    }
}

/// Reads a byte from an I/O port.
///
/// # Safety
///
/// Reading that port has no effect on memory safety.
pub(super) unsafe fn port_read(port: u16) -> u8 {
    let value: u8;
    // SAFETY: ring 0; the rest is the caller's word.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags));
    }
    value
}

/// Writes a byte to an I/O port.
///
/// # Safety
///
/// Writing that port has no effect on memory safety.
pub(super) unsafe fn port_write(port: u16, value: u8) {
    // SAFETY: ring 0; the rest is the caller's word.
    unsafe {
        asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags));
    }
}

/// Sleeps forever with interrupts off.
pub fn halt() -> ! {
    loop {
        // SAFETY: stops this core; a non-maskable interrupt wakes it into the loop again.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) }
    }
}
