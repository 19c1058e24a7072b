//! One mistake each, and where it is reported; and the system's own file.

use manifest::{Kind, Problem, check, encode, graph};
use protocol::manifest::{Manifest, Restart};

const SYSTEM: &str = include_str!("../../system.toml");

/// A sound file; `b` is on lines 10 to 18.
const SOUND: &str = r#"[[server]]
name = "init"
core = 0
priority = 250
budget_us = 10
period_us = 10
memory_kib = 64
restart = "reboot"
[[server]]
name = "b"
core = 1
priority = 5
budget_us = 10
period_us = 20
memory_kib = 64
restart = "never"
provides = ["hello"]
after = ["init"]
"#;

/// Replaces `from` in the sound file and returns the only problem.
fn only(from: &str, to: &str) -> (usize, Kind) {
    let at = SOUND.rfind(from).expect("stands in the file");
    let text = format!("{}{to}{}", &SOUND[..at], &SOUND[at + from.len()..]);
    let mut problems = check("system.toml", &text).expect_err("one mistake");
    assert_eq!(problems.len(), 1, "{problems:?}");
    let Problem { line, kind, .. } = problems.remove(0);
    (line, kind)
}

/// Adds lines at the end, from line 19 on.
fn added(lines: &str) -> (usize, Kind) {
    only(
        "after = [\"init\"]\n",
        &format!("after = [\"init\"]\n{lines}\n"),
    )
}

fn named(kind: fn(String) -> Kind, name: &str) -> Kind {
    kind(name.to_string())
}

#[test]
fn the_sound_file_is_sound() {
    let manifest = check("system.toml", SOUND).expect("sound");
    assert_eq!(manifest.servers.len(), 2);
    assert_eq!(manifest.servers[1].after.as_slice(), [0]);
}

#[test]
fn text_that_is_not_toml() {
    let (line, kind) = only("core = 1", "core = = 1");
    assert!(
        matches!(kind, Kind::Syntax(_)) && line == 11,
        "{kind:?} {line}"
    );
}

#[test]
fn a_key_given_twice() {
    let (line, kind) = only("core = 1", "core = 1\ncore = 2");
    assert!(
        matches!(kind, Kind::Syntax(_)) && line == 12,
        "{kind:?} {line}"
    );
}

#[test]
fn an_unknown_key_of_a_server() {
    assert_eq!(added("colour = 1"), (19, named(Kind::UnknownKey, "colour")));
}

#[test]
fn an_unknown_key_of_the_file() {
    assert_eq!(added("[machine]"), (19, named(Kind::UnknownKey, "machine")));
}

#[test]
fn a_missing_key() {
    assert_eq!(
        only("priority = 5\n", ""),
        (9, Kind::MissingKey("priority"))
    );
}

#[test]
fn a_number_that_is_text() {
    let kind = Kind::WrongType {
        key: "core".to_string(),
        takes: "a number",
    };
    assert_eq!(only("core = 1", "core = \"1\""), (11, kind));
}

#[test]
fn a_list_that_is_none() {
    let kind = Kind::WrongType {
        key: "provides".to_string(),
        takes: "a list of strings",
    };
    assert_eq!(only("[\"hello\"]", "\"hello\""), (17, kind));
}

#[test]
fn a_server_that_is_no_table() {
    let problems = check("f", "server = 3").expect_err("no table");
    let kind = Kind::WrongType {
        key: "server".to_string(),
        takes: "[[server]] tables",
    };
    assert!(problems.iter().any(|problem| problem.kind == kind));
}

#[test]
fn an_unknown_core() {
    assert_eq!(
        only("core = 1", "core = 4"),
        (
            11,
            Kind::OutOfRange {
                key: "core",
                range: (0, 3)
            }
        )
    );
}

#[test]
fn the_inference_core_for_another() {
    assert_eq!(
        only("core = 1", "core = 3"),
        (11, named(Kind::InferenceCore, "b"))
    );
}

#[test]
fn inference_on_another_core() {
    assert_eq!(
        only("\"b\"", "\"inference\""),
        (11, named(Kind::InferenceCore, "inference"))
    );
}

