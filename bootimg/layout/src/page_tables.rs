//! The page tables that the kernel starts on (what they map: [`protocol::abi::boot_info`]).
//!
//! The physmap uses the largest pages the processor has, except where a large page would cover kernel text or read-only
//! data: those frames must not be writable through the physmap either, or W^X would hold for one alias only. Such a
//! large page is cut into the next smaller size, down to 4 KiB pages at the edges of the read-only ranges.
//!
//! Tables come from a run of pages that the caller provides together with its physical address; this module only
//! computes and stores entries (Intel SDM Vol. 3A, 4.5), so that it runs, and is checked by a table walk, on the host.
//!
//! Invariants: no entry is writable and executable; nothing is user-accessible; only the kernel image and the identity
//! pages are executable.

use core::fmt;
use core::ops::Range;

use protocol::abi::layout::{PAGE_SIZE, PHYSMAP_BASE};

/// One page table of any level.
pub type Table = [u64; 512];

/// Bytes of a 2 MiB page.
const LARGE: u64 = 2 << 20;
/// Bytes of a 1 GiB page.
pub const HUGE: u64 = 1 << 30;
/// The most that the physmap can cover: one entry of the top-level table.
pub const PHYSMAP_LEN_MAX: u64 = 512 << 30;

// Intel SDM Vol. 3A, tables 4-14 to 4-20.
const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const LEAF: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What may be done with a mapping, besides reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Read,
    /// Writing.
    Write,
    /// Execution.
    Execute,
}

impl Access {
    const fn bits(self) -> u64 {
        match self {
            Self::Read => PRESENT | NO_EXECUTE,
            Self::Write => PRESENT | WRITABLE | NO_EXECUTE,
            Self::Execute => PRESENT,
        }
    }
}

/// Why the tables cannot be built. Neither comes from a file: they tell of a mistake in the loader's own arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The run of pages is used up (see [`tables_needed`]).
    OutOfTables,
    /// The address is mapped already, or by a larger page.
    AlreadyMapped(u64),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::OutOfTables => write!(f, "the pages set aside for page tables are used up"),
            Self::AlreadyMapped(address) => write!(f, "address {address:#x} is mapped twice"),
        }
    }
}

impl core::error::Error for Error {}

/// Page tables under construction. The first table is the top-level one.
#[derive(Debug)]
pub struct PageTables<'m> {
    tables: &'m mut [Table],
    base: u64,
    used: usize,
}

/// How many tables [`PageTables`] takes at most, for a kernel of `kernel_len` bytes and this physmap.
pub const fn tables_needed(kernel_len: u64, physmap_end: u64, has_huge_pages: bool) -> usize {
    // Per part, one table more a level than full tables would make, because a part need not start at a table's start.
    let kernel = 1 + (kernel_len / HUGE + 2) + (kernel_len / LARGE + 2);
    let directories = if has_huge_pages {
        kernel_len / HUGE + 2
    } else {
        physmap_end.div_ceil(HUGE)
    };
    let physmap = 1 + directories + (kernel_len / LARGE + 2);
    let identity = 6;
    (1 + kernel + physmap + identity) as usize
}

impl<'m> PageTables<'m> {
    /// Starts with an empty top-level table in the first of `tables`, which lie at physical address `base`.
    pub fn new(tables: &'m mut [Table], base: u64) -> Result<Self, Error> {
        let root = tables.first_mut().ok_or(Error::OutOfTables)?;
        root.fill(0);
        Ok(Self {
            tables,
            base,
            used: 1,
        })
    }

    /// The physical address of the top-level table, for `CR3`.
    pub fn root(&self) -> u64 {
        self.base
    }

    /// Maps `len` bytes of kernel image at `vaddr` to `paddr` in 4 KiB pages; all three multiples of 4096.
    pub fn map(&mut self, vaddr: u64, paddr: u64, len: u64, access: Access) -> Result<(), Error> {
        for offset in (0..len).step_by(PAGE_SIZE as usize) {
            let entry = (paddr + offset) | access.bits() | GLOBAL;
            self.set(vaddr.wrapping_add(offset), PAGE_SIZE, entry)?;
        }
        Ok(())
    }

    /// Maps the pages that hold `range` at their physical addresses, executable: the loader's last instructions.
    pub fn map_identity(&mut self, range: Range<u64>) -> Result<(), Error> {
        let start = range.start - range.start % PAGE_SIZE;
        for address in (start..range.end).step_by(PAGE_SIZE as usize) {
            self.set(address, PAGE_SIZE, address | Access::Execute.bits())?;
        }
        Ok(())
    }

