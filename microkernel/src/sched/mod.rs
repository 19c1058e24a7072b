//! Who runs next.
//!
//! - [`queue`]: the intrusive list of threads that run queues and endpoints share;
//! - [`run_queue`]: the ready threads of one core, by priority.

pub mod queue;
pub mod run_queue;
