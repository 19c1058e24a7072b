//! A machine made of plain memory, for host tests.

#[path = "../x86_64/context.rs"]
pub mod context;
pub mod paging;
