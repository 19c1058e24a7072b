//! Page-table entries of all four levels, the loaded root, and the TLB of this core.
//!
//! Who may map what is decided in `memory`; here an entry is only encoded (Intel SDM Vol. 3A, 4.5). The kernel half of
//! every root is a copy of the boot root's, whose upper 256 entries never change after boot: tables below them are
//! shared, so no change in them needs copying.

use core::arch::asm;
use core::ops::BitOr;
use core::sync::atomic::{AtomicU64, Ordering};

use protocol::abi::layout::PHYSMAP_BASE;

use super::{cpu, percore};

/// Entries of one table.
pub const ENTRIES: usize = 512;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const CR3_ADDRESS: u64 = ADDRESS;
const PRESENT: u64 = 1;
const LARGE: u64 = 1 << 7;
/// Write-back, write-combining (in place of write-through), uncached-minus, uncached; the upper four as at reset.
/// Index 1 is chosen by the PWT bit alone, which sits at the same place in entries of all sizes.
const PAT: u64 = 0x0007_0406_0007_0106;

static BOOT_ROOT: AtomicU64 = AtomicU64::new(0);

/// What a leaf entry allows, besides reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryFlags(u64);

impl EntryFlags {
    /// Nothing: kernel-only, read-only, executable, write-back.
    pub const NONE: Self = Self(0);
    /// Writes.
    pub const WRITABLE: Self = Self(1 << 1);
    /// User mode.
    pub const USER: Self = Self(1 << 2);
    /// Write-combining memory: framebuffers.
    pub const WRITE_COMBINING: Self = Self(1 << 3);
    /// Uncached memory: device registers.
    pub const UNCACHED: Self = Self(1 << 3 | 1 << 4);
    /// Survives a root change in the TLB: kernel half only.
    pub const GLOBAL: Self = Self(1 << 8);
    /// No instruction fetch.
    pub const NO_EXECUTE: Self = Self(1 << 63);

    /// Whether all of `other` is in here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    const ALL: u64 =
        Self::WRITABLE.0 | Self::USER.0 | Self::UNCACHED.0 | Self::GLOBAL.0 | Self::NO_EXECUTE.0;
}

impl BitOr for EntryFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One page-table entry, of any level.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry(pub u64);

impl Entry {
    /// Maps nothing.
    pub const EMPTY: Self = Self(0);

    /// Maps the page at `paddr`: 4 KiB in the lowest table, 2 MiB or 1 GiB (`large`) above it.
    pub const fn leaf(paddr: u64, flags: EntryFlags, large: bool) -> Self {
        let size = if large { LARGE } else { 0 };
        Self(paddr & ADDRESS | flags.0 | size | PRESENT)
    }

    /// Refers to the next table at `paddr`. Permissions are decided by the leaf alone.
    pub const fn table(paddr: u64) -> Self {
        Self(paddr & ADDRESS | PRESENT | EntryFlags::WRITABLE.0 | EntryFlags::USER.0)
    }

    /// Whether the processor looks at the rest.
    pub const fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// Whether this is a leaf above the lowest level. Meaningless in the lowest table.
    pub const fn is_large(self) -> bool {
        self.0 & LARGE != 0
    }

    /// The page or table. (The PAT bit of large leaves lies in here; this kernel never sets it.)
    pub const fn address(self) -> u64 {
        self.0 & ADDRESS
    }

    /// What a leaf allows.
    pub const fn flags(self) -> EntryFlags {
        EntryFlags(self.0 & EntryFlags::ALL)
    }

    /// Whether the page has been written through this entry.
    pub const fn is_dirty(self) -> bool {
        self.0 & 1 << 6 != 0
    }

    /// Whether this entry has been used.
    pub const fn is_accessed(self) -> bool {
        self.0 & 1 << 5 != 0
    }
}

/// Where the kernel reaches a physical address. Valid below `BootInfo::physmap_end`.
pub fn phys_to_virt(paddr: u64) -> *mut u8 {
    (PHYSMAP_BASE + paddr) as *mut u8
}

/// The physical address behind a physmap address.
pub fn virt_to_phys(pointer: *const u8) -> u64 {
    pointer as u64 - PHYSMAP_BASE
}

