//! Supervision: one small state machine a server.
//!
//! ```text
//!             1 poll                2 alive
//!   Waiting ─────────▶ Starting ─────────────▶ Running ◀─┐
//!                         │  ▲                    │      │ 2 alive
//!    3 died, kill, or     │  │ 5 poll             │──────┘
//!      poll: overdue      ▼  │                    │ 3
//!                        Dead◀────────────────────┘
//!                         │  └── BackingOff ◀─┐
//!                         │ 4 reaped          │ 4
//!                         ├───────────────────┘
//!                         └──▶ Failed ──── 6 revive ───▶ Waiting
//! ```
//!
//! 1. [`Supervisor::poll`] orders the start once all that the server needs is running.
//! 2. [`Supervisor::alive`]: a sign of life; the first one ends the start.
//! 3. [`Supervisor::died`], [`Supervisor::kill`], or a deadline that `poll` finds passed. The death is recorded; what is left
//!    of the server is still there, and `poll` orders to clear it away.
//! 4. [`Supervisor::reaped`]: it is cleared away. A pause follows that doubles with each death in a row, or, past the
//!    limit, nothing.
//! 5. `poll` after the pause, once all needs are running.
//! 6. [`Supervisor::revive`]: a person says to try again.
//!
//! Each life has a number, and events carry it: what a dead life still had to say does not count for the next one.
//! Servers that need a dead one are not ended with it: they see "restarted" and decide.
//!
//! Invariants: (1) between [`Action::Start`] and `reaped` nothing of the server is started again; (2) `poll` gives each
//! order once; (3) after `poll` returned `None`, nothing changes before [`Supervisor::deadline`] without an event.

use alloc::vec::Vec;

use crate::corpse::{Cause, Corpses};
use crate::topology::{Policy, ServerId, Table};

/// Where a server is in its life; see the diagram in [`crate::supervise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started: its needs are not running yet.
    Waiting,
    /// Ordered to start; must give a sign of life before the deadline.
    Starting {
        /// When it counts as dead.
        deadline: u64,
    },
    /// Gave a sign of life.
    Running {
        /// When it counts as hung; `None` if it promised no signs of life.
        deadline: Option<u64>,
    },
    /// Died; its remains are being cleared away.
    Dead,
    /// Waits before the next start.
    BackingOff {
        /// When the wait ends.
        until: u64,
    },
    /// Died too often and was given up.
    Failed,
}

/// What the program must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make the server's process and start it; tell [`Supervisor::died`] if that is not possible.
    Start(ServerId, u64),
    /// Stop what still runs of the server, take its memory back, then tell [`Supervisor::reaped`].
    Reap(ServerId, u64),
}

/// One line of `ps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsRecord<'a> {
    /// Who.
    pub name: &'a str,
    /// On which core.
    pub core: u8,
    /// In which state.
    pub state: State,
    /// Which life, from 1; 0 before the first.
    pub life: u64,
    /// Since when it is in this state.
    pub since: u64,
    /// Bytes of memory made for it.
    pub memory_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Server {
    state: State,
    since: u64,
    life: u64,
    deaths_in_a_row: u32,
    /// The order to reap the present life was given.
    is_reap_ordered: bool,
    memory_bytes: u64,
}

/// All servers and their deaths.
#[derive(Debug)]
pub struct Supervisor {
    table: Table,
    servers: Vec<Server>,
    corpses: Corpses,
}

impl Supervisor {
    /// All servers waiting.
    pub fn new(table: Table, now: u64) -> Self {
        let fresh = Server {
            state: State::Waiting,
            since: now,
            life: 0,
            deaths_in_a_row: 0,
            is_reap_ordered: false,
            memory_bytes: 0,
        };
        Self {
            servers: alloc::vec![fresh; table.len()],
            table,
            corpses: Corpses::default(),
        }
    }

    /// The server table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The last deaths.
    pub fn corpses(&self) -> &Corpses {
        &self.corpses
    }

    /// The state of `id`, if there is such a server.
    pub fn state(&self, id: ServerId) -> Option<State> {
        self.servers.get(id.0).map(|server| server.state)
    }

    /// The next order, or `None` until an event or [`Supervisor::deadline`]. To be called until it gives `None`.
    pub fn poll(&mut self, now: u64) -> Option<Action> {
        (0..self.table.len()).find_map(|position| {
            let id = self.table.order()[position];
            self.poll_one(id, now)
        })
    }

    /// A sign of life of `id`, in its life `life`. Ignored if it is not from the present life.
    pub fn alive(&mut self, id: ServerId, life: u64, now: u64) {
        let Some((server, policy)) = self.present(id, life) else {
            return;
        };
        let deadline = policy.heartbeat_max.map(|max| now.saturating_add(max));
        match server.state {
            State::Starting { .. } => server.enter(State::Running { deadline }, now),
            State::Running { .. } => server.state = State::Running { deadline },
            State::Waiting | State::Dead | State::BackingOff { .. } | State::Failed => {}
        }
    }