#[test]
fn a_priority_out_of_range() {
    let kind = Kind::OutOfRange {
        key: "priority",
        range: (0, 255),
    };
    assert_eq!(only("priority = 5", "priority = 256"), (12, kind));
}

#[test]
fn a_budget_over_the_period() {
    assert_eq!(
        only("budget_us = 10", "budget_us = 21"),
        (13, Kind::BudgetOverPeriod)
    );
}

#[test]
fn a_name_with_a_capital() {
    assert_eq!(only("\"b\"", "\"B\""), (10, named(Kind::BadName, "B")));
}

#[test]
fn a_name_that_is_too_long() {
    let long = "b".repeat(25);
    assert_eq!(
        only("\"b\"", &format!("\"{long}\"")),
        (10, Kind::BadName(long))
    );
}

#[test]
fn a_duplicate_name() {
    let text = format!(
        "{SOUND}{}",
        SOUND.split_at(SOUND.rfind("[[").expect("second")).1
    )
    .replacen("provides = [\"hello\"]\n", "", 1);
    let problems = check("f", &text).expect_err("duplicate");
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].line, &problems[0].kind),
        (19, &named(Kind::DuplicateServer, "b"))
    );
}

#[test]
fn an_entry_that_stands_twice() {
    assert_eq!(
        only("[\"hello\"]", "[\"hello\", \"hello\"]"),
        (17, named(Kind::DuplicateEntry, "hello"))
    );
}

#[test]
fn a_list_that_is_too_long() {
    let names: Vec<String> = (0..13).map(|n| format!("\"s{n}\"")).collect();
    let text = SOUND.replace("[\"init\"]", &format!("[{}]", names.join(",")));
    let problems = check("f", &text).expect_err("too long");
    let kind = Kind::TooMany {
        what: "entries in `after`".to_string(),
        max: 12,
    };
    assert!(
        problems
            .iter()
            .any(|problem| problem.kind == kind && problem.line == 18)
    );
}

#[test]
fn an_unknown_server() {
    assert_eq!(
        only("after = [\"init\"]", "after = [\"nobody\"]"),
        (18, named(Kind::UnknownServer, "nobody"))
    );
}

#[test]
fn an_unknown_service_provided() {
    assert_eq!(
        only("\"hello\"", "\"helo\""),
        (17, named(Kind::UnknownService, "helo"))
    );
}

#[test]
fn a_call_to_an_undeclared_service() {
    assert_eq!(
        added("calls = [\"nothing\"]"),
        (19, named(Kind::UnknownService, "nothing"))
    );
}

#[test]
fn a_call_to_a_service_that_nobody_provides() {
    assert_eq!(
        added("calls = [\"console\"]"),
        (19, named(Kind::NotProvided, "console"))
    );
}

#[test]
fn a_call_to_itself() {
    assert_eq!(
        added("calls = [\"hello\"]"),
        (19, named(Kind::CallsItself, "hello"))
    );
}

/// A second server with another name, added to the sound file.
fn another(fields: &str) -> String {
    format!(
        "[[server]]\nname = \"c\"\ncore = 0\npriority = 1\nbudget_us = 1\nperiod_us = 1\nmemory_kib = 64\nrestart = \"never\"\n{fields}"
    )
}

#[test]
fn a_service_provided_twice() {
    assert_eq!(
        added(&another("provides = [\"hello\"]")),
        (27, named(Kind::ProvidedTwice, "hello"))
    );
}

#[test]
fn an_unknown_device() {
    assert_eq!(
        added("devices = [\"floppy\"]"),
        (19, named(Kind::UnknownDevice, "floppy"))
    );
}

#[test]
fn a_device_of_two_servers() {
    let text = format!(
        "devices = [\"serial\"]\n{}",
        another("devices = [\"serial\"]")
    );
    assert_eq!(added(&text), (28, named(Kind::DeviceTwice, "serial")));
}

#[test]
fn an_unknown_authority() {
    assert_eq!(
        added("authorities = [\"root\"]"),
        (19, named(Kind::UnknownAuthority, "root"))
    );
}

