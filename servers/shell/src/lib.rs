//! The shell: the terminal of VELOCITY-OS.
//!
//! A person types plain language or an exact command. This library is everything of that which needs no capability, so
//! it runs and is tested on the host: [`editor`] turns keystrokes into lines, [`command`] reads the exact commands,
//! [`understand`] reads plain language, and [`lower`] turns what is to be drawn into an NDA module. The server's `main.rs`
//! binds them to the console, the compositor and the other servers.
//!
//! Invariants: the same line always gets the same answer; nothing typed can panic; a line is done whole or not at all.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod editor;

pub mod command;

pub mod understand;

pub mod lower;
