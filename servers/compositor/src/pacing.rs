//! Pacing: when the next frame is due, and how well the last ones kept their time.
//!
//! ```text
//!   Waiting ──(1) poll, deadline reached──▶ Due ──(2) presented──▶ Waiting   (frame counted, missed periods dropped)
//!                                            └───(3) idle───────▶ Waiting   (nothing to show: nothing counted)
//! ```
//!
//! Deadline `n` is `start + n · tsc_hz ÷ 60`, computed anew each time: the sixtieth is not a whole number of cycles, and
//! adding a rounded period would drift. After a late frame the grid stays as it was; frames are skipped, never hurried.

/// Frames a second.
pub const FRAME_RATE_HZ: u64 = 60;

/// Buckets of the lateness histogram: bucket 0 is a tenth of a period, each next one a tenth more, the last all above.
pub const BUCKETS: usize = 16;

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nothing before this time stamp.
    Wait {
        /// The next deadline, in cycles of the time stamp counter.
        until: u64,
    },
    /// Compose and present, then call [`Pacer::presented`] or [`Pacer::idle`].
    Due,
}

/// The frame clock.
#[derive(Clone, Debug)]
pub struct Pacer {
    start: u64,
    tsc_hz: u64,
    /// Number of the next deadline.
    next: u64,
    presented: u64,
    dropped: u64,
    histogram: [u64; BUCKETS],
}

impl Pacer {
    /// A clock whose first frame is due at `now`. A `tsc_hz` below the frame rate counts as the frame rate.
    pub fn new(tsc_hz: u64, now: u64) -> Pacer {
        Pacer {
            start: now,
            tsc_hz: tsc_hz.max(FRAME_RATE_HZ),
            next: 0,
            presented: 0,
            dropped: 0,
            histogram: [0; BUCKETS],
        }
    }

    /// (1) Whether a frame is due.
    pub fn poll(&self, now: u64) -> Pace {
        let until = self.deadline(self.next);
        if now >= until {
            Pace::Due
        } else {
            Pace::Wait { until }
        }
    }

    /// (2) The due frame is on the screen at `now`. Deadlines that passed meanwhile are dropped frames.
    pub fn presented(&mut self, now: u64) {
        let late = now.saturating_sub(self.deadline(self.next));
        // Exact: a tenth of a period is tsc_hz ÷ 600 cycles.
        let tenths = u128::from(late) * u128::from(10 * FRAME_RATE_HZ) / u128::from(self.tsc_hz);
        let bucket = usize::try_from(tenths)
            .unwrap_or(usize::MAX)
            .min(BUCKETS - 1);
        self.histogram[bucket] += 1;
        self.presented += 1;
        let following = self.following(now);
        self.dropped += following - self.next - 1;
        self.next = following;
    }

    /// (3) There was nothing to show at `now`; nothing is counted.
    pub fn idle(&mut self, now: u64) {
        self.next = self.following(now);
    }

    /// Frames shown.
    pub fn frames_presented(&self) -> u64 {
        self.presented
    }

    /// Deadlines that passed while an earlier frame was being made.
    pub fn frames_dropped(&self) -> u64 {
        self.dropped
    }

    /// Frames by how long after their deadline they were shown, see [`BUCKETS`].
    pub fn histogram(&self) -> &[u64; BUCKETS] {
        &self.histogram
    }

    fn deadline(&self, number: u64) -> u64 {
        let cycles = u128::from(number) * u128::from(self.tsc_hz) / u128::from(FRAME_RATE_HZ);
        u64::try_from(u128::from(self.start) + cycles).unwrap_or(u64::MAX)
    }

    /// Number of the first deadline after `now`, and after the current one.
    fn following(&self, now: u64) -> u64 {
        let elapsed = u128::from(now.saturating_sub(self.start));
        // ⌊n·hz ÷ 60⌋ > elapsed first holds for the n below: the least with n·hz ≥ (elapsed + 1)·60.
        let number = ((elapsed + 1) * u128::from(FRAME_RATE_HZ)).div_ceil(u128::from(self.tsc_hz));
        u64::try_from(number).unwrap_or(u64::MAX).max(self.next + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: u64 = 1_000_000_007;

    #[test]
    fn an_hour_of_frames_does_not_drift() {
        let mut pacer = Pacer::new(HZ, 500);
        let mut now = 500;
        for _ in 0..60 * 3600 {
            assert_eq!(pacer.poll(now), Pace::Due);
            pacer.presented(now);
            let Pace::Wait { until } = pacer.poll(now) else {
                panic!("two frames are due at once");
            };
            assert_eq!(pacer.poll(until - 1), Pace::Wait { until });
            now = until;
        }
        assert_eq!(now, 500 + HZ * 3600);
        assert_eq!(
            (pacer.frames_presented(), pacer.frames_dropped()),
            (60 * 3600, 0)
        );
        assert_eq!(pacer.histogram()[0], 60 * 3600);
    }

    #[test]
    fn a_late_frame_drops_the_deadlines_it_missed() {
        let mut pacer = Pacer::new(6000, 0);
        pacer.presented(350);
        assert_eq!(pacer.frames_dropped(), 3);
        assert_eq!(pacer.poll(350), Pace::Wait { until: 400 });
        assert_eq!(pacer.histogram()[BUCKETS - 1], 1);
    }

    #[test]
    fn idle_time_is_no_dropped_frame() {
        let mut pacer = Pacer::new(6000, 0);
        pacer.idle(100_050);
        assert_eq!(pacer.frames_dropped(), 0);
        assert_eq!(pacer.poll(100_050), Pace::Wait { until: 100_100 });
    }

    #[test]
    fn extreme_clocks_do_not_panic() {
        for hz in [0, 1, u64::MAX] {
            for now in [0, 1, u64::MAX] {
                let mut pacer = Pacer::new(hz, now / 2);
                pacer.presented(now);
                pacer.idle(0);
                pacer.poll(now);
            }
        }
    }
}
