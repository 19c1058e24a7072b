//! The promises of a module's life, with the kernel failing at every step.

mod support;

use healing::life::{Candidate, GENERATIONS_MAX, Healing};
use healing::scrub::Scrubbed;
use healing::{CodeMapper, Error, MapError, Placement, State};
use support::{FakeKernel, PAGE, body, call, gate, stage};

fn installed(tag: u8, len: usize) -> (Healing<FakeKernel>, Placement) {
    let mut healing = Healing::new(FakeKernel::default());
    let place = healing.reserve_new(len as u64).unwrap();
    stage(&mut healing, &place, &body(tag, len)).unwrap();
    healing.swap(place.module, 1).unwrap();
    healing.confirm(place.module, 1).unwrap();
    (healing, place)
}

#[test]
fn a_swap_changes_what_the_gate_leads_to_and_nothing_else() {
    let (mut healing, first) = installed(1, 5000);
    assert_eq!(call(healing.mapper(), first.gate_base), Some(1));
    let second = healing.reserve(first.module, 100).unwrap();
    assert_eq!(second.gate_base, first.gate_base);
    stage(&mut healing, &second, &body(2, 100)).unwrap();
    assert_eq!(call(healing.mapper(), first.gate_base), Some(1));
    let before = healing.mapper().mapped.clone();
    healing.swap(first.module, 2).unwrap();
    let after = &healing.mapper().mapped;
    let changed: Vec<_> = before
        .iter()
        .filter(|(at, frame)| after.get(at) != Some(frame))
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(call(healing.mapper(), first.gate_base), Some(2));
    assert_eq!(healing.rollback(first.module, 2), Ok(1));
    assert_eq!(call(healing.mapper(), first.gate_base), Some(1));
    assert_eq!(
        healing.find_address(first.body_base + 4999),
        Some((first.module, 1))
    );
    assert_eq!(healing.find_address(first.body_base + 5000), None);
    let hash = *blake3::hash(&body(1, 5000)).as_bytes();
    assert_eq!(healing.find_hash(&hash), Some((first.module, 1)));
}

#[test]
fn code_that_is_not_what_was_claimed_is_never_mapped() {
    let good = body(1, 100);
    let hash = *blake3::hash(&good).as_bytes();
    let mut dirty = good.clone();
    dirty.resize(PAGE, 0x90);
    type Case<'a> = (&'a [u8], bool, u64, [u8; 32], Error);
    let cases: [Case<'_>; 6] = [
        (&good, true, 100, [0; 32], Error::WrongHash),
        (&good, true, 99, hash, Error::WrongHash),
        (&good, false, 100, hash, Error::Map(MapError::NotSealed)),
        (&dirty, true, 100, hash, Error::DirtyTail),
        (&good, true, 0, hash, Error::BadLength),
        (&good, true, u64::MAX, hash, Error::BadLength),
    ];
    for (bytes, sealed, len_bytes, hash, expected) in cases {
        let mut healing = Healing::new(FakeKernel::default());
        let place = healing.reserve_new(100).unwrap();
        let frames = healing.mapper_mut().frames(bytes, sealed);
        let image = gate(&place);
        let candidate = Candidate {
            frames,
            len_bytes,
            hash,
            gate_image: &image,
        };
        assert_eq!(healing.stage(place.module, 1, candidate), Err(expected));
        assert!(healing.mapper().mapped.is_empty());
        assert_eq!(
            healing.generations(place.module).unwrap()[0].state(),
            State::Retired
        );
        healing.reclaim(place.module, 1).unwrap();
        assert_eq!(healing.mapper().released.len(), 1);
    }
}

#[test]
fn a_gate_that_leaves_its_body_is_refused() {
    let mut healing = Healing::new(FakeKernel::default());
    let place = healing.reserve_new(100).unwrap();
    let bytes = body(1, 100);
    let frames = healing.mapper_mut().frames(&bytes, true);
    let elsewhere = Placement {
        body_base: place.body_base + 100,
        ..place
    };
    let candidate = Candidate {
        frames,
        len_bytes: 100,
        hash: *blake3::hash(&bytes).as_bytes(),
        gate_image: &gate(&elsewhere),
    };
    let outcome = healing.stage(place.module, 1, candidate);
    assert!(matches!(outcome, Err(Error::Gate(_))), "{outcome:?}");
    assert!(healing.mapper().mapped.is_empty());
}

