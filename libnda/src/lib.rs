//! The server SDK: what a VELOCITY-OS server is written against.
//!
//! - [`entry!`] turns a function into a server's program; [`start::Start`] is what that function gets.
//! - [`server`] answers calls, [`client`] makes them; both speak the services of [`protocol::service`].
//! - [`cap`] has a type for each kind of kernel object.
//! - [`log`](mod@log), [`time`], [`heap`] do what they say.
//! - [`sys`] is the system call itself.
//!
//! `unsafe` stands in `sys` and `heap` alone. A server has one thread; its IPC buffer is that thread's.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

pub mod cap;
pub mod client;
#[expect(unsafe_code, reason = "gives mapped memory to the allocator")]
pub mod heap;
pub mod log;
pub mod server;
pub mod start;
#[expect(
    unsafe_code,
    reason = "system calls, registers and memory that the kernel shares"
)]
pub mod sys;
pub mod time;

/// Makes a server's program out of `fn main(start: libnda::start::Start) -> !`.
///
/// On a host the program says that it is not meant for it.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[cfg(target_env = "musl")]
        #[unsafe(no_mangle)]
        extern "C" fn velocity_main(ipc_buffer: u64) -> ! {
            $main($crate::start::begin(ipc_buffer))
        }

        #[cfg(not(target_env = "musl"))]
        fn main() {
            // Keeps the server's code checked and used on hosts.
            let _server: fn($crate::start::Start) -> ! = $main;
            eprintln!("this is a server of VELOCITY-OS: `cargo xtask qemu` runs it");
            std::process::exit(1);
        }
    };
}
