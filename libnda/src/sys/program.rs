//! The program's two ends: its first instructions, and what a panic does. Servers only.

use core::arch::naked_asm;
use core::panic::PanicInfo;

unsafe extern "C" {
    /// Made by [`entry!`](crate::entry).
    fn velocity_main(ipc_buffer: u64) -> !;
}

/// The ELF entry point: `rdi` is the IPC buffer's address, `rsp` the stack's top.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    // No frame is above this one; a call expects a stack aligned to 16.
    naked_asm!("xor ebp, ebp", "and rsp, -16", "call {main}", "ud2", main = sym velocity_main)
}

/// Logs the panic and faults: the supervisor reports the registers and restarts the server.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    log::error!("{info}");
    super::fault()
}

/// Named by the tables of precompiled `core` and `alloc`. Servers abort on panic, and the tables are discarded.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As [`rust_eh_personality`]: never reached.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    super::fault()
}
