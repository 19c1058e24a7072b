//! The first process, without its system calls: what to start, when, from which pages, in which slots.
//!
//! In reading order:
//!
//! - [`topology`]: the server table, checked, in the order of starting;
//! - [`supervise`]: each server's life: starting, running, dead, backing off, failed;
//! - [`corpse`]: the last deaths;
//! - [`segments`]: an executable's pages as frames to map;
//! - [`slots`] and [`untyped`]: which capability slots and which memory are free.
//!
//! All of it is plain computation on what the program is told: events and times come in, actions come out, and the tests
//! play any history.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod topology;

pub mod supervise;

pub mod corpse;

pub mod segments;

pub mod slots;

pub mod untyped;
