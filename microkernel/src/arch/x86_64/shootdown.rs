//! Telling other cores to forget translations, and waiting until they have.
//!
//! One request is under way at a time: its sender holds a lock, names the page, marks the cores, interrupts them and
//! waits for every mark to go. Two cores that want to send at once would wait for each other with interrupts off; so
//! whoever waits, here or for any other lock, calls [`service_pending`] in its loop.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicU64, Ordering};

use spin::Mutex;

use super::percore::CORES_MAX;
use super::{apic, paging, percore};

/// What other cores forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The page at this address.
    Page(u64),
    /// Everything in the user half.
    All,
}

static SENDER: Mutex<()> = Mutex::new(());
/// The page of the request under way; [`ALL`] for everything.
static VADDR: AtomicU64 = AtomicU64::new(0);
/// One bit for each core that has not served it yet.
static PENDING: AtomicU64 = AtomicU64::new(0);
/// Not a page address.
const ALL: u64 = 1;

/// Makes the cores in `cores` (bit n: core n) forget `range`, and returns when all have. This core's own bit is served
/// at once. Cores that do not run are ignored.
///
/// Bounded by the longest time that a core spends in the kernel between two calls of [`service_pending`].
pub fn send(cores: u64, range: Range) {
    let this = percore::core_id();
    if cores & 1 << this != 0 {
        flush(range);
    }
    let running = (1 << percore::core_count()) - 1;
    let others = cores & running & !(1 << this);
    if others == 0 {
        return;
    }
    let _sender = loop {
        if let Some(guard) = SENDER.try_lock() {
            break guard;
        }
        service_pending();
        spin_loop();
    };
    let vaddr = match range {
        Range::Page(vaddr) => vaddr & !1,
        Range::All => ALL,
    };
    VADDR.store(vaddr, Ordering::Relaxed);
    // Publishes the address and all page-table writes before it.
    PENDING.store(others, Ordering::SeqCst);
    for core in (0..CORES_MAX).filter(|core| others & 1 << core != 0) {
        apic::send_ipi(core, apic::SHOOTDOWN_VECTOR);
    }
    while PENDING.load(Ordering::Acquire) != 0 {
        spin_loop();
    }
}

/// Serves the request that waits for this core, if one does. One load if none does.
pub fn service_pending() {
    let bit = 1 << percore::core_id();
    if PENDING.load(Ordering::Acquire) & bit == 0 {
        return;
    }
    // The address stays until this core's mark is gone.
    let vaddr = VADDR.load(Ordering::Relaxed);
    flush(if vaddr == ALL {
        Range::All
    } else {
        Range::Page(vaddr)
    });
    PENDING.fetch_and(!bit, Ordering::Release);
}

fn flush(range: Range) {
    match range {
        Range::Page(vaddr) => paging::flush_page(vaddr),
        Range::All => paging::flush_all(),
    }
}