#[test]
fn a_failure_at_any_step_leaves_the_gate_old_or_new() {
    for fuse in 0..40 {
        let (mut healing, first) = installed(1, 100);
        healing.mapper().fuse.set(Some(fuse));
        let second = healing.reserve(first.module, 9000).unwrap();
        let mut shows = 1;
        let mut failed = false;
        let mut step = |healing: &mut Healing<FakeKernel>, outcome: Result<(), Error>, then: u8| {
            if outcome.is_ok() {
                shows = then;
            } else {
                failed = true;
                assert_eq!(outcome, Err(Error::Map(MapError::Kernel(77))));
            }
            assert_eq!(call(healing.mapper(), first.gate_base), Some(shows));
            outcome.is_ok()
        };
        let outcome = stage(&mut healing, &second, &body(2, 9000));
        if step(&mut healing, outcome, 1) {
            let outcome = healing.swap(first.module, 2);
            if step(&mut healing, outcome, 2) {
                let outcome = healing.rollback(first.module, 2).map(|_| ());
                step(&mut healing, outcome, 1);
            }
        }
        // Whatever happened, the module can be removed, and nothing is left behind.
        while let Err(error) = healing.remove(first.module) {
            assert_eq!(error, Error::Map(MapError::Kernel(77)));
            assert!(!failed, "one fault was injected");
            failed = true;
        }
        assert!(healing.mapper().mapped.is_empty());
        assert_eq!(
            healing.mapper().released.len(),
            healing.mapper().store.len()
        );
    }
}

#[test]
fn a_body_with_a_thread_in_it_is_not_reclaimed() {
    let (mut healing, first) = installed(1, 100);
    let second = healing.reserve(first.module, 100).unwrap();
    stage(&mut healing, &second, &body(2, 100)).unwrap();
    healing.swap(first.module, 2).unwrap();
    assert_eq!(
        healing.reclaim(first.module, 1),
        Err(Error::WrongState(State::Installed))
    );
    healing.confirm(first.module, 2).unwrap();
    healing.mapper_mut().busy = Some(first.body_base..first.body_base + 1);
    assert_eq!(healing.reclaim(first.module, 1), Err(Error::StillRunning));
    healing.mapper_mut().busy = None;
    healing.reclaim(first.module, 1).unwrap();
    assert_eq!(
        healing.reclaim(first.module, 1),
        Err(Error::UnknownGeneration)
    );
    assert_eq!(call(healing.mapper(), first.gate_base), Some(2));
}

#[test]
fn generations_that_nobody_reclaims_are_bounded() {
    let (mut healing, first) = installed(0, 100);
    for number in 2..=GENERATIONS_MAX as u32 {
        let place = healing.reserve(first.module, 100).unwrap();
        assert_eq!(
            healing.reserve(first.module, 100),
            Err(Error::CandidatePending)
        );
        stage(&mut healing, &place, &body(number as u8, 100)).unwrap();
        healing.swap(first.module, number).unwrap();
        healing.confirm(first.module, number).unwrap();
    }
    assert_eq!(
        healing.reserve(first.module, 100),
        Err(Error::TooManyGenerations)
    );
}

#[test]
fn scrubbing_finds_a_lost_bit_and_repair_mends_it() {
    let (mut healing, place) = installed(1, 5000);
    let id = healing.mapper().mapped[&place.body_base].0;
    assert_eq!(healing.scrub_step(), Scrubbed::Intact(place.module, 1));
    for at in [0, 4999, 5000] {
        healing.mapper_mut().store[id].0[at] ^= 4;
        assert!(
            matches!(healing.scrub_step(), Scrubbed::Damaged(_, 1, _)),
            "{at}"
        );
        healing.mapper_mut().store[id].0[at] ^= 4;
    }
    healing.mapper_mut().store[id].0[4500] ^= 4;
    let whole = healing.mapper_mut().frames(&body(1, 5000), true);
    let pages = [0, 1].map(|page| support::Frames {
        page: Some(page),
        ..whole
    });
    healing.repair(place.module, 1, whole, &pages).unwrap();
    assert_eq!(healing.scrub_step(), Scrubbed::Intact(place.module, 1));
    assert_eq!(
        healing.mapper().content(&whole).unwrap()[4500],
        body(1, 5000)[4500]
    );
    assert_eq!(call(healing.mapper(), place.gate_base), Some(1));
}
