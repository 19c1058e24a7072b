use super::*;
use crate::topology::tests::table;
use alloc::vec::Vec;
use proptest::prelude::*;

const A: ServerId = ServerId(0);
const B: ServerId = ServerId(1);

fn two() -> Supervisor {
    Supervisor::new(table(&[("a", &[]), ("b", &["a"])]).unwrap(), 0)
}

fn orders(supervisor: &mut Supervisor, now: u64) -> Vec<Action> {
    core::iter::from_fn(|| supervisor.poll(now)).collect()
}

#[test]
fn a_server_starts_when_its_needs_run() {
    let mut supervisor = two();
    assert_eq!(orders(&mut supervisor, 0), [Action::Start(A, 1)]);
    assert_eq!(orders(&mut supervisor, 1), []);
    supervisor.alive(A, 1, 2);
    assert_eq!(orders(&mut supervisor, 2), [Action::Start(B, 1)]);
    supervisor.alive(B, 1, 3);
    let names: Vec<_> = supervisor.ps().map(|line| (line.name, line.life)).collect();
    assert_eq!(names, [("a", 1), ("b", 1)]);
}

#[test]
fn pauses_double_up_to_the_longest_and_then_it_is_given_up() {
    let mut supervisor = two();
    let mut now = 0;
    for (life, pause) in [(1, 10), (2, 20), (3, 25)] {
        assert_eq!(orders(&mut supervisor, now), [Action::Start(A, life)]);
        supervisor.died(A, life, Cause::Exited(1), now);
        assert_eq!(orders(&mut supervisor, now), [Action::Reap(A, life)]);
        supervisor.reaped(A, life, now);
        assert_eq!(supervisor.deadline(), Some(now + pause));
        assert_eq!(orders(&mut supervisor, now + pause - 1), []);
        now += pause;
    }
    assert_eq!(orders(&mut supervisor, now), [Action::Start(A, 4)]);
    supervisor.died(A, 4, Cause::NotStarted, now);
    supervisor.poll(now);
    supervisor.reaped(A, 4, now);
    assert_eq!(supervisor.state(A), Some(State::Failed));
    assert_eq!(
        (orders(&mut supervisor, u64::MAX), supervisor.deadline()),
        (Vec::new(), None)
    );
    assert_eq!(supervisor.corpses().count(), 4);
    assert!(supervisor.revive(A, now) && !supervisor.revive(A, now));
    assert_eq!(orders(&mut supervisor, now), [Action::Start(A, 5)]);
}

#[test]
fn silence_is_death() {
    let mut supervisor = two();
    supervisor.poll(0);
    assert_eq!(orders(&mut supervisor, 99), []);
    assert_eq!(orders(&mut supervisor, 100), [Action::Reap(A, 1)]);
    supervisor.reaped(A, 1, 100);
    assert_eq!(orders(&mut supervisor, 110), [Action::Start(A, 2)]);
    supervisor.alive(A, 2, 120);
    supervisor.alive(A, 2, 160);
    assert_eq!(supervisor.deadline(), Some(210));
    orders(&mut supervisor, 209);
    assert!(matches!(supervisor.state(A), Some(State::Running { .. })));
    assert_eq!(orders(&mut supervisor, 210)[0], Action::Reap(A, 2));
    let causes: Vec<Cause> = supervisor
        .corpses()
        .iter()
        .map(|corpse| corpse.cause)
        .collect();
    assert!(causes.starts_with(&[Cause::NeverReady, Cause::Hung]));
}

#[test]
fn a_long_life_forgets_deaths() {
    let mut supervisor = two();
    for life in 1..20 {
        let now = life * 2000;
        assert_eq!(orders(&mut supervisor, now), [Action::Start(A, life)]);
        supervisor.alive(A, life, now);
        supervisor.died(A, life, Cause::Hung, now + 1000);
        supervisor.poll(now + 1000);
        supervisor.reaped(A, life, now + 1000);
        assert_eq!(
            supervisor.state(A),
            Some(State::BackingOff { until: now + 1010 })
        );
    }
}

#[test]
fn what_a_dead_life_says_does_not_count() {
    let mut supervisor = two();
    supervisor.poll(0);
    assert!(supervisor.kill(A, 1) && !supervisor.kill(A, 1));
    supervisor.alive(A, 1, 2);
    supervisor.died(A, 1, Cause::Hung, 2);
    assert_eq!(supervisor.state(A), Some(State::Dead));
    supervisor.reaped(A, 0, 2);
    assert_eq!(supervisor.state(A), Some(State::Dead));
    supervisor.reaped(A, 1, 2);
    supervisor.poll(12);
    supervisor.alive(A, 1, 13);
    assert!(matches!(supervisor.state(A), Some(State::Starting { .. })));
    assert_eq!(supervisor.corpses().count(), 1);
    for unknown in [ServerId(2), ServerId(usize::MAX)] {
        supervisor.alive(unknown, 0, 0);
        supervisor.died(unknown, 0, Cause::Hung, 0);
        assert!(!supervisor.kill(unknown, 0) && !supervisor.revive(unknown, 0));
    }
}

proptest! {
    /// Any history: a life is started once, after everything of the one before was reaped, and with its needs running.
    #[test]
    fn lives_do_not_overlap(events in proptest::collection::vec((0u8..6, 0usize..3, 0u64..60), 1..200)) {
        let servers: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])];
        let mut supervisor = Supervisor::new(table(servers).unwrap(), 0);
        let mut now = 0;
        let mut up = [None::<u64>; 3];
        let mut lives = [0; 3];
        for (event, server, step) in events {
            now += step;
            let id = ServerId(server);
            match event {
                0 | 1 => supervisor.alive(id, lives[server], now),
                2 => supervisor.died(id, lives[server], Cause::Hung, now),
                3 => { supervisor.kill(id, now); }
                4 if supervisor.state(id) == Some(State::Dead) => {
                    supervisor.reaped(id, lives[server], now);
                    up[server] = None;
                }
                5 => { supervisor.revive(id, now); }
                _ => {}
            }
            for _ in 0..7 {
                match supervisor.poll(now) {
                    Some(Action::Start(id, life)) => {
                        prop_assert_eq!(up[id.0], None);
                        prop_assert_eq!(life, lives[id.0] + 1);
                        for need in supervisor.table().needs(id) {
                            let is_running = matches!(supervisor.state(*need), Some(State::Running { .. }));
                            prop_assert!(is_running);
                        }
                        lives[id.0] = life;
                        up[id.0] = Some(life);
                    }
                    Some(Action::Reap(id, life)) => prop_assert_eq!(up[id.0], Some(life)),
                    None => break,
                }
            }
            prop_assert_eq!(supervisor.poll(now), None);
            prop_assert!(supervisor.deadline().is_none_or(|deadline| deadline > now
                || supervisor.ps().any(|line| matches!(line.state, State::Waiting))));
        }
    }
}
