use super::*;
use proptest::prelude::*;

/// Feeds bytes; returns the events and a terminal's view of the echo: the current row with backspaces applied.
fn type_in(editor: &mut Editor, bytes: &[u8]) -> (Vec<Event>, Vec<u8>) {
    let mut echo = Vec::new();
    let events = bytes
        .iter()
        .filter_map(|b| editor.feed(*b, &mut echo))
        .collect();
    (events, echo)
}

/// What a terminal shows on the last row after `echo`.
fn shown(echo: &[u8]) -> String {
    let text = String::from_utf8(echo.to_vec()).expect("the echo is UTF-8");
    let (mut row, mut at): (Vec<char>, usize) = (Vec::new(), 0);
    for c in text.chars() {
        match c {
            '\u{8}' => at -= 1,
            '\u{7}' => {}
            '\r' => at = 0,
            '\n' => (row, at) = (Vec::new(), 0),
            c => {
                if at == row.len() {
                    row.push(c);
                } else {
                    row[at] = c;
                }
                at += 1;
            }
        }
    }
    row.into_iter().collect::<String>().trim_end().to_string()
}

fn line_of(bytes: &[u8]) -> String {
    let mut editor = Editor::new(Mode::Terminal);
    let (events, _) = type_in(&mut editor, &[bytes, b"\r"].concat());
    match events.last() {
        Some(Event::Line(line)) => line.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_edit_the_line() {
    assert_eq!(line_of(b"hello"), "hello");
    assert_eq!(line_of("grün".as_bytes()), "grün");
    assert_eq!(line_of(b"ac\x1b[Db"), "abc");
    assert_eq!(line_of(b"bc\x01a\x05d"), "abcd");
    assert_eq!(line_of(b"bc\x1b[Ha\x1b[Fd"), "abcd");
    assert_eq!(line_of(b"abX\x7fc"), "abc");
    assert_eq!(line_of(b"Xabc\x01\x1b[3~"), "abc");
    assert_eq!(line_of(b"abc def\x17ghi"), "abc ghi");
    assert_eq!(line_of(b"abc\x01\x0bd"), "d");
    assert_eq!(line_of(b"abc\x1b[D\x15"), "c");
    assert_eq!(line_of(b"a\x1b[99;99;99zb"), "ab");
}

#[test]
fn return_and_newline_together_end_one_line() {
    let mut editor = Editor::new(Mode::Plain);
    let (events, _) = type_in(&mut editor, b"a\r\nb\nc\r");
    assert_eq!(
        events,
        [
            Event::Line("a".into()),
            Event::Line("b".into()),
            Event::Line("c".into())
        ]
    );
}

#[test]
fn history_walks_the_lines_with_the_typed_prefix() {
    let mut editor = Editor::new(Mode::Terminal);
    type_in(&mut editor, b"ps\rmem net\rdisk\rmem nvme\r");
    type_in(&mut editor, b"mem");
    type_in(&mut editor, b"\x1b[A");
    assert_eq!(editor.line(), "mem nvme");
    type_in(&mut editor, b"\x1b[A");
    assert_eq!(editor.line(), "mem net");
    let (_, echo) = type_in(&mut editor, b"\x1b[A");
    assert_eq!(echo, [BELL]);
    type_in(&mut editor, b"\x1b[B\x1b[B");
    assert_eq!(editor.line(), "mem");
}

#[test]
fn history_is_bounded() {
    let mut editor = Editor::new(Mode::Plain);
    for i in 0..1000 {
        type_in(&mut editor, format!("line {i}\r").as_bytes());
    }
    assert_eq!(editor.history().count(), 128);
    assert_eq!(editor.history().last(), Some("line 999"));
    type_in(&mut editor, &[&[b'x'; 4000][..], b"\r"].concat().repeat(20));
    assert!(editor.history().map(str::len).sum::<usize>() <= 16 * 1024);
}

#[test]
fn a_pasted_newline_runs_nothing() {
    let mut editor = Editor::new(Mode::Terminal);
    let (events, _) = type_in(&mut editor, b"\x1b[200~kill net\rreboot\x03\x04\n\x1b[201~");
    assert!(events.is_empty());
    assert_eq!(editor.line(), "kill net reboot ");
}

#[test]
fn control_c_drops_the_line_and_control_d_ends_only_an_empty_one() {
    let mut editor = Editor::new(Mode::Terminal);
    assert_eq!(type_in(&mut editor, b"abc\x03").0, [Event::Cancel]);
    assert_eq!(editor.line(), "");
    assert_eq!(type_in(&mut editor, b"\x04").0, [Event::EndOfInput]);
    assert_eq!(type_in(&mut editor, b"ab\x01\x04").0, []);
    assert_eq!(editor.line(), "b");
}

#[test]
fn a_line_at_its_limit_rings_once_and_keeps_what_fits() {
    let mut editor = Editor::new(Mode::Terminal);
    let (events, echo) = type_in(&mut editor, &[b'a'; 10_000]);
    assert_eq!(events, [Event::TooLong]);
    assert_eq!(echo.iter().filter(|b| **b == BELL).count(), 1);
    assert_eq!(editor.line().len(), LINE_BYTES_MAX);
}

#[test]
fn plain_mode_writes_no_escape_sequence() {
    let mut editor = Editor::new(Mode::Plain);
    assert!(editor.start().is_empty());
    let (_, echo) = type_in(&mut editor, b"abc\x01x\x0c\x1b[A\x1b[C\x17\r");
    assert!(!echo.contains(&0x1b));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut editor = Editor::new(Mode::Terminal);
        type_in(&mut editor, &bytes);
        prop_assert!(editor.line().len() <= LINE_BYTES_MAX);
    }

    #[test]
    fn the_screen_shows_the_line(keys in proptest::collection::vec(0..12usize, 0..80)) {
        let bytes: [&[u8]; 12] = [b"a", b"b", "é".as_bytes(), b" ", b"\x1b[D", b"\x1b[C", b"\x01", b"\x05", b"\x7f", b"\x17", b"\x0b", b"\x1b[3~"];
        let mut editor = Editor::new(Mode::Terminal);
        let typed: Vec<u8> = keys.iter().flat_map(|k| bytes[*k].to_vec()).collect();
        let (_, echo) = type_in(&mut editor, &typed);
        let line = editor.line();
        prop_assert_eq!(shown(&echo), line.trim_end());
    }
}
