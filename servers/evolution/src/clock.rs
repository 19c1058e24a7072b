//! Time, as a trait: the program reads the processor's counter, tests count calls.

/// A counter that does not run backwards.
pub trait Clock {
    /// Ticks since some moment in the past. The unit is the implementation's.
    fn ticks(&mut self) -> u64;
}

impl<F: FnMut() -> u64> Clock for F {
    fn ticks(&mut self) -> u64 {
        self()
    }
}