#[test]
fn a_bad_restart_policy() {
    assert_eq!(
        only("\"never\"", "\"maybe\""),
        (16, named(Kind::BadRestart, "maybe"))
    );
}

#[test]
fn a_restart_limit_without_backoff() {
    assert_eq!(
        added("restarts_max = 3"),
        (19, Kind::RestartsWithoutBackoff)
    );
}

#[test]
fn a_server_that_waits_for_itself() {
    let cycle = Kind::StartCycle(vec!["b".to_string(), "b".to_string()]);
    assert_eq!(only("after = [\"init\"]", "after = [\"b\"]"), (10, cycle));
}

#[test]
fn servers_that_wait_for_each_other() {
    let text = SOUND.replace("[\"init\"]", "[\"c\"]") + &another("after = [\"b\"]");
    let problems = check("f", &text).expect_err("cycle");
    let cycle = ["b", "c", "b"].map(String::from).to_vec();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, Kind::StartCycle(cycle));
    assert!(
        problems[0]
            .to_string()
            .starts_with("f:10: these servers wait"),
        "{}",
        problems[0]
    );
}

#[test]
fn a_system_without_init() {
    let text = SOUND
        .split_at(SOUND.rfind("[[").expect("second"))
        .1
        .replace("after = [\"init\"]", "");
    let problems = check("f", &text).expect_err("no init");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, Kind::NoInit);
}

#[test]
fn init_after_another() {
    let text = SOUND
        .replacen("core = 0", "core = 0\nafter = [\"b\"]", 1)
        .replace("after = [\"init\"]", "");
    let problems = check("f", &text).expect_err("init waits");
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].line, &problems[0].kind),
        (4, &Kind::InitNotFirst)
    );
}

#[test]
fn too_many_servers() {
    let mut text = SOUND.to_string();
    for index in 0..31 {
        text += &another("").replace("\"c\"", &format!("\"c{index}\""));
    }
    let problems = check("f", &text).expect_err("too many");
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].kind,
        Kind::TooMany {
            what: "servers".to_string(),
            max: 32
        }
    );
}

#[test]
fn all_problems_are_found_in_the_order_of_lines() {
    let text = SOUND
        .replace("core = 1", "core = 9")
        .replace("\"never\"", "7")
        + "colour = 3\n";
    let lines: Vec<usize> = check("f", &text)
        .expect_err("three")
        .iter()
        .map(|p| p.line)
        .collect();
    assert_eq!(lines, [11, 16, 19]);
}

#[test]
fn no_cut_of_the_file_panics() {
    for len in 0..SOUND.len() {
        let _outcome_does_not_matter = check("f", &SOUND[..len]);
    }
}

#[test]
fn the_system_file_is_sound_and_survives_encoding() {
    let manifest = check("servers/system.toml", SYSTEM).expect("sound");
    assert_eq!(manifest.servers[0].name, "init");
    assert_eq!(manifest.servers[0].restart, Restart::Reboot);
    for (index, server) in manifest.servers.iter().enumerate() {
        assert!(
            server.after.iter().all(|&other| usize::from(other) < index),
            "start order"
        );
    }
    let bytes = encode(&manifest);
    assert_eq!(Manifest::decode(&bytes), Some(manifest));
    for len in 0..bytes.len() {
        assert_eq!(Manifest::decode(&bytes[..len]), None);
    }
}

#[test]
fn the_graphs_show_every_server_and_call() {
    let manifest = check("servers/system.toml", SYSTEM).expect("sound");
    let (mermaid, dot, text) = (
        graph::mermaid(&manifest),
        graph::dot(&manifest),
        graph::text(&manifest),
    );
    for server in &manifest.servers {
        for picture in [&mermaid, &dot, &text] {
            assert!(picture.contains(server.name.as_str()));
        }
    }
    assert!(mermaid.contains("shell -->|compositor| compositor"));
    assert!(dot.contains("\"shell\" -> \"init\" [label=\"supervisor\"]"));
    assert!(text.contains("drives serial"));
}