    /// Maps physical memory from 0 to `end`, a multiple of 1 GiB and at most [`PHYSMAP_LEN_MAX`].
    ///
    /// `read_only`: page-aligned physical ranges that must not be writable. `has_huge_pages`: the CPU has 1 GiB pages.
    pub fn map_physmap(
        &mut self,
        end: u64,
        read_only: &[Range<u64>],
        has_huge_pages: bool,
    ) -> Result<(), Error> {
        for base in (0..end.min(PHYSMAP_LEN_MAX)).step_by(HUGE as usize) {
            let size = if has_huge_pages { HUGE } else { LARGE };
            for part in (base..base + HUGE).step_by(size as usize) {
                self.map_physmap_part(part, size, read_only)?;
            }
        }
        Ok(())
    }

    /// Maps `size` bytes of physmap at `paddr` by one page, or by smaller ones if `read_only` divides it.
    fn map_physmap_part(
        &mut self,
        paddr: u64,
        size: u64,
        read_only: &[Range<u64>],
    ) -> Result<(), Error> {
        let end = paddr + size;
        let touched = read_only
            .iter()
            .any(|range| range.start < end && paddr < range.end);
        if touched && size > PAGE_SIZE {
            let smaller = size / 512;
            for part in (paddr..end).step_by(smaller as usize) {
                self.map_physmap_part(part, smaller, read_only)?;
            }
            return Ok(());
        }
        let access = if touched { Access::Read } else { Access::Write };
        let leaf = if size > PAGE_SIZE { LEAF } else { 0 };
        self.set(
            PHYSMAP_BASE + paddr,
            size,
            paddr | access.bits() | GLOBAL | leaf,
        )
    }

    /// Stores the entry for the page of `size` bytes at `vaddr`, making the tables above it.
    fn set(&mut self, vaddr: u64, size: u64, entry: u64) -> Result<(), Error> {
        let last_level = match size {
            HUGE => 3,
            LARGE => 2,
            _ => 1,
        };
        let mut table = 0;
        for level in (last_level + 1..=4).rev() {
            table = self.next_table(table, index(vaddr, level), vaddr)?;
        }
        let slot = &mut self.tables[table][index(vaddr, last_level)];
        if *slot != 0 {
            return Err(Error::AlreadyMapped(vaddr));
        }
        *slot = entry;
        Ok(())
    }

    /// The table that entry `index` of table `parent` leads to, made if there is none.
    fn next_table(&mut self, parent: usize, index: usize, vaddr: u64) -> Result<usize, Error> {
        let entry = self.tables[parent][index];
        if entry & LEAF != 0 {
            return Err(Error::AlreadyMapped(vaddr));
        }
        if entry & PRESENT != 0 {
            // Each entry that leads to a table was stored below, with an address inside the run.
            return Ok(((entry & ADDRESS) - self.base) as usize / PAGE_SIZE as usize);
        }
        let child = self.used;
        self.tables
            .get_mut(child)
            .ok_or(Error::OutOfTables)?
            .fill(0);
        self.used += 1;
        let address = self.base + child as u64 * PAGE_SIZE;
        // Tables allow everything; the last entry restricts (Intel SDM Vol. 3A, 4.6).
        self.tables[parent][index] = address | PRESENT | WRITABLE;
        Ok(child)
    }
}

