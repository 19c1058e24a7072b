//! The keyboard path against a model of controller and keyboard that can be slow, broken or hostile.

use std::collections::VecDeque;

use input::{
    Error, Keyboard,
    keyboard::Decoded,
    ps2::{self, Port, STATUS_LINE_ERROR, STATUS_OUTPUT_FULL, STATUS_SECOND_PORT},
    terminal,
};
use proptest::prelude::*;

/// A controller with a keyboard that follows the standard, except where a field says otherwise.
struct Model {
    output: VecDeque<(u8, u8)>,
    config: u8,
    awaits_config: bool,
    received: Vec<u8>,
    resends: usize,
    is_unplugged: bool,
    self_test: u8,
    keyboard_test: u8,
    /// Key bytes in front of each answer.
    noise: Vec<u8>,
    polls: usize,
}

fn model() -> Model {
    Model {
        output: VecDeque::new(),
        config: 0b0110_0111,
        awaits_config: false,
        received: Vec::new(),
        resends: 0,
        is_unplugged: false,
        self_test: 0x55,
        keyboard_test: 0xaa,
        noise: Vec::new(),
        polls: 0,
    }
}

impl Model {
    fn say(&mut self, byte: u8) {
        self.output.push_back((byte, 0));
    }
}

impl Port for Model {
    fn status(&mut self) -> u8 {
        self.polls += 1;
        self.output
            .front()
            .map_or(0, |(_, flags)| STATUS_OUTPUT_FULL | flags)
    }

    fn read_data(&mut self) -> u8 {
        self.output.pop_front().map_or(0, |(byte, _)| byte)
    }

    fn write_data(&mut self, value: u8) {
        if core::mem::take(&mut self.awaits_config) {
            self.config = value;
            return;
        }
        if self.is_unplugged {
            return;
        }
        for byte in self.noise.clone() {
            self.say(byte);
        }
        if self.resends > 0 {
            self.resends -= 1;
            self.say(0xfe);
            return;
        }
        self.received.push(value);
        self.say(0xfa);
        if value == 0xff {
            self.say(self.keyboard_test);
        }
    }

    fn write_command(&mut self, command: u8) {
        match command {
            0x20 => self.say(self.config),
            0x60 => self.awaits_config = true,
            0xaa => self.say(self.self_test),
            0xab => self.say(0),
            _ => {}
        }
    }

    fn pause(&mut self) {}
}

#[test]
fn setting_up_chooses_set_2_without_translation() {
    let mut port = model();
    port.output.extend([(0x1c, 0); 5]);
    assert_eq!(ps2::setup(&mut port), Ok(()));
    assert_eq!(port.received, [0xff, 0xf0, 2, 0xf4]);
    assert_eq!(
        port.config, 0b0010_0101,
        "first interrupt on, second and translation off"
    );
}

#[test]
fn a_keyboard_may_ask_again_and_type_meanwhile() {
    let mut port = model();
    port.resends = ps2::RESENDS_MAX;
    port.noise = vec![0x1c, 0xf0, 0x1c];
    assert_eq!(ps2::setup(&mut port), Ok(()));
    let mut port = model();
    port.resends = ps2::RESENDS_MAX + 1;
    assert_eq!(ps2::setup(&mut port), Err(Error::Refused));
}

#[test]
fn failures_are_told_apart() {
    let mut port = model();
    port.is_unplugged = true;
    assert_eq!(ps2::setup(&mut port), Err(Error::Timeout));
    let mut port = model();
    port.self_test = 0xfc;
    assert_eq!(ps2::setup(&mut port), Err(Error::ControllerTest(0xfc)));
    let mut port = model();
    port.keyboard_test = 0xfc;
    assert_eq!(ps2::setup(&mut port), Err(Error::KeyboardTest(0xfc)));
}

#[test]
fn draining_drops_the_mouse_and_damaged_bytes() {
    let mut port = model();
    port.output.extend([
        (1, 0),
        (2, STATUS_SECOND_PORT),
        (3, STATUS_LINE_ERROR),
        (4, 0),
    ]);
    let mut keys = Vec::new();
    assert_eq!(ps2::drain(&mut port, |byte| keys.push(byte)), 1);
    assert_eq!(keys, [1, 4]);
}

