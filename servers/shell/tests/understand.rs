//! The understanding step over the sample lines and several hundred held-out ones, and over hostile input.

use proptest::prelude::*;
use serde_json::Value;
use shell::understand::{Context, Understanding, understand, understand_bytes};

fn of(line: &str) -> Understanding {
    understand(line, &Context::default())
}

/// The steps as the prompt spells them, without defaults.
fn words(found: &Understanding) -> String {
    let spell = |step: &shell::understand::Step| {
        let mut out = String::new();
        step.write_words(&mut out);
        out
    };
    found.steps.iter().map(spell).collect::<Vec<_>>().join("; ")
}

/// `draw.rect x=1 color=red` with the slots in one order, so that a case may write them in any.
fn sorted(steps: &str) -> Vec<Vec<String>> {
    let one = |step: &str| {
        let mut parts: Vec<String> = Vec::new();
        for part in step.split(' ') {
            match parts.last_mut() {
                Some(last) if last.matches('"').count() % 2 == 1 => {
                    last.push(' ');
                    last.push_str(part);
                }
                _ => parts.push(part.to_string()),
            }
        }
        parts.sort();
        parts
    };
    if steps.is_empty() {
        Vec::new()
    } else {
        steps.split("; ").map(one).collect()
    }
}

#[test]
fn every_sample_gives_its_exact_steps() {
    let mut wrong = Vec::new();
    for line in include_str!("data/samples.jsonl").lines() {
        let sample: Value = serde_json::from_str(line).expect("the sample is JSON");
        let found = of(sample["text"].as_str().expect("a text"));
        let json: Value = serde_json::from_str(&found.to_json()).expect("the answer is JSON");
        let accepted = sample["accept"]
            .as_array()
            .expect("a list")
            .contains(&json["reaction"]);
        if !accepted || json["steps"] != sample["steps"] {
            wrong.push(format!("{}\n    {}", sample["text"], found.to_json()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} samples:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_held_out_line_gives_its_exact_steps() {
    let mut wrong = Vec::new();
    for case in include_str!("data/lines.txt")
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
    {
        let (line, expected) = case.split_once(" => ").expect("a case has ` => `");
        let (reactions, steps) = expected.split_once(' ').unwrap_or((expected, ""));
        let found = of(line);
        let accepted = reactions.split(',').any(|r| r == found.reaction.name());
        if !accepted || sorted(&words(&found)) != sorted(steps) {
            wrong.push(format!(
                "{line}\n    wanted {expected}\n    found  {} {} {:?}",
                found.reaction.name(),
                words(&found),
                found.why
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} lines:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_prompt_shows_defaults_and_json_does_not() {
    let found = of("draw a red square at 100 100");
    assert_eq!(
        found.to_lines(),
        ["intent draw.rect x=100 y=100 w=50 h=50 color=red by=grammar"]
    );
    assert_eq!(
        found.to_json(),
        r#"{"text":"draw a red square at 100 100","reaction":"do","by":"grammar","steps":[{"intent":"draw.rect","slots":{"x":100,"y":100,"color":"red"}}]}"#
    );
}

#[test]
fn reactions_other_than_do_are_one_tagged_line_with_the_reason() {
    assert_eq!(
        of("kill input").to_lines(),
        [
            "confirm srv.kill name=input by=grammar why=\"ends the server input and what it is doing\""
        ]
    );
    assert!(of("restart").to_lines()[0].starts_with("ask missing=name why="));
    assert!(of("wipe the drive").to_lines()[0].starts_with("refuse why="));
}

#[test]
fn long_lines_binary_and_control_characters_are_refused_with_the_reason() {
    let context = Context::default();
    for line in [
        "a".repeat(10_000),
        "draw ".repeat(2_000),
        "\"".repeat(10_000),
        "1 ".repeat(990),
        "(".repeat(1999),
    ] {
        let found = understand(&line, &context);
        assert_eq!(found.reaction.name(), "refuse", "{line:.20}");
        assert!(found.why.is_some());
        assert!(found.to_json().len() < 10_000);
    }
    let found = understand_bytes(&[0x64, 0xff, 0xfe, 0x00], &context);
    assert!(found.why.expect("a reason").contains("byte 2"));
    assert!(of("draw\u{7}").why.expect("a reason").contains("control"));
}

#[test]
fn lines_of_many_words_are_read_in_bounded_time() {
    // 250 unknown words are the worst case of typo repair.
    let line = "qwertz ".repeat(250);
    let start = std::time::Instant::now();
    of(&line);
    assert!(start.elapsed().as_millis() < 500);
}

const WORDS: &[&str] = &[
    "draw",
    "a",
    "red",
    "square",
    "circle",
    "line",
    "at",
    "from",
    "to",
    "5",
    "-7",
    "by",
    "and",
    "then",
    "kill",
    "net",
    "window",
    "close",
    "the",
    "all",
    "run",
    "sort",
    "with",
    "what",
    "is",
    "plus",
    "(",
    ")",
    "*",
    ",",
    "'x y'",
    "#ff0000",
    "5d41402a",
    "in",
    "row",
    "grid",
    "of",
    "write",
    "text",
    "it",
    "how",
    "long",
    "does",
    "store",
    "notes.txt",
    "titled",
    "Editor",
    "clear",
    "screen",
    "radius",
    "width",
    "99999999999",
    "1.5",
    "apart",
    "help",
    "ask",
    "model",
    "half",
    "sum",
    "squared",
    "10.0.0.1:80",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(line in "\\PC{0,300}") {
        let found = of(&line);
        serde_json::from_str::<Value>(&found.to_json()).expect("JSON");
        found.to_lines();
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        understand_bytes(&bytes, &Context::default()).to_json();
    }

    #[test]
    fn no_sequence_of_known_words_panics_or_loses_its_reason(picks in proptest::collection::vec(0..WORDS.len(), 0..24)) {
        let line: Vec<&str> = picks.iter().map(|i| WORDS[*i]).collect();
        let found = of(&line.join(" "));
        serde_json::from_str::<Value>(&found.to_json()).expect("JSON");
        prop_assert!(!found.steps.is_empty() || found.why.is_some());
        prop_assert_eq!(&found, &of(&line.join(" ")));
    }

    #[test]
    fn coordinates_come_through_unchanged(x in any::<i32>(), y in any::<i32>(), size in 1..i32::MAX) {
        let found = of(&format!("draw a teal square of size {size} at {x} {y}"));
        prop_assert_eq!(words(&found), format!("draw.rect x={x} y={y} w={size} h={size} color=teal"));
    }
}
