//! Starting the other cores, one after the other (Intel SDM Vol. 3A, 9.4).
//!
//! A core wakes in real mode at a page below 1 MiB. The trampoline copied there goes to long mode in one step, on page
//! tables made for this: the kernel half, and an identity mapping of the first 2 MiB. They must lie below 4 GiB, because
//! real mode loads 32 bits of `CR3`; three free pages are borrowed from the memory map and are free again afterwards.

use core::arch::global_asm;
use core::hint::spin_loop;
use core::mem::offset_of;
use core::sync::atomic::{AtomicUsize, Ordering};

use protocol::abi::boot_info::{BootInfo, RegionKind};
use protocol::abi::layout::PAGE_SIZE;

use super::paging::{self, Entry, EntryFlags};
use super::percore::{self, CORES_MAX};
use super::{apic, tsc};

/// How long a core may take to come up. Emulated cores share host processors.
const START_MS_MAX: u64 = 500;
const REAL_MODE_MEMORY: u64 = 1 << 20;

/// What the trampoline reads, at its end.
#[repr(C)]
struct Parameters {
    root: u64,
    stack: u64,
    core: u64,
    apic_id: u64,
    entry: u64,
}

unsafe extern "C" {
    static velocity_trampoline: u8;
    static velocity_trampoline_jump: u8;
    static velocity_trampoline_long: u8;
    static velocity_trampoline_gdt: u8;
    static velocity_trampoline_gdtr: u8;
    static velocity_trampoline_parameters: u8;
    static velocity_trampoline_end: u8;
}

static ENTRY: AtomicUsize = AtomicUsize::new(0);
static READY: AtomicUsize = AtomicUsize::new(0);

/// Starts the cores with these APIC ids, skipping the one that runs this, up to [`CORES_MAX`] in all. Each calls
/// `entry` with its number when it is initialised; `entry` usually ends in `entry::resume`.
///
/// Returns how many did not come up.
///
/// # Safety
///
/// Called once, on the first core, after `apic::init`, while all usable memory of `boot_info` is unused.
pub unsafe fn start(
    apic_ids: impl Iterator<Item = u32>,
    boot_info: &BootInfo,
    entry: fn(core: usize) -> !,
) -> usize {
    let page = boot_info.ap_trampoline;
    let this = apic::id();
    let others = apic_ids.filter(|id| *id != this).take(CORES_MAX - 1);
    let tables = free_pages(boot_info, 3);
    let (Some(tables), true) = (tables, (PAGE_SIZE..REAL_MODE_MEMORY).contains(&page)) else {
        return others.count();
    };
    ENTRY.store(entry as usize, Ordering::Release);
    // SAFETY: the pages are free RAM, by the caller's word; the trampoline page is ours by the boot contract.
    unsafe {
        build_tables(tables);
        copy_trampoline(page);
    }
    let mut failed = 0;
    for apic_id in others {
        let core = percore::core_count();
        let parameters = Parameters {
            root: tables,
            stack: percore::stack_top(core),
            core: core as u64,
            apic_id: u64::from(apic_id),
            entry: start_core as *const () as u64,
        };
        let offset = distance(&raw const velocity_trampoline_parameters);
        // SAFETY: the page is ours; no core runs in it now.
        unsafe {
            paging::phys_to_virt(page + offset)
                .cast::<Parameters>()
                .write_volatile(parameters);
        }
        if !start_one(apic_id, core, (page / PAGE_SIZE) as u8) {
            // A core that comes up late would use a stack and a number that the next one has.
            apic::send_init(apic_id);
            failed += 1;
        }
    }
    failed
}

/// INIT, then at most two startup messages.
fn start_one(apic_id: u32, core: usize, page: u8) -> bool {
    apic::send_init(apic_id);
    tsc::spin_us(10_000);
    apic::send_startup(apic_id, page);
    tsc::spin_us(200);
    if READY.load(Ordering::Acquire) != core {
        apic::send_startup(apic_id, page);
    }
    let end = tsc::now() + tsc::hz() / 1000 * START_MS_MAX;
    while READY.load(Ordering::Acquire) != core {
        if tsc::now() > end {
            return false;
        }
        spin_loop();
    }
    true
}

/// Where a core arrives from the trampoline: long mode, own stack, the borrowed page tables.
extern "sysv64" fn start_core(core: u64, apic_id: u64) -> ! {
    let core = core as usize;
    // SAFETY: the first core started exactly this core with this number and waits for it.
    unsafe { super::start_other_core(core, apic_id as u32) };
    // SAFETY: `start` stored a function of this type.
    let entry: fn(usize) -> ! = unsafe { core::mem::transmute(ENTRY.load(Ordering::Acquire)) };
    READY.store(core, Ordering::Release);
    entry(core)
}

/// A run of usable pages below 4 GiB and not in real-mode memory.
fn free_pages(boot_info: &BootInfo, count: u64) -> Option<u64> {
    let regions = &boot_info.regions[..boot_info.region_count as usize];
    regions.iter().find_map(|region| {
        let base = region.base.max(REAL_MODE_MEMORY);
        let end = (region.base + region.len).min(1 << 32);
        let fits = base.checked_add(count * PAGE_SIZE)? <= end;
        (region.kind == RegionKind::USABLE && fits).then_some(base)
    })
}