/// Answers anything at all.
struct Hostile(Vec<u8>, usize);

impl Hostile {
    fn next(&mut self) -> u8 {
        self.1 += 1;
        self.0[self.1 % self.0.len()]
    }
}

impl Port for Hostile {
    fn status(&mut self) -> u8 {
        self.next()
    }
    fn read_data(&mut self) -> u8 {
        self.next()
    }
    fn write_data(&mut self, _: u8) {}
    fn write_command(&mut self, _: u8) {}
    fn pause(&mut self) {}
}

#[test]
fn a_missing_controller_is_absent() {
    assert_eq!(ps2::setup(&mut Hostile(vec![0xff], 0)), Err(Error::Absent));
}

fn typed(bytes: &[u8]) -> Vec<u8> {
    let mut keyboard = Keyboard::new();
    let mut out = Vec::new();
    for byte in bytes {
        if let Some(Decoded::Key(event)) = keyboard.feed(*byte) {
            out.extend_from_slice(terminal::bytes(&event).as_slice());
        }
    }
    out
}

#[test]
fn keys_type_what_a_terminal_sends() {
    // a, shift-a, release, ctrl-a.
    assert_eq!(typed(&[0x1c, 0xf0, 0x1c]), b"a");
    assert_eq!(typed(&[0x12, 0x1c, 0xf0, 0x1c, 0xf0, 0x12, 0x1c]), b"Aa");
    assert_eq!(typed(&[0x14, 0x1c]), [1]);
    // Left Alt in front of a letter.
    assert_eq!(typed(&[0x11, 0x1c, 0xf0, 0x11, 0x1c]), b"\x1baa");
    // Up, down, right, left.
    let arrows = [0xe0, 0x75, 0xe0, 0x72, 0xe0, 0x74, 0xe0, 0x6b];
    assert_eq!(typed(&arrows), b"\x1b[A\x1b[B\x1b[C\x1b[D");
    // Home, end, delete, return, backspace, escape, tab.
    let edit = [0xe0, 0x6c, 0xe0, 0x69, 0xe0, 0x71, 0x5a, 0x66, 0x76, 0x0d];
    assert_eq!(typed(&edit), b"\x1b[H\x1b[F\x1b[3~\r\x7f\x1b\t");
}

#[test]
fn garbage_ends_its_sequence_and_no_other() {
    let mut keyboard = Keyboard::new();
    assert_eq!(keyboard.feed(0xe0), None);
    assert_eq!(keyboard.feed(0xfa), Some(Decoded::Garbage));
    assert_eq!(keyboard.garbage_count(), 1);
    assert!(matches!(keyboard.feed(0x1c), Some(Decoded::Key(_))));
}

#[test]
fn a_new_keyboard_and_an_overflow_release_every_key() {
    for (byte, expected) in [(0xaa, Decoded::Replugged), (0x00, Decoded::Overflow)] {
        let mut keyboard = Keyboard::new();
        keyboard.feed(0x12);
        assert_eq!(keyboard.feed(byte), Some(expected));
        let Some(Decoded::Key(event)) = keyboard.feed(0x1c) else {
            panic!("a key is expected");
        };
        assert_eq!(terminal::bytes(&event).as_slice(), b"a");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let typed = typed(&bytes);
        prop_assert!(core::str::from_utf8(&typed).is_ok());
    }

    #[test]
    fn after_any_bytes_a_replugged_keyboard_types(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
        let mut keyboard = Keyboard::new();
        for byte in bytes {
            keyboard.feed(byte);
        }
        keyboard.feed(0xaa);
        let is_a = matches!(
            keyboard.feed(0x1c),
            Some(Decoded::Key(event)) if terminal::bytes(&event).as_slice() == b"a"
        );
        prop_assert!(is_a);
    }

    #[test]
    fn any_controller_is_set_up_or_refused(answers in prop::collection::vec(any::<u8>(), 1..30)) {
        let mut port = Hostile(answers, 0);
        let _outcome_does_not_matter = ps2::setup(&mut port);
        let before = port.1;
        ps2::drain(&mut port, |_| {});
        prop_assert!(port.1 - before <= 2 * ps2::BURST_MAX);
    }
}
