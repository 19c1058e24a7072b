//! The UEFI loader: from firmware to the kernel's first instruction.
//!
//! It reads `\velocity\kernel.elf` and `\velocity\boot.arc` from the partition that it was itself started from, checks
//! both (the archive by its hash, the kernel by the hash that the archive carries), lays out kernel, archive and `init`
//! in memory, builds the page tables, ends boot services and jumps. What it hands over is
//! [`protocol::abi::boot_info`]; every decision that can be tested without firmware is in `bootimg-layout`.
//!
//! A missing or corrupt file ends in one readable line on the screen and on COM1 and a machine that powers off; nothing
//! from a file or from the firmware is used before it is checked.
//!
//! Decided against: a menu, a configuration file, chain loading. The firmware has a boot menu already.
#![no_main]
#![no_std]

extern crate alloc;

mod cpu;
mod error;
mod files;
mod handoff;
mod image;
mod memory;
mod report;
mod serial;
mod video;

use uefi::prelude::*;

use crate::error::Error;

#[entry]
fn main() -> Status {
    let started = cpu::timestamp();
    serial::init();
    match boot(started) {
        Ok(never) => match never {},
        Err(error) => report::fail(&error),
    }
}

/// The boot sequence. Returns only if something is wrong.
fn boot(started: u64) -> Result<core::convert::Infallible, Error> {
    let features = cpu::check()?;
    report::progress("start");
    let framebuffer = video::choose_mode();

    let mut volume = files::Volume::open()?;
    let kernel_file = volume.read("\\velocity\\kernel.elf")?;
    let archive_memory = volume.read_archive("\\velocity\\boot.arc")?;
    report::progress("files read");

    let archive = image::check_archive(&archive_memory)?;
    let kernel = image::load_kernel(&kernel_file, &archive)?;
    let init = image::load_init(&archive)?;
    report::progress("files checked");

    let handoff = handoff::Handoff::prepare(handoff::Placed {
        kernel,
        archive: archive_memory.span(),
        init,
        framebuffer,
        features,
        started,
    })?;
    report::progress("kernel");
    // SAFETY: (1) `volume` and the file buffer are pool memory that is not touched again: this call never returns, so
    // they are never dropped. (2) `choose_mode` and `report` keep no protocol open across calls. (3) The global
    // allocator is not used after this point: `enter` only touches memory that `prepare` allocated.
    unsafe { handoff.enter() }
}
