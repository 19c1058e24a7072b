//! The choice of a graphics mode.
//!
//! 1280×800 if there is one (what QEMU starts in, so that no mode is set and nothing flickers); else the largest up to
//! 1920×1200, above which software drawing gets slow; else the mode that the firmware left. Only modes with a linear
//! framebuffer of 32-bit BGRX or RGBX pixels count; without any the machine is used over its serial port.

use protocol::abi::boot_info::{Framebuffer, PIXEL_BGRX, PIXEL_RGBX};
use uefi::boot::{self, OpenProtocolAttributes, OpenProtocolParams};
use uefi::proto::console::gop::{GraphicsOutput, ModeInfo, PixelFormat};

/// The mode that is taken where it exists.
const PREFERRED: (usize, usize) = (1280, 800);
/// The largest mode that is chosen.
const LARGEST: (usize, usize) = (1920, 1200);

/// Sets the mode and describes its framebuffer; `width` is 0 if there is none.
pub fn choose_mode() -> Framebuffer {
    let Ok(handle) = boot::get_handle_for_protocol::<GraphicsOutput>() else {
        return Framebuffer::default();
    };
    let params = OpenProtocolParams {
        handle,
        agent: boot::image_handle(),
        controller: None,
    };
    // SAFETY: opened exclusively, the firmware's text console would lose its screen and no error could be shown.
    // GET_PROTOCOL is what the specification lets applications use; the device is not removed during this function.
    let opened = unsafe {
        boot::open_protocol::<GraphicsOutput>(params, OpenProtocolAttributes::GetProtocol)
    };
    let Ok(mut graphics) = opened else {
        return Framebuffer::default();
    };

    if rank(&graphics.current_mode_info()) < rank_of(PREFERRED) {
        let best = graphics.modes().max_by_key(|mode| rank(mode.info()));
        if let Some(best) = best.filter(|best| rank(best.info()) > 0) {
            // If it cannot be set, the current mode stays and is described below.
            let _ = graphics.set_mode(&best);
        }
    }
    describe(&mut graphics).unwrap_or_default()
}

/// How welcome a mode is; 0 for one that cannot be used.
fn rank(mode: &ModeInfo) -> usize {
    if pixel_format(mode).is_none() {
        0
    } else {
        rank_of(mode.resolution())
    }
}

fn rank_of((width, height): (usize, usize)) -> usize {
    if (width, height) == PREFERRED {
        usize::MAX
    } else if width > LARGEST.0 || height > LARGEST.1 {
        // Usable if the firmware has nothing smaller.
        1
    } else {
        1 + width * height
    }
}

fn pixel_format(mode: &ModeInfo) -> Option<u32> {
    match mode.pixel_format() {
        PixelFormat::Bgr => Some(PIXEL_BGRX),
        PixelFormat::Rgb => Some(PIXEL_RGBX),
        PixelFormat::Bitmask | PixelFormat::BltOnly => None,
    }
}

/// Describes the current mode's framebuffer, if it is one that can be used and its numbers agree with each other.
fn describe(graphics: &mut GraphicsOutput) -> Option<Framebuffer> {
    let mode = graphics.current_mode_info();
    let format = pixel_format(&mode)?;
    let (width, height) = mode.resolution();
    let stride = mode.stride();
    let mut memory = graphics.frame_buffer();
    let (base, len) = (memory.as_mut_ptr() as u64, memory.size() as u64);
    let needed = (stride as u64).checked_mul(height as u64)?.checked_mul(4)?;
    if stride < width || needed > len || base == 0 {
        return None;
    }
    Some(Framebuffer {
        base,
        len,
        width: u32::try_from(width).ok()?,
        height: u32::try_from(height).ok()?,
        stride: u32::try_from(stride).ok()?,
        format,
    })
}
