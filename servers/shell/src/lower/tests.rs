use std::fmt::Write as _;

use nda_lang::{
    Capability, CapabilitySet, Host, Trap, Value as NdaValue,
    interp::{Instance, Limits},
    verify::verify,
};

use super::*;
use crate::understand::{Context, Reaction, understand};

/// Writes each shim call down; the screen is 640 × 480.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Host for Recorder {
    fn call(
        &mut self,
        shim: Shim,
        args: &[NdaValue],
        memory: &mut [u8],
    ) -> Result<Option<NdaValue>, Trap> {
        match shim {
            Shim::ScreenWidth => return Ok(Some(NdaValue::I32(640))),
            Shim::ScreenHeight => return Ok(Some(NdaValue::I32(480))),
            _ => {}
        }
        let numbers: Vec<i64> = args
            .iter()
            .map(|arg| match arg {
                NdaValue::I32(value) => i64::from(*value),
                NdaValue::I64(value) => *value,
                other => panic!("{other:?}"),
            })
            .collect();
        let mut call = String::from(shim.name());
        for value in &numbers {
            write!(call, " {value}").expect("a String");
        }
        let text = match shim {
            Shim::DrawText => Some((numbers[2], numbers[3])),
            Shim::Print => Some((numbers[0], numbers[1])),
            _ => None,
        };
        if let Some((start, len)) = text {
            let bytes = &memory[start as usize..(start + len) as usize];
            write!(call, " {:?}", core::str::from_utf8(bytes).expect("UTF-8")).expect("a String");
        }
        self.0.push(call);
        Ok(None)
    }
}

fn run(module: Module) -> Vec<String> {
    let module = verify(module).expect("lowered modules verify");
    let granted = CapabilitySet::of(&Capability::ALL);
    let mut instance = Instance::new(&module, granted, Limits::default()).expect("it links");
    let mut host = Recorder::default();
    instance.call(&mut host, ENTRY, &[]).expect("it runs");
    host.0
}

fn calls(line: &str) -> Vec<String> {
    let found = understand(line, &Context::default());
    assert_eq!(found.reaction, Reaction::Do, "{line}: {:?}", found.why);
    run(lower(&found.steps).expect("it lowers"))
}

#[test]
fn a_square_is_one_call_with_defaults() {
    assert_eq!(
        calls("draw a red square at 100 100"),
        ["draw_rect 100 100 50 50 16711680"]
    );
    assert_eq!(
        calls("draw a blue circle of radius 40 at 300 200"),
        ["draw_circle 300 200 40 255"]
    );
    assert_eq!(
        calls("draw a line from 1 2 to 3 4"),
        ["draw_line 1 2 3 4 1 16777215"]
    );
    assert_eq!(
        calls("fill the screen with dark green"),
        ["draw_clear 25600"]
    );
    assert_eq!(
        calls("a pixel in magenta at 3 4"),
        ["draw_pixel 3 4 16711935"]
    );
    assert_eq!(
        calls("triangle 0 0 10 0 5 10 in blue"),
        ["draw_triangle 0 0 10 0 5 10 255"]
    );
}

#[test]
fn outlines_call_the_outline_shims() {
    assert_eq!(
        calls("draw a hollow red square of size 10 at 4 4"),
        ["draw_rect_outline 4 4 10 10 16711680"]
    );
    assert_eq!(
        calls("draw the outline of a red circle of radius 5 at 9 9"),
        ["draw_circle_outline 9 9 5 16711680"]
    );
}

#[test]
fn a_row_is_a_loop() {
    let found = understand(
        "draw 5 yellow squares of size 20 in a row at 50 400",
        &Context::default(),
    );
    let module = lower(&found.steps).expect("it lowers");
    let many = understand(
        "draw 500 yellow squares of size 20 in a row at 50 400",
        &Context::default(),
    );
    let larger = lower(&many.steps).expect("it lowers");
    let nodes = |m: &Module| nda_lang::binary::encode(m).len();
    assert!(
        nodes(&larger) <= nodes(&module) + 2,
        "code does not grow with the count"
    );
    assert_eq!(
        run(module),
        [50, 80, 110, 140, 170].map(|x| format!("draw_rect {x} 400 20 20 16776960"))
    );
    assert_eq!(run(larger).len(), 500);
}

