//! What the person sees: one short line a phase on COM1, and an error on the screen as well.
//!
//! Screen output goes to the text consoles that sit directly on a graphics device, not to the firmware's `ConOut`: that
//! one usually mirrors to COM1, and every line would arrive there twice.

use core::fmt::Write;
use core::time::Duration;

use alloc::string::String;
use uefi::boot::{self, OpenProtocolAttributes, OpenProtocolParams};
use uefi::proto::console::gop::GraphicsOutput;
use uefi::proto::console::text::{Color, Output};
use uefi::runtime::{self, ResetType};
use uefi::{CString16, Status, system};

use crate::error::Error;
use crate::serial::Serial;

/// How long an error stays on the screen if nobody presses a key.
const ERROR_SHOWN_S: u32 = 20;

/// Says on COM1 that a phase begins.
pub fn progress(phase: &str) {
    // Writing to COM1 cannot fail.
    let _ = writeln!(Serial, "loader: {phase}");
}

/// Shows an error, waits for a key or [`ERROR_SHOWN_S`], and powers the machine off.
pub fn fail(error: &Error) -> ! {
    // Writing to COM1 cannot fail.
    let _ = writeln!(Serial, "loader: error: {error}");
    let mut text = String::new();
    // Formatting into a `String` cannot fail.
    let _ = write!(
        text,
        "VELOCITY-OS cannot start\r\n\r\n{error}\r\n\r\n\
         Write the boot image again, or choose another boot device.\r\n\
         Press any key to power off.\r\n"
    );
    show(&text);
    for _ in 0..ERROR_SHOWN_S * 10 {
        if system::with_stdin(|input| input.read_key()).is_ok_and(|key| key.is_some()) {
            break;
        }
        boot::stall(Duration::from_millis(100));
    }
    runtime::reset(ResetType::SHUTDOWN, Status::LOAD_ERROR, None)
}

/// Prints on each text console that sits on a graphics device.
fn show(text: &str) {
    let Ok(text) = CString16::try_from(text) else {
        return;
    };
    for handle in boot::find_handles::<Output>().unwrap_or_default() {
        let params = OpenProtocolParams {
            handle,
            agent: boot::image_handle(),
            controller: None,
        };
        if !boot::test_protocol::<GraphicsOutput>(params).unwrap_or(false) {
            continue;
        }
        // SAFETY: the firmware keeps using the console as well, which GET_PROTOCOL allows; it does so from timer events
        // at most, between calls and not during them, and the interface is not removed while this function runs.
        let output =
            unsafe { boot::open_protocol::<Output>(params, OpenProtocolAttributes::GetProtocol) };
        if let Ok(mut output) = output {
            // A console that fails has no better place to say so.
            let _ = output.set_color(Color::White, Color::Black);
            let _ = output.clear();
            let _ = output.output_string(&text);
        }
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    // Writing to COM1 cannot fail. Nothing else is certain to work here: boot services may have ended.
    let _ = writeln!(Serial, "loader: error: internal error: {info}");
    runtime::reset(ResetType::SHUTDOWN, Status::ABORTED, None)
}
