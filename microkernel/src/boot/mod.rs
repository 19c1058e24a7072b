//! From the loader's jump to the first thread.
//!
//! [`acpi`] reads which cores and interrupt controllers the machine has.

pub mod acpi;