    /// `id` died in its life `life`. Ignored if it is not the present life, or known already.
    pub fn died(&mut self, id: ServerId, life: u64, cause: Cause, now: u64) {
        let Some((server, policy)) = self.present(id, life) else {
            return;
        };
        match server.state {
            State::Running { .. } if now.saturating_sub(server.since) >= policy.stable_after => {
                server.deaths_in_a_row = 1;
            }
            State::Starting { .. } | State::Running { .. } => {
                server.deaths_in_a_row = server.deaths_in_a_row.saturating_add(1);
            }
            State::Waiting | State::Dead | State::BackingOff { .. } | State::Failed => return,
        }
        server.enter(State::Dead, now);
        server.is_reap_ordered = false;
        self.corpses.record(id, life, now, cause);
    }

    /// Ends `id` on somebody's demand; it starts again like after any death. Returns whether it was starting or running.
    pub fn kill(&mut self, id: ServerId, now: u64) -> bool {
        let Some(server) = self.servers.get(id.0) else {
            return false;
        };
        let is_up = matches!(server.state, State::Starting { .. } | State::Running { .. });
        self.died(id, server.life, Cause::Killed, now);
        is_up
    }

    /// Nothing is left of the life `life` of `id`.
    pub fn reaped(&mut self, id: ServerId, life: u64, now: u64) {
        let Some((server, policy)) = self.present(id, life) else {
            return;
        };
        if server.state != State::Dead {
            return;
        }
        server.memory_bytes = 0;
        let next = if server.deaths_in_a_row > policy.restarts_max {
            State::Failed
        } else {
            let until = now.saturating_add(backoff(&policy, server.deaths_in_a_row));
            State::BackingOff { until }
        };
        server.enter(next, now);
    }

    /// Tries a failed server again, with its deaths forgotten. Returns whether it had failed.
    pub fn revive(&mut self, id: ServerId, now: u64) -> bool {
        match self.servers.get_mut(id.0) {
            Some(server) if server.state == State::Failed => {
                server.deaths_in_a_row = 0;
                server.enter(State::Waiting, now);
                true
            }
            _ => false,
        }
    }

    /// Notes how much memory was made for `id`.
    pub fn set_memory(&mut self, id: ServerId, bytes: u64) {
        if let Some(server) = self.servers.get_mut(id.0) {
            server.memory_bytes = bytes;
        }
    }

    /// The next time at which `poll` may have something to say without an event.
    pub fn deadline(&self) -> Option<u64> {
        let deadlines = self.servers.iter().filter_map(|server| match server.state {
            State::Starting { deadline } => Some(deadline),
            State::Running { deadline } => deadline,
            State::BackingOff { until } => Some(until),
            State::Waiting | State::Dead | State::Failed => None,
        });
        deadlines.min()
    }

    /// One record a server, in the table's order.
    pub fn ps(&self) -> impl Iterator<Item = PsRecord<'_>> {
        self.servers
            .iter()
            .enumerate()
            .filter_map(|(index, server)| {
                let spec = self.table.spec(ServerId(index))?;
                Some(PsRecord {
                    name: &spec.name,
                    core: spec.core,
                    state: server.state,
                    life: server.life,
                    since: server.since,
                    memory_bytes: server.memory_bytes,
                })
            })
    }

    fn poll_one(&mut self, id: ServerId, now: u64) -> Option<Action> {
        let server = *self.servers.get(id.0)?;
        match server.state {
            State::Starting { deadline } if deadline <= now => {
                self.died(id, server.life, Cause::NeverReady, now);
            }
            State::Running {
                deadline: Some(deadline),
            } if deadline <= now => self.died(id, server.life, Cause::Hung, now),
            State::BackingOff { until } if until <= now => {
                self.servers[id.0].enter(State::Waiting, now);
            }
            _ => {}
        }
        let is_running =
            |need: &ServerId| matches!(self.servers[need.0].state, State::Running { .. });
        let can_start = self.table.needs(id).iter().all(is_running);
        let start_max = self.table.spec(id)?.policy.start_max;
        let server = &mut self.servers[id.0];
        match server.state {
            State::Waiting if can_start => {
                server.life += 1;
                let deadline = now.saturating_add(start_max);
                server.enter(State::Starting { deadline }, now);
                Some(Action::Start(id, server.life))
            }
            State::Dead if !server.is_reap_ordered => {
                server.is_reap_ordered = true;
                Some(Action::Reap(id, server.life))
            }
            _ => None,
        }
    }

    /// The server with its policy, if `life` is its present life.
    fn present(&mut self, id: ServerId, life: u64) -> Option<(&mut Server, Policy)> {
        let policy = self.table.spec(id)?.policy;
        let server = self.servers.get_mut(id.0)?;
        (server.life == life).then_some((server, policy))
    }
}

impl Server {
    fn enter(&mut self, state: State, now: u64) {
        self.state = state;
        self.since = now;
    }
}

/// The pause after the `deaths`-th death in a row: doubles from the first to the longest.
fn backoff(policy: &Policy, deaths: u32) -> u64 {
    let factor = 1u64
        .checked_shl(deaths.saturating_sub(1))
        .unwrap_or(u64::MAX);
    policy
        .backoff_first
        .saturating_mul(factor)
        .min(policy.backoff_max)
}

#[cfg(test)]
mod tests;
