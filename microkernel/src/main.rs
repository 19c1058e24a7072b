//! The kernel's entry on the bare target: what happens from the loader's jump to the first thread, as a list.
//!
//! On any other target this is an empty program, so that the workspace builds as a whole.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {}

#[cfg(target_os = "none")]
mod bare {
    use core::panic::PanicInfo;
    use core::slice;

    use microkernel::arch::x86_64::{self, apic, entry, ioapic, paging, percore, serial, smp, tsc};
    use microkernel::boot::acpi::Platform;
    use protocol::abi::boot_info::{BOOT_MAGIC, BOOT_VERSION, BootInfo, RegionKind};

    /// The loader's jump ends here (contract: `protocol::abi::boot_info`).
    ///
    /// # Safety
    ///
    /// Called by the loader alone, under that contract.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn _start(boot_info: &'static BootInfo) -> ! {
        serial::init();
        // SAFETY: this is the first thing that happens, on the only running core, on the loader's page tables.
        unsafe { x86_64::start_first_core() };
        check(boot_info);
        // SAFETY: the first core is prepared, and the physmap covers the first 4 GiB with the controller's registers.
        unsafe { apic::init() };
        let platform = Platform::read(boot_info.rsdp, |paddr, len| memory(boot_info, paddr, len))
            .unwrap_or_else(|error| panic!("{error}"));
        let io_apics = platform.io_apics().iter();
        // SAFETY: the addresses come from a checked MADT and are 32-bit, which the physmap covers.
        unsafe { ioapic::init(io_apics.map(|io_apic| (io_apic.paddr, io_apic.gsi_base))) };
        let cores = platform.cores().iter().copied();
        // SAFETY: `apic::init` is done, and nobody has been given memory yet.
        let failed = unsafe { smp::start(cores, boot_info, other_core) };
        if failed != 0 {
            serial::line(format_args!("kernel: {failed} cores did not start"));
        }
        hello(boot_info);
        run(boot_info)
    }

    /// What the first core does once the machine is up.
    fn run(_boot_info: &'static BootInfo) -> ! {
        entry::resume()
    }

    /// Where every other core ends its start: asleep until an interrupt.
    fn other_core(_core: usize) -> ! {
        entry::resume()
    }

    /// Loader and kernel come from one build, or nothing in the structure can be read.
    fn check(boot_info: &BootInfo) {
        assert!(
            boot_info.magic == BOOT_MAGIC,
            "the loader left no boot information"
        );
        assert!(
            boot_info.version == BOOT_VERSION,
            "the loader speaks version {} of the boot information, the kernel {BOOT_VERSION}",
            boot_info.version
        );
        assert!(
            boot_info.region_count as usize <= boot_info.regions.len(),
            "the loader lists {} memory regions",
            boot_info.region_count
        );
    }

    /// Bytes of firmware memory, if the physmap has them.
    fn memory(boot_info: &BootInfo, paddr: u64, len: usize) -> Option<&'static [u8]> {
        let end = paddr.checked_add(len as u64)?;
        if paddr == 0 || end > boot_info.physmap_end {
            return None;
        }
        // SAFETY: the physmap maps these bytes; ACPI tables are never written while the kernel runs, and the slices
        // are gone before usable memory is given out.
        Some(unsafe { slice::from_raw_parts(paging::phys_to_virt(paddr), len) })
    }

    fn hello(boot_info: &BootInfo) {
        let regions = &boot_info.regions[..boot_info.region_count as usize];
        let ram = regions.iter().filter(|region| {
            !matches!(
                region.kind,
                RegionKind::MMIO | RegionKind::FRAMEBUFFER | RegionKind::RESERVED
            )
        });
        let bytes: u64 = ram.map(|region| region.len).sum();
        serial::line(format_args!(
            "kernel: {} cores, {} MiB, tsc {} MHz, {}, up after {} ms",
            percore::core_count(),
            bytes.div_ceil(1 << 20),
            tsc::hz() / 1_000_000,
            if apic::is_x2apic() { "x2APIC" } else { "xAPIC" },
            (tsc::now() - boot_info.tsc_loader_start) / (tsc::hz() / 1000),
        ));
    }

    #[panic_handler]
    fn on_panic(info: &PanicInfo<'_>) -> ! {
        match info.location() {
            Some(place) => serial::panic(format_args!(
                "{} ({}:{})",
                info.message(),
                place.file(),
                place.line()
            )),
            None => serial::panic(format_args!("{}", info.message())),
        }
    }
}