/// The root that the first core booted on. It maps no user memory; a core without a thread may stay on it.
pub fn boot_root() -> u64 {
    BOOT_ROOT.load(Ordering::Acquire)
}

/// Switches this core to another root, which flushes its user translations. Does nothing if it is loaded already.
///
/// # Safety
///
/// `root` is a top-level table with the kernel half copied in, and stays one while it is loaded.
pub unsafe fn load_root(root: u64) {
    if current_root() != root {
        // SAFETY: the kernel half is the same in both, so the code, stack and data in use stay mapped.
        unsafe { asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) }
    }
}

/// The loaded root.
pub fn current_root() -> u64 {
    let root: u64;
    // SAFETY: reading CR3 changes nothing.
    unsafe { asm!("mov {}, cr3", out(reg) root, options(nomem, nostack, preserves_flags)) }
    root & CR3_ADDRESS
}

/// Forgets this core's translation of one page.
pub fn flush_page(vaddr: u64) {
    // SAFETY: only drops cached translations; `vaddr` is not accessed.
    unsafe { asm!("invlpg [{}]", in(reg) vaddr, options(nostack, preserves_flags)) }
}

/// Forgets all of this core's translations but the global ones of the kernel half.
pub fn flush_all() {
    // SAFETY: reloads the same root.
    unsafe {
        asm!("mov {root}, cr3", "mov cr3, {root}", root = out(reg) _,
            options(nostack, preserves_flags));
    }
}

/// Copies the kernel half into a new top-level table.
///
/// # Safety
///
/// `root` is the physical address of a page of RAM that the caller owns exclusively.
pub unsafe fn copy_kernel_half(root: u64) {
    let from = phys_to_virt(boot_root()).cast::<u64>();
    let to = phys_to_virt(root).cast::<u64>();
    // SAFETY: both are whole tables in the physmap; the source no longer changes, the target is the caller's.
    unsafe {
        from.add(ENTRIES / 2)
            .copy_to_nonoverlapping(to.add(ENTRIES / 2), ENTRIES / 2)
    }
}

/// Programs this core's PAT, takes over the loader's root, drops its identity mapping, unmaps the guard pages.
///
/// # Safety
///
/// Called once, on the first core before another runs, with the loader's root loaded.
pub(super) unsafe fn init_first() {
    let root = current_root();
    BOOT_ROOT.store(root, Ordering::Release);
    // SAFETY: (1) no mapping uses PAT index 1 yet; (2) the lower half holds only the loader's identity mapping, which
    // nothing uses after the jump; (3) guard pages are never accessed on purpose.
    unsafe {
        cpu::write_msr(cpu::MSR_PAT, PAT);
        let table = phys_to_virt(root).cast::<u64>();
        for index in 0..ENTRIES / 2 {
            table.add(index).write_volatile(0);
        }
        for page in percore::guard_pages() {
            unmap_kernel_page(root, page);
            flush_page(page);
        }
    }
    flush_all();
}

/// Programs a further core's PAT and loads the kernel's root.
///
/// # Safety
///
/// Called once on each further core, after [`init_first`].
pub(super) unsafe fn init_other() {
    // SAFETY: as in `init_first` (1); the boot root maps the kernel half.
    unsafe {
        cpu::write_msr(cpu::MSR_PAT, PAT);
        load_root(boot_root());
    }
}

/// Clears the leaf of a 4 KiB page of the kernel image.
///
/// # Safety
///
/// `vaddr` is mapped by 4 KiB in `root`, and nothing uses it any more.
unsafe fn unmap_kernel_page(root: u64, vaddr: u64) {
    let mut table = root;
    for level in (0..4).rev() {
        let index = vaddr >> (12 + 9 * level) & 0x1ff;
        let slot = phys_to_virt(table)
            .cast::<u64>()
            .wrapping_add(index as usize);
        // SAFETY: `table` comes from a present entry of the level above, so `slot` lies in a page table in the physmap.
        let entry = Entry(unsafe { slot.read_volatile() });
        if level == 0 {
            // SAFETY: as above; the page is out of use by the caller's word.
            unsafe { slot.write_volatile(0) };
        } else {
            assert!(
                entry.is_present() && !entry.is_large(),
                "the loader maps the kernel image in 4 KiB pages"
            );
            table = entry.address();
        }
    }
}
