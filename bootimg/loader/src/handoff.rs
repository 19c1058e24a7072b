//! The hand-over: page tables, boot information, the end of boot services, the jump.
//!
//! [`Handoff::prepare`] does all that needs the firmware or can fail. [`Handoff::enter`] comes after the point of no
//! return: it allocates nothing and has no errors.
//!
//! One run of pages holds what lives as long as the machine: the page tables, the boot stack and [`BootInfo`].

use core::ops::Range;
use core::{mem, slice};

use alloc::vec::Vec;

use bootimg_layout::elf::FLAG_EXECUTE;
use bootimg_layout::elf::FLAG_WRITE;
use bootimg_layout::memory_map::{self, Claim};
use bootimg_layout::page_tables::{self, Access, HUGE, PHYSMAP_LEN_MAX, PageTables, Table};
use protocol::abi::boot_info::{
    BOOT_MAGIC, BOOT_VERSION, BootInfo, Framebuffer, INIT_SEGMENTS_MAX, InitSegment, REGIONS_MAX,
    Region, RegionKind, Span,
};
use protocol::abi::layout::{PAGE_SIZE, PHYSMAP_BASE};
use uefi::boot::{self, MemoryType};
use uefi::mem::memory_map::{MemoryMap, MemoryMapOwned};
use uefi::system;
use uefi::table::cfg::ConfigTableEntry;

use crate::cpu::{self, Features};
use crate::error::Error;
use crate::image::{Init, Kernel};
use crate::memory::Pages;

/// Bytes of the stack that the kernel starts on.
const STACK_LEN: usize = 64 << 10;
/// Bytes set aside for [`BootInfo`].
const BOOT_INFO_LEN: usize = 2 * PAGE_SIZE as usize;
/// Firmware map entries that may still appear between the count and the end of boot services.
const ENTRIES_SPARE: usize = 64;
/// The physmap covers at least the 32-bit space: the interrupt controllers' registers are there.
const PHYSMAP_LEN_MIN: u64 = 4 << 30;

/// What is where in memory when everything is loaded.
pub struct Placed {
    /// The kernel.
    pub kernel: Kernel,
    /// The archive, padded to a power of two.
    pub archive: Span,
    /// The first server.
    pub init: Init,
    /// The screen.
    pub framebuffer: Framebuffer,
    /// What the CPU has.
    pub features: Features,
    /// Time stamp at the loader's first instruction.
    pub started: u64,
}

/// Everything that is needed after boot services have ended.
pub struct Handoff {
    boot_info: &'static mut BootInfo,
    claims: Vec<Claim>,
    scratch: Vec<u64>,
    page_table: u64,
    stack_top: u64,
    entry: u64,
}

