//! Random operations with random failures, against a model that only knows which version the gate shows.

mod support;

use healing::life::Healing;
use healing::{Placement, State};
use proptest::prelude::*;
use support::{FakeKernel, body, call, stage};

#[derive(Clone, Copy, Debug)]
enum Op {
    Reserve,
    Stage,
    Swap,
    Confirm,
    Rollback,
    Discard,
    Reclaim,
    Fail(u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Reserve),
        4 => Just(Op::Stage),
        4 => Just(Op::Swap),
        2 => Just(Op::Confirm),
        2 => Just(Op::Rollback),
        1 => Just(Op::Discard),
        3 => Just(Op::Reclaim),
        2 => (0u32..4).prop_map(Op::Fail),
    ]
}

/// What the gate shows, and what a roll-back would show.
#[derive(Default)]
struct Model {
    canary: Option<u8>,
    installed: Option<u8>,
}

impl Model {
    fn shown(&self) -> Option<u8> {
        self.canary.or(self.installed)
    }
}

proptest! {
    #[test]
    fn the_gate_shows_what_the_model_says(ops in proptest::collection::vec((op(), 0u32..12), 1..120)) {
        let mut healing = Healing::new(FakeKernel::default());
        let mut model = Model::default();
        let mut place: Placement = healing.reserve_new(300).unwrap();
        let id = place.module;
        for (op, number) in ops {
            // Mostly the newest generation, sometimes any.
            let number = if number < 9 { place.generation } else { number };
            match op {
                Op::Reserve => {
                    if let Ok(next) = healing.reserve(id, 300) {
                        prop_assert!(next.gate_base == place.gate_base);
                        place = next;
                    }
                }
                Op::Stage => {
                    let _the_state_is_compared = stage(&mut healing, &place, &body(place.generation as u8, 300));
                }
                Op::Swap => {
                    if healing.swap(id, number).is_ok() {
                        model.canary = Some(number as u8);
                    }
                }
                Op::Confirm => {
                    if healing.confirm(id, number).is_ok() {
                        prop_assert_eq!(model.canary, Some(number as u8));
                        model.installed = model.canary.take();
                    }
                }
                Op::Rollback => {
                    if let Ok(restored) = healing.rollback(id, number) {
                        prop_assert_eq!(model.canary.take(), Some(number as u8));
                        prop_assert_eq!(model.installed, Some(restored as u8));
                    }
                }
                Op::Discard => {
                    let _the_state_is_compared = healing.discard(id, number);
                }
                Op::Reclaim => {
                    let retired = healing.generations(id).unwrap().iter()
                        .find(|one| one.state() == State::Retired).map(|one| one.number());
                    if let Some(number) = retired {
                        let _may_fail_and_be_repeated = healing.reclaim(id, number);
                    }
                }
                Op::Fail(after) => healing.mapper().fuse.set(Some(after)),
            }
            let shown = call(healing.mapper(), place.gate_base);
            prop_assert_eq!(shown, model.shown());
            let states: Vec<State> = healing.generations(id).unwrap().iter().map(|one| one.state()).collect();
            let pending = states.iter().filter(|state| !matches!(state, State::Installed | State::Retired)).count();
            prop_assert!(pending <= 1);
            prop_assert!(states.iter().filter(|state| **state == State::Installed).count() <= 1);
        }
        healing.mapper().fuse.set(None);
        healing.remove(id).unwrap();
        prop_assert!(healing.mapper().mapped.is_empty());
    }
}
