//! Time: the time stamp counter, and the microseconds it stands for.

use core::sync::atomic::{AtomicU64, Ordering};

/// Ticks a second; 1 GHz until the start information says otherwise.
static TSC_HZ: AtomicU64 = AtomicU64::new(1_000_000_000);

pub(crate) fn set_tsc_hz(hz: u64) {
    TSC_HZ.store(hz.max(1), Ordering::Relaxed);
}

/// Ticks now, the unit of all deadlines.
pub fn ticks() -> u64 {
    crate::sys::tsc()
}

/// Microseconds that so many ticks take.
pub fn us(ticks: u64) -> u64 {
    scale(ticks, 1_000_000, TSC_HZ.load(Ordering::Relaxed))
}

/// The deadline that lies so many microseconds ahead.
pub fn deadline_us(us: u64) -> u64 {
    ticks().saturating_add(scale(us, TSC_HZ.load(Ordering::Relaxed), 1_000_000))
}

fn scale(value: u64, times: u64, over: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(times) / u128::from(over);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn scaling_neither_overflows_nor_loses_precision() {
        assert_eq!(
            super::scale(3_000_000_000, 1_000_000, 3_000_000_000),
            1_000_000
        );
        assert_eq!(super::scale(u64::MAX, u64::MAX, 1), u64::MAX);
    }
}
