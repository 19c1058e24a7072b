//! Register sets and states of threads, as `ThreadWriteRegisters` and `ThreadInspect` carry them.

/// The state of a thread.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadState {
    /// Never started, suspended, or stopped by a fault that nobody answered.
    Inactive = 0,
    /// Running or in a run queue.
    Ready = 1,
    /// Waits for a call on an endpoint.
    Receiving = 2,
    /// Waits for a receiver on an endpoint.
    Calling = 3,
    /// Waits for a reply.
    AwaitingReply = 4,
    /// Waits for a signal.
    Waiting = 5,
    /// Its budget is used up; it continues at the next period.
    Throttled = 6,
}

impl ThreadState {
    /// The state with this number.
    pub const fn from_u64(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Inactive,
            1 => Self::Ready,
            2 => Self::Receiving,
            3 => Self::Calling,
            4 => Self::AwaitingReply,
            5 => Self::Waiting,
            6 => Self::Throttled,
            _ => return None,
        })
    }
}
