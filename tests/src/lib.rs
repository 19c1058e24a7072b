//! Whole-system tests: scenarios that `cargo xtask test` runs in QEMU. There is none yet, because the kernel does not start
//! user programs yet.