/// Makes the tables that the trampoline runs on, in three pages from `root` on.
///
/// # Safety
///
/// The pages are RAM in the physmap that nobody uses.
unsafe fn build_tables(root: u64) {
    let (second, third) = (root + PAGE_SIZE, root + 2 * PAGE_SIZE);
    // SAFETY: by the caller's word.
    unsafe {
        paging::phys_to_virt(root).write_bytes(0, 3 * PAGE_SIZE as usize);
        paging::copy_kernel_half(root);
        let write = |table: u64, entry: Entry| {
            paging::phys_to_virt(table)
                .cast::<u64>()
                .write_volatile(entry.0);
        };
        write(root, Entry::table(second));
        write(second, Entry::table(third));
        write(third, Entry::leaf(0, EntryFlags::WRITABLE, true));
    }
}

/// Copies the trampoline and fills in the addresses that depend on where it lies.
///
/// # Safety
///
/// `page` is a page of RAM in the physmap that nobody uses.
unsafe fn copy_trampoline(page: u64) {
    let target = paging::phys_to_virt(page);
    let len = distance(&raw const velocity_trampoline_end) as usize;
    assert!(len <= PAGE_SIZE as usize);
    let patch = |place: *const u8, extra: usize, what: *const u8| {
        let value = (page + distance(what)) as u32;
        // SAFETY: `place` lies in the trampoline, so its copy lies in the page.
        unsafe {
            target
                .add(distance(place) as usize + extra)
                .cast::<u32>()
                .write_unaligned(value);
        }
    };
    // SAFETY: source and target are `len` bytes apart from each other, the target a whole page.
    unsafe { (&raw const velocity_trampoline).copy_to_nonoverlapping(target, len) };
    // The far jump's offset follows two bytes of opcode; the table's address follows two bytes of limit.
    patch(
        &raw const velocity_trampoline_jump,
        2,
        &raw const velocity_trampoline_long,
    );
    patch(
        &raw const velocity_trampoline_gdtr,
        2,
        &raw const velocity_trampoline_gdt,
    );
}

fn distance(place: *const u8) -> u64 {
    place as u64 - &raw const velocity_trampoline as u64
}

global_asm!(
    ".pushsection .rodata.trampoline, \"a\"",
    ".balign 16",
    ".globl velocity_trampoline, velocity_trampoline_jump, velocity_trampoline_long",
    ".globl velocity_trampoline_gdt, velocity_trampoline_gdtr, velocity_trampoline_parameters",
    ".globl velocity_trampoline_end",
    ".code16",
    "velocity_trampoline:",
    "cli",
    "cld",
    "movw %cs, %ax",
    "movw %ax, %ds",
    // PAE and global pages.
    "movl $0xa0, %eax",
    "movl %eax, %cr4",
    "movl (velocity_trampoline_parameters - velocity_trampoline + {root}), %eax",
    "movl %eax, %cr3",
    // EFER: syscall, long mode, no-execute.
    "movl $0xc0000080, %ecx",
    "rdmsr",
    "orl $0x901, %eax",
    "wrmsr",
    "lgdtl (velocity_trampoline_gdtr - velocity_trampoline)",
    // Protection, extension type, numeric error, write protection, paging: long mode in one step.
    "movl $0x80010031, %eax",
    "movl %eax, %cr0",
    "velocity_trampoline_jump:",
    ".byte 0x66, 0xea",
    ".long 0",
    ".word 0x08",
    ".code64",
    "velocity_trampoline_long:",
    "movw $0x10, %ax",
    "movw %ax, %ds",
    "movw %ax, %es",
    "movw %ax, %ss",
    "xorl %eax, %eax",
    "movw %ax, %fs",
    "movw %ax, %gs",
    "movq (velocity_trampoline_parameters + {stack})(%rip), %rsp",
    "movq (velocity_trampoline_parameters + {core})(%rip), %rdi",
    "movq (velocity_trampoline_parameters + {apic_id})(%rip), %rsi",
    "movq (velocity_trampoline_parameters + {entry})(%rip), %rax",
    "xorl %ebp, %ebp",
    // A call, for the stack alignment that the ABI wants; it does not return.
    "callq *%rax",
    "ud2",
    ".balign 8",
    "velocity_trampoline_gdt:",
    ".quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff",
    "velocity_trampoline_gdtr:",
    ".word 23",
    ".long 0",
    ".balign 8",
    "velocity_trampoline_parameters:",
    ".fill {parameters_len}, 1, 0",
    "velocity_trampoline_end:",
    ".popsection",
    root = const offset_of!(Parameters, root),
    stack = const offset_of!(Parameters, stack),
    core = const offset_of!(Parameters, core),
    apic_id = const offset_of!(Parameters, apic_id),
    entry = const offset_of!(Parameters, entry),
    parameters_len = const size_of::<Parameters>(),
    options(att_syntax)
);
