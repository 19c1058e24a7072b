//! The last deaths: what a server died of, with its registers, for the `crashes` of the shell.

use alloc::collections::VecDeque;

use protocol::abi::fault::{FaultKind, FaultReport};

use crate::topology::ServerId;

/// Deaths that are remembered; with the registers about 8 KiB.
pub const CORPSES_MAX: usize = 32;

/// What a server died of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A fault, with the state of the thread.
    Fault(FaultKind, FaultReport),
    /// It ended by itself, which no server should.
    Exited(u64),
    /// No sign of life after its start.
    NeverReady,
    /// No sign of life for too long.
    Hung,
    /// Somebody with the right to do so ended it.
    Killed,
    /// It could not even be made: no memory, a corrupt image.
    NotStarted,
}

/// One death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corpse {
    /// Counts all deaths since boot, from 0.
    pub number: u64,
    /// Who.
    pub server: ServerId,
    /// Which life of it, from 1.
    pub life: u64,
    /// When.
    pub ticks: u64,
    /// Of what.
    pub cause: Cause,
}

/// The last [`CORPSES_MAX`] deaths.
#[derive(Debug, Default)]
pub struct Corpses {
    last: VecDeque<Corpse>,
    count: u64,
}

impl Corpses {
    /// Records a death; the oldest record leaves if there is no room.
    pub fn record(&mut self, server: ServerId, life: u64, ticks: u64, cause: Cause) {
        if self.last.len() == CORPSES_MAX {
            self.last.pop_front();
        }
        self.last.push_back(Corpse {
            number: self.count,
            server,
            life,
            ticks,
            cause,
        });
        self.count += 1;
    }

    /// The records, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Corpse> {
        self.last.iter()
    }

    /// Deaths since boot.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_deaths_are_kept() {
        let mut corpses = Corpses::default();
        for life in 0..100 {
            corpses.record(ServerId(1), life, life * 2, Cause::Hung);
        }
        assert_eq!(corpses.count(), 100);
        let numbers: Vec<u64> = corpses.iter().map(|corpse| corpse.number).collect();
        assert_eq!(numbers, (68..100).collect::<Vec<u64>>());
    }
}
