//! The processor: what it has, the time stamp counter, and the jump out of the firmware's world.

use core::arch::naked_asm;
use core::arch::x86_64::{__cpuid, _rdtsc};
use core::ops::Range;

use crate::error::Error;

/// What the processor has that not every processor has.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// Pages of 1 GiB.
    pub has_huge_pages: bool,
}

/// Reads the time stamp counter.
pub fn timestamp() -> u64 {
    // SAFETY: every x86-64 processor has RDTSC, and CR4.TSD does not bind ring 0.
    unsafe { _rdtsc() }
}

/// Checks that the processor and the firmware's mode fit what the loader is about to do.
pub fn check() -> Result<Features, Error> {
    // Intel SDM Vol. 2A, CPUID: leaf 80000001h, EDX bit 20 NX, bit 26 1-GByte pages.
    let extended = __cpuid(0x8000_0000).eax;
    let features = if extended >= 0x8000_0001 {
        __cpuid(0x8000_0001).edx
    } else {
        0
    };
    if features & (1 << 20) == 0 {
        return Err(Error::Cpu(
            "no-execute pages (NX); enable them in the firmware setup",
        ));
    }
    if uses_five_levels() {
        return Err(Error::Cpu(
            "4-level paging switched on; disable 5-level paging in the firmware setup",
        ));
    }
    Ok(Features {
        has_huge_pages: features & (1 << 26) != 0,
    })
}

/// Whether the firmware runs with 5-level paging, which can only be changed with paging off (Intel SDM Vol. 3A, 4.1.2).
fn uses_five_levels() -> bool {
    let cr4: u64;
    // SAFETY: reading CR4 has no side effect, and UEFI applications run in ring 0.
    unsafe {
        core::arch::asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags));
    }
    cr4 & (1 << 12) != 0
}

/// The addresses of the instructions that run on both page tables: they must be mapped at the same place in the new one.
pub fn jump_range() -> Range<u64> {
    let start = jump as *const () as u64;
    // The assembly below takes under 80 bytes.
    start..start + 128
}

/// Leaves the firmware's page tables and enters the kernel.
///
/// The kernel finds `boot_info` in `rdi` and a zero return address at the top of its stack, so that its entry point can
/// be a function of the System V ABI and a backtrace ends there.
///
/// # Safety
///
/// 1. Boot services have ended. 2. `page_table` maps [`jump_range`] at its own address, `entry` executable, and
///    `boot_info` and the 8 bytes below `stack_top` at their addresses. 3. The CPU has NX and 4-level paging.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn jump(
    page_table: u64,
    stack_top: u64,
    boot_info: u64,
    entry: u64,
) -> ! {
    // rdi = page table, rsi = stack, rdx = boot information, rcx = entry point.
    naked_asm!(
        "cli",
        "cld",
        "mov r8, rcx",
        "mov r9, rdx",
        "mov ecx, 0xc0000080", // IA32_EFER
        "rdmsr",
        "or eax, 1 << 11", // NXE: the new tables use bit 63.
        "wrmsr",
        "mov cr3, rdi",
        "mov rax, cr0",
        "or rax, 1 << 16", // WP: read-only holds in ring 0 too.
        "mov cr0, rax",
        "mov rsp, rsi",
        "xor ebp, ebp",
        "push 0",
        "mov rdi, r9",
        "jmp r8",
    )
}
