//! A machine made of plain memory, for host tests.

pub mod paging;