impl Handoff {
    /// Builds page tables and boot information.
    pub fn prepare(placed: Placed) -> Result<Self, Error> {
        let map = boot::memory_map(MemoryType::LOADER_DATA).map_err(|_| Error::NoMemory {
            what: "the memory map",
            pages: 1,
        })?;
        let physmap_end = physmap_end(&map, &placed.framebuffer);
        let entries = map.len() + ENTRIES_SPARE;
        drop(map);

        let kernel = placed.kernel.memory.span();
        let huge = placed.features.has_huge_pages;
        let tables = page_tables::tables_needed(kernel.len, physmap_end, huge);
        let head = BOOT_INFO_LEN + STACK_LEN;
        let block = Pages::allocate(head / PAGE_SIZE as usize + tables, "page tables")?;
        let block_span = block.span();
        let trampoline = Pages::allocate_low("the other cores' start page")?.span();

        let (head, tables) = block.into_bytes().split_at_mut(head);
        let table_base = tables.as_ptr() as u64;
        let tables = build_tables(
            as_tables(tables),
            table_base,
            &placed.kernel,
            physmap_end,
            placed.features,
        )
        .map_err(Error::PageTables)?;

        let mut claims = Vec::with_capacity(entries + 16);
        let mut claim = |span: Span, kind| {
            claims.push(Claim {
                base: span.base,
                len: span.len,
                kind,
            })
        };
        claim(kernel, RegionKind::KERNEL);
        claim(placed.archive, RegionKind::ARCHIVE);
        claim(block_span, RegionKind::LOADER);
        claim(trampoline, RegionKind::LOADER);
        // Page 0: the BIOS data area, and the frame whose physical address looks like a null pointer.
        claim(
            Span {
                base: 0,
                len: PAGE_SIZE,
            },
            RegionKind::RESERVED,
        );
        for segment in &placed.init.segments {
            claim(segment.memory, RegionKind::INIT);
        }
        if placed.framebuffer.width != 0 {
            let screen = Span {
                base: placed.framebuffer.base,
                len: placed.framebuffer.len,
            };
            claim(screen, RegionKind::FRAMEBUFFER);
        }

        let boot_info = boot_info_in(head);
        let mut init_segments = [InitSegment::default(); INIT_SEGMENTS_MAX];
        for (slot, segment) in init_segments.iter_mut().zip(&placed.init.segments) {
            *slot = *segment;
        }
        *boot_info = BootInfo {
            magic: BOOT_MAGIC,
            version: BOOT_VERSION,
            region_count: 0,
            regions: [Region {
                base: 0,
                len: 0,
                kind: RegionKind::RESERVED,
            }; REGIONS_MAX],
            physmap_end,
            rsdp: rsdp(),
            kernel,
            archive: placed.archive,
            init_segments,
            init_segment_count: placed.init.segments.len() as u32,
            reserved: 0,
            init_entry: placed.init.entry,
            framebuffer: placed.framebuffer,
            ap_trampoline: trampoline.base,
            tsc_loader_start: placed.started,
            tsc_kernel_jump: 0,
        };
        let scratch = alloc::vec![0; memory_map::scratch_len(claims.capacity())];
        Ok(Self {
            boot_info,
            claims,
            scratch,
            page_table: tables,
            stack_top: PHYSMAP_BASE + block_span.base + (BOOT_INFO_LEN + STACK_LEN) as u64,
            entry: placed.kernel.image.entry,
        })
    }

    /// Ends boot services and enters the kernel.
    ///
    /// # Safety
    ///
    /// No protocol is open, and nothing that the firmware's allocator holds is used or dropped afterwards.
    pub unsafe fn enter(mut self) -> ! {
        // SAFETY: the caller's promise is the one that this function asks for.
        let map = unsafe { boot::exit_boot_services(Some(MemoryType::LOADER_DATA)) };
        for entry in map.entries() {
            // The vector must not grow: there is no allocator any more. `prepare` left room for more entries than
            // ending boot services adds; one that still does not fit is memory that nobody will use.
            if self.claims.len() < self.claims.capacity() {
                let len = entry.page_count.saturating_mul(PAGE_SIZE);
                self.claims.push(Claim {
                    base: entry.phys_start,
                    len,
                    kind: kind(entry.ty),
                });
            }
        }
        // Its destructor would call the firmware.
        mem::forget(map);
        let count = memory_map::merge(&self.claims, &mut self.scratch, &mut self.boot_info.regions);
        self.boot_info.region_count = count as u32;
        self.boot_info.tsc_kernel_jump = cpu::timestamp();
        let boot_info = PHYSMAP_BASE + self.boot_info as *const BootInfo as u64;
        // SAFETY: (1) boot services ended above. (2) `build_tables` mapped `jump_range`, the kernel with its entry
        // point, which `Image::check` found in an executable segment, and the physmap, which covers all of RAM and so
        // the boot information and the stack. (3) `cpu::check` found NX and 4-level paging.
        unsafe { cpu::jump(self.page_table, self.stack_top, boot_info, self.entry) }
    }
}

