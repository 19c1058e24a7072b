//! The heap: talc over the one range of memory that the starter mapped. It does not grow; a server's memory is fixed by the
//! manifest, and a server that needs more fails on its own account.

use core::ptr;

use protocol::abi::start::Range;
use talc::TalcLock;
use talc::source::Manual;

// On hosts, programs and tests keep the host's allocator.
#[cfg_attr(target_env = "musl", global_allocator)]
static HEAP: TalcLock<spin::Mutex<()>, Manual> = TalcLock::new(Manual);

/// Gives the starter's range to the allocator; `false` if it is too small for one.
pub(crate) fn claim(range: Range) -> bool {
    let base = ptr::with_exposed_provenance_mut(range.base as usize);
    // SAFETY: the starter maps the range writable for the life of the process and gives it out once.
    unsafe { HEAP.lock().claim(base, range.len as usize) }.is_some()
}