/// The entry that translates `vaddr` in a table of `level`, 4 being the top.
fn index(vaddr: u64, level: u32) -> usize {
    (vaddr >> (12 + 9 * (level - 1))) as usize & 0x1ff
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::abi::layout::KERNEL_BASE;

    const BASE: u64 = 0x10_0000;
    const KERNEL: u64 = 0x12_3000;
    /// Text and read-only data of a kernel that straddles a 2 MiB boundary.
    const READ_ONLY: [Range<u64>; 2] = [
        KERNEL..KERNEL + 0x10_0000,
        KERNEL + 0x10_0000..KERNEL + 0x20_0000,
    ];

    fn is_read_only(paddr: u64) -> bool {
        READ_ONLY.iter().any(|range| range.contains(&paddr))
    }

    /// Walks the tables as the processor does: physical address, page size and entry.
    fn walk(tables: &[Table], vaddr: u64) -> Option<(u64, u64, u64)> {
        let mut table = 0;
        for level in (1..=4).rev() {
            let entry = tables[table][index(vaddr, level)];
            if entry & PRESENT == 0 {
                return None;
            }
            if level == 1 || entry & LEAF != 0 {
                let size = 1u64 << (12 + 9 * (level - 1));
                return Some(((entry & ADDRESS) + (vaddr & (size - 1)), size, entry));
            }
            table = ((entry & ADDRESS) - BASE) as usize / 4096;
        }
        None
    }

    fn build(has_huge_pages: bool, physmap_end: u64) -> Vec<Table> {
        let mut tables = vec![[!0; 512]; tables_needed(0x30_0000, physmap_end, has_huge_pages)];
        let mut built = PageTables::new(&mut tables, BASE).expect("tables");
        built
            .map(KERNEL_BASE, KERNEL, 0x10_0000, Access::Execute)
            .expect("text");
        built
            .map(
                KERNEL_BASE + 0x10_0000,
                KERNEL + 0x10_0000,
                0x10_0000,
                Access::Read,
            )
            .expect("ro");
        built
            .map(
                KERNEL_BASE + 0x20_0000,
                KERNEL + 0x20_0000,
                0x10_0000,
                Access::Write,
            )
            .expect("rw");
        built
            .map_physmap(physmap_end, &READ_ONLY, has_huge_pages)
            .expect("physmap");
        built
            .map_identity(0x7654_3ff0..0x7654_4010)
            .expect("identity");
        let used = built.used;
        tables.truncate(used);
        tables
    }

    #[test]
    fn the_kernel_is_mapped_with_its_own_rights() {
        let tables = build(true, 4 * HUGE);
        for (vaddr, bits) in [
            (KERNEL_BASE + 0xf_f123, 0),
            (KERNEL_BASE + 0x10_0123, NO_EXECUTE),
            (KERNEL_BASE + 0x2f_f123, NO_EXECUTE | WRITABLE),
        ] {
            let (paddr, size, entry) = walk(&tables, vaddr).expect("mapped");
            assert_eq!(paddr, vaddr - KERNEL_BASE + KERNEL);
            assert_eq!(size, PAGE_SIZE);
            assert_eq!(entry & (NO_EXECUTE | WRITABLE), bits);
        }
        assert_eq!(walk(&tables, KERNEL_BASE + 0x30_0000), None);
    }

    #[test]
    fn the_physmap_is_read_only_exactly_where_the_kernel_is() {
        for has_huge_pages in [false, true] {
            let tables = build(has_huge_pages, 4 * HUGE);
            for paddr in (0..4 * HUGE).step_by(0x1_3000) {
                let (found, _, entry) = walk(&tables, PHYSMAP_BASE + paddr).expect("mapped");
                assert_eq!(found, paddr);
                assert_ne!(entry & NO_EXECUTE, 0);
                assert_eq!(entry & WRITABLE == 0, is_read_only(paddr), "{paddr:#x}");
            }
            for paddr in [
                KERNEL - 4096,
                KERNEL,
                KERNEL + 0x1f_f000,
                KERNEL + 0x20_0000,
            ] {
                let (_, size, entry) = walk(&tables, PHYSMAP_BASE + paddr).expect("mapped");
                assert_eq!(size, PAGE_SIZE);
                assert_eq!(entry & WRITABLE == 0, is_read_only(paddr));
            }
            assert_eq!(walk(&tables, PHYSMAP_BASE + 4 * HUGE), None);
        }
    }

    #[test]
    fn large_pages_are_as_large_as_the_processor_allows() {
        let far = PHYSMAP_BASE + 3 * HUGE;
        assert_eq!(walk(&build(true, 4 * HUGE), far).expect("mapped").1, HUGE);
        assert_eq!(walk(&build(false, 4 * HUGE), far).expect("mapped").1, LARGE);
    }

    #[test]
    fn the_identity_pages_are_the_only_low_ones() {
        let tables = build(true, 4 * HUGE);
        for (vaddr, mapped) in [
            (0x7654_2fff, false),
            (0x7654_3000, true),
            (0x7654_4fff, true),
            (0x7654_5000, false),
        ] {
            assert_eq!(walk(&tables, vaddr).is_some(), mapped, "{vaddr:#x}");
        }
        assert_eq!(walk(&tables, 0), None);
    }

    #[test]
    fn no_entry_is_writable_and_executable_or_open_to_user_space() {
        for has_huge_pages in [false, true] {
            let tables = build(has_huge_pages, 8 * HUGE);
            for vaddr in [
                KERNEL_BASE,
                PHYSMAP_BASE + KERNEL,
                PHYSMAP_BASE,
                0x7654_3000,
            ] {
                let (_, _, entry) = walk(&tables, vaddr).expect("mapped");
                assert!(entry & WRITABLE == 0 || entry & NO_EXECUTE != 0);
                assert_eq!(entry & 4, 0);
            }
        }
    }

    #[test]
    fn the_largest_physmap_fits_the_estimate() {
        build(false, PHYSMAP_LEN_MAX);
        build(true, PHYSMAP_LEN_MAX);
    }

    #[test]
    fn too_few_tables_are_an_error() {
        let mut tables = vec![[0; 512]; 3];
        let mut built = PageTables::new(&mut tables, BASE).expect("tables");
        assert_eq!(
            built.map(KERNEL_BASE, 0, 4096, Access::Read),
            Err(Error::OutOfTables)
        );
        assert!(PageTables::new(&mut [], BASE).is_err());
    }
}