/// Builds the kernel's first page tables and returns the address of the top-level one.
fn build_tables(
    tables: &mut [Table],
    base: u64,
    kernel: &Kernel,
    physmap_end: u64,
    features: Features,
) -> Result<u64, page_tables::Error> {
    let mut built = PageTables::new(tables, base)?;
    let mut read_only: Vec<Range<u64>> = Vec::new();
    let first = kernel.image.span().start;
    for segment in &kernel.image.segments {
        let paddr = kernel.memory.span().base + (segment.vaddr - first);
        let access = if segment.flags & FLAG_WRITE != 0 {
            Access::Write
        } else if segment.flags & FLAG_EXECUTE != 0 {
            Access::Execute
        } else {
            Access::Read
        };
        if access != Access::Write {
            read_only.push(paddr..paddr + segment.len);
        }
        built.map(segment.vaddr, paddr, segment.len, access)?;
    }
    built.map_physmap(physmap_end, &read_only, features.has_huge_pages)?;
    built.map_identity(cpu::jump_range())?;
    Ok(built.root())
}

/// One past the last address that the kernel must reach through the physmap, rounded up to 1 GiB.
fn physmap_end(map: &MemoryMapOwned, framebuffer: &Framebuffer) -> u64 {
    let ram_end = map
        .entries()
        .filter(|entry| !matches!(kind(entry.ty), RegionKind::MMIO | RegionKind::RESERVED))
        .map(|entry| {
            entry
                .phys_start
                .saturating_add(entry.page_count.saturating_mul(PAGE_SIZE))
        })
        .max()
        .unwrap_or(0);
    let screen_end = framebuffer.base.saturating_add(framebuffer.len);
    let end = ram_end
        .max(screen_end)
        .clamp(PHYSMAP_LEN_MIN, PHYSMAP_LEN_MAX);
    end.next_multiple_of(HUGE)
}

/// What the kernel may do with memory of a UEFI type once boot services have ended (UEFI 2.10, table 7.6).
fn kind(ty: MemoryType) -> RegionKind {
    match ty {
        MemoryType::CONVENTIONAL
        | MemoryType::LOADER_CODE
        | MemoryType::LOADER_DATA
        | MemoryType::BOOT_SERVICES_CODE
        | MemoryType::BOOT_SERVICES_DATA => RegionKind::USABLE,
        MemoryType::ACPI_RECLAIM | MemoryType::ACPI_NON_VOLATILE => RegionKind::ACPI,
        MemoryType::RUNTIME_SERVICES_CODE | MemoryType::RUNTIME_SERVICES_DATA => {
            RegionKind::FIRMWARE
        }
        MemoryType::MMIO | MemoryType::MMIO_PORT_SPACE => RegionKind::MMIO,
        _ => RegionKind::RESERVED,
    }
}

/// The address of the ACPI root pointer: the one of ACPI 2.0 and later where there are two.
fn rsdp() -> u64 {
    system::with_config_table(|tables| {
        let find = |guid| tables.iter().find(|table| table.guid == guid);
        find(ConfigTableEntry::ACPI2_GUID)
            .or_else(|| find(ConfigTableEntry::ACPI_GUID))
            .map_or(0, |table| table.address as u64)
    })
}

/// The start of a zeroed run of pages as boot information.
fn boot_info_in(pages: &'static mut [u8]) -> &'static mut BootInfo {
    assert!(pages.len() >= size_of::<BootInfo>());
    // SAFETY: the run is page-aligned, long enough (just checked), borrowed exclusively and forever, and all zeros,
    // which is a value of every field.
    unsafe { &mut *pages.as_mut_ptr().cast::<BootInfo>() }
}

/// A zeroed run of pages as page tables.
fn as_tables(pages: &'static mut [u8]) -> &'static mut [Table] {
    let count = pages.len() / size_of::<Table>();
    // SAFETY: the run is page-aligned, `count` tables long, borrowed exclusively and forever, and any bytes are a
    // table.
    unsafe { slice::from_raw_parts_mut(pages.as_mut_ptr().cast::<Table>(), count) }
}
