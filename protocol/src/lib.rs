//! The wire types of VELOCITY-OS: everything that two parties must agree on, stated once.
//!
//! - [`abi`]: between a user thread and the kernel, and between the loader and the kernel: system call numbers, object
//!   types, rights, the message layout, errors, faults, boot information and the address-space layout.
//! - [`service`]: between a client and a server: one module a service, from whose declaration both the client stub and
//!   the server's dispatch come.
//! - [`manifest`]: the capability topology as `init` reads it, made from `servers/system.toml` when the image is built.
//!
//! There is no logic here and nothing allocates: whoever decodes a message decides where its bytes live.
//!
//! Decided against: re-exporting kernel types from the kernel crate. The kernel would then be a dependency of every
//! server, and its private layout would leak into theirs.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod abi;
pub mod manifest;
pub mod service;
