use super::*;
use crate::understand::{Context, Intent, Reaction, understand};

fn name(text: &str) -> String {
    text.into()
}

#[test]
fn each_command_of_the_table_parses() {
    let hash = "5d41402abc4b2a76";
    for (line, expected) in [
        ("ps", Command::Ps),
        ("caps nvme", Command::Caps(name("nvme"))),
        ("kill input", Command::Kill(name("input"))),
        ("restart my-server_2", Command::Restart(name("my-server_2"))),
        ("crash hello", Command::Crash(name("hello"), Fault::Null)),
        ("crash hello ud2", Command::Crash(name("hello"), Fault::Ud2)),
        ("  log   net ", Command::Log(name("net"))),
        ("trace", Command::Trace(None)),
        ("mem net", Command::Mem(Some(name("net")))),
        ("cpu 3", Command::Cpu(Some(3))),
        (
            "store \"hello there\"",
            Command::Store(Content::Text(name("hello there"))),
        ),
        (
            "store notes.txt",
            Command::Store(Content::File(name("notes.txt"))),
        ),
        ("fetch 5D41402a", Command::Fetch(name("5d41402a"))),
        ("import 5d41402abc4b2a76", Command::Import(name(hash))),
        (
            "run sort 3 'a b'",
            Command::Run {
                target: name("sort"),
                args: vec![name("3"), name("a b")],
            },
        ),
        ("nda (module)", Command::Nda(name("(module)"))),
        (
            "evolve now 5d41",
            Command::Evolve(Evolve::Now(name("5d41"))),
        ),
        ("heal scrub", Command::Heal(Heal::Scrub)),
        (
            "infer ask why is the sky blue",
            Command::Infer(Infer::Ask(name("why is the sky blue"))),
        ),
        (
            "peer add 10.0.0.2:7000",
            Command::PeerAdd(name("10.0.0.2:7000")),
        ),
        ("audit code", Command::AuditCode),
        ("time ps", Command::Time(Box::new(Command::Ps))),
        ("help", Command::Help(None)),
        ("understand kill net", Command::Understand(name("kill net"))),
        ("why net", Command::Why(name("net"))),
        ("update net", Command::Update(name("net"))),
        ("yes", Command::Yes),
    ] {
        assert_eq!(parse(line), Ok(expected), "{line}");
    }
}

#[test]
fn every_help_row_begins_with_a_word_that_parses_or_says_what_is_missing() {
    for row in HELP {
        let word = row.form.split(' ').next().expect("a form has a word");
        assert_ne!(parse(word), Err(Usage::Unknown), "{word}");
    }
}

#[test]
fn lines_that_only_begin_like_a_command_are_left_to_plain_language() {
    for line in [
        "kill all servers",
        "restart the compositor",
        "fetch me a coffee",
        "run the program sort with 9",
        "store the file a.txt",
        "time to go home",
        "help me with windows",
        "cpu load",
        "disk usage",
        "mem of net",
        "log of net",
        "root hash",
        "run it",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn wrong_arguments_name_the_form() {
    assert_eq!(parse("kill"), Err(Usage::Missing("kill NAME")));
    assert_eq!(parse("kill a b"), Err(Usage::Extra("kill NAME")));
    assert_eq!(
        parse("crash hello maybe"),
        Err(Usage::Form("crash NAME [null|ud2|loop|stack|garbage]"))
    );
    assert_eq!(parse("flurb"), Err(Usage::Unknown));
    assert_eq!(parse("run 'open"), Err(Usage::Form("run HASH|NAME [ARGS]")));
    assert_eq!(parse(&"x".repeat(10_000)), Err(Usage::TooLong));
    assert_eq!(parse(&"time ".repeat(300)), Err(Usage::Form("time CMD")));
}

#[test]
fn every_understood_step_that_does_not_draw_has_a_command() {
    for case in include_str!("../../tests/data/lines.txt").lines() {
        let line = case.split(" => ").next().unwrap_or("");
        let found = understand(line, &Context::default());
        if matches!(found.reaction, Reaction::Do | Reaction::Confirm) {
            for step in &found.steps {
                let drawn = step.intent().is_drawing() || step.intent() == Intent::Calc;
                assert_eq!(step_to_command(step).is_none(), drawn, "{line}");
            }
        }
    }
}