#[test]
fn columns_and_grids_step_both_ways() {
    assert_eq!(
        calls("draw a column of 3 red dots at 5 5 with a gap of 4"),
        [5, 10, 15].map(|y| format!("draw_pixel 5 {y} 16711680"))
    );
    assert_eq!(
        calls("draw a grid of 2 by 2 squares of size 10 at 0 0, 5 apart"),
        [
            "draw_rect 0 0 10 10 16777215",
            "draw_rect 15 0 10 10 16777215",
            "draw_rect 0 15 10 10 16777215",
            "draw_rect 15 15 10 10 16777215"
        ]
    );
}

#[test]
fn anchors_are_computed_from_the_screen_at_run_time() {
    assert_eq!(
        calls("draw a red square of size 40 in the middle"),
        ["draw_rect 300 220 40 40 16711680"]
    );
    assert_eq!(
        calls("draw a red square of size 40 in the bottom right corner"),
        ["draw_rect 600 440 40 40 16711680"]
    );
    assert_eq!(
        calls("draw a red circle of radius 20 at the top left"),
        ["draw_circle 20 20 20 16711680"]
    );
    assert_eq!(
        calls("write 'good morning' in white at the top"),
        ["draw_text 272 0 0 12 16777215 \"good morning\""]
    );
    assert_eq!(
        calls("draw 2 red squares of size 40 side by side in the middle, 20 apart"),
        [
            "draw_rect 270 220 40 40 16711680",
            "draw_rect 330 220 40 40 16711680"
        ]
    );
}

#[test]
fn steps_run_in_order_and_texts_do_not_overlap() {
    assert_eq!(
        calls("clear the screen, write 'ab' at 1 2 and then write 'cde' at 3 4 in #000001"),
        [
            "draw_clear 0",
            "draw_text 1 2 0 2 16777215 \"ab\"",
            "draw_text 3 4 2 3 1 \"cde\""
        ]
    );
}

#[test]
fn values_are_printed() {
    assert_eq!(calls("what is 13 times 13"), ["print_i64 169"]);
    assert_eq!(calls("10 / 4"), ["print 0 3 \"2.5\""]);
}

#[test]
fn every_drawn_line_of_the_corpus_lowers_verifies_and_runs() {
    let mut lowered = 0;
    for case in include_str!("../../tests/data/lines.txt").lines() {
        let found = understand(case.split(" => ").next().unwrap_or(""), &Context::default());
        let steps: Vec<Step> = found
            .steps
            .into_iter()
            .filter(|s| is_lowered(s.intent()))
            .collect();
        if !steps.is_empty() {
            assert!(!run(lower(&steps).expect("it lowers")).is_empty(), "{case}");
            lowered += 1;
        }
    }
    assert!(lowered > 100);
}

#[test]
fn steps_that_a_model_could_make_wrong_are_errors() {
    let step = Step::new(Intent::DrawRect)
        .with_int("x", 1)
        .with_int("y", 1);
    assert_eq!(
        lower(&[Step::new(Intent::SrvList)]).err(),
        Some(LowerError::NotLowered(Intent::SrvList))
    );
    assert_eq!(
        lower(&[Step::new(Intent::DrawRect)]).err(),
        Some(LowerError::Missing("at"))
    );
    assert_eq!(
        lower(&[step.clone().with_text("color", "rouge")]).err(),
        Some(LowerError::Color("rouge".into()))
    );
    assert_eq!(
        lower(&[step.clone().with_int("w", 0)]).err(),
        Some(LowerError::Range("w"))
    );
    assert_eq!(
        lower(&[step.clone().with_int("w", i64::MAX)]).err(),
        Some(LowerError::Range("w"))
    );
    let far = step
        .with_text("layout", "row")
        .with_int("count", 10_000)
        .with_int("dx", 1_000_000);
    assert_eq!(lower(&[far]).err(), Some(LowerError::Range("dx")));
}
