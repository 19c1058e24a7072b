//! The machine as its tables and its configuration space describe it, none of which is believed.
//!
//! In reading order:
//!
//! - [`fadt`], [`sleep`], [`power`]: from ACPI tables to the register writes that switch the machine off or reset it;
//! - [`config`], [`bar`], [`capability`]: from PCI configuration space to devices, the memory they need and what they offer.
//!
//! Firmware can be wrong and a device can be hostile, so every length is checked and every walk has a bound. Nothing here
//! panics on what is read, and nothing touches hardware: registers are written by whoever holds the ports.
//!
//! Decided against: an AML interpreter for one package of four numbers. It would be the largest and least tested part of
//! this server, run on input that nobody vouches for.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod fadt;

pub mod sleep;

pub mod power;

pub mod config;

pub mod bar;

pub mod capability;
