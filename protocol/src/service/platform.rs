//! The `platform` service: what concerns the whole machine.

use super::declare::*;

service! {
    name "platform" version 1;
    errors {
        /// The firmware tells no way to do it, or the way had no effect.
        NotSupported,
    }
    /// Switches the machine off (ACPI 6.5, 16.1.5: `_S5`). Returns only if that fails: `NotSupported`.
    0: Idempotent fn power_off() -> ();
    /// Resets the machine (ACPI 6.5, 4.8.3.6: the reset register; else the keyboard controller). Returns only if that
    /// fails: `NotSupported`.
    1: Idempotent fn reboot() -> ();
}
