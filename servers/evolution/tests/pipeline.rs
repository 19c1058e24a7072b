//! The pipeline from end to end, with modules that mean well and modules that do not.

use evolution::{Error, Evolution, Limits, Request};
use nda_jit::{Features, GATE_SLOT_BYTES, GateError, OptLevel};
use nda_lang::binary::{self, DecodeErrorKind};
use nda_lang::link::LinkError;
use nda_lang::{Capability, CapabilitySet, Hash, Shim, hash, text};
use proptest::prelude::*;

const SQUARES: &str = r#"(module (use draw_rect)
  (func (export "main") (local $i i32)
    (loop
      (if (i32.ge_s $i 5) (then (break)))
      (draw_rect (i32.add 50 (i32.mul $i 24)) 400 20 20 0xffff00)
      (set $i (i32.add $i 1))))
  (func (export "answer") (result i32) 42))"#;

const DRAW: CapabilitySet = CapabilitySet::of(&[Capability::Draw]);

fn source(text: &str) -> Vec<u8> {
    binary::encode(&text::parse(text).unwrap())
}

fn server(limits: Limits) -> Evolution<impl FnMut() -> u64> {
    let mut now = 0;
    let clock = move || {
        now += 10;
        now
    };
    Evolution::new(clock, Features::default(), limits)
}

fn request(source: &[u8], granted: CapabilitySet) -> Request<'_> {
    Request {
        source,
        opt_level: OptLevel::None,
        granted,
    }
}

fn refusal(source: &[u8], granted: CapabilitySet) -> Error {
    server(Limits::default())
        .compile(&request(source, granted))
        .unwrap_err()
}

#[test]
fn a_module_becomes_code_and_a_gate() {
    let mut server = server(Limits::default());
    let bytes = source(SQUARES);
    let answer = server.compile(&request(&bytes, DRAW)).unwrap();
    assert_eq!(answer.module, hash::module(&text::parse(SQUARES).unwrap()));
    assert_eq!(Hash(answer.body_hash), Hash::of(answer.code));
    assert!(!answer.is_cached);
    assert_eq!((answer.total_ticks, answer.compile_ticks), (30, 10));
    let names: Vec<&str> = answer
        .exports
        .iter()
        .map(|export| export.name.as_str())
        .collect();
    assert_eq!(names, ["answer", "main"]);
    let (key, exports) = (answer.key, answer.exports.to_vec());

    let (gate_base, body_base) = (0x2000_0000_0000, 0x2000_0000_2000);
    let page = server.gate_page(&key, gate_base, body_base).unwrap();
    for (index, export) in exports.iter().enumerate() {
        for (at, target) in [(0, export.native), (8, export.entry)] {
            let at = index * GATE_SLOT_BYTES + at;
            assert_eq!(page[at], 0xe9);
            let distance = i32::from_le_bytes(page[at + 1..at + 5].try_into().unwrap());
            let goes_to = (gate_base + at as u64 + 5).wrapping_add_signed(distance.into());
            assert_eq!(goes_to, body_base + u64::from(target));
        }
    }
    assert_eq!(
        server.gate_page(&key, 0, body_base),
        Err(Error::Gate(GateError::TooFar))
    );
}

#[test]
fn the_second_time_the_code_is_there() {
    let mut server = server(Limits::default());
    let bytes = source(SQUARES);
    let first = server
        .compile(&request(&bytes, DRAW))
        .unwrap()
        .code
        .to_vec();
    let second = server.compile(&request(&bytes, DRAW)).unwrap();
    assert!(second.is_cached);
    assert_eq!(second.code, first);
    let speed = Request {
        opt_level: OptLevel::Speed,
        ..request(&bytes, DRAW)
    };
    assert!(!server.compile(&speed).unwrap().is_cached);
    assert_eq!(server.cache().len(), 2);
}

#[test]
fn cached_code_is_not_given_to_whom_it_was_not_granted() {
    let mut server = server(Limits::default());
    let bytes = source(SQUARES);
    let refused = Error::Link(LinkError::NotGranted(Shim::DrawRect));
    for _ in 0..2 {
        let poor = request(&bytes, CapabilitySet::of(&[Capability::Print]));
        assert_eq!(server.compile(&poor).unwrap_err(), refused);
        server.compile(&request(&bytes, DRAW)).unwrap();
    }
}

#[test]
fn each_refusal_says_why() {
    let decode = |bytes: &[u8]| match refusal(bytes, DRAW) {
        Error::Decode(error) => error.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(decode(b""), DecodeErrorKind::UnexpectedEnd);
    assert_eq!(decode(b"\x7fELF...."), DecodeErrorKind::BadMagic);
    let undeclared = source("(module (func (export \"f\") (draw_clear 0)))");
    assert!(matches!(refusal(&undeclared, DRAW), Error::Verify(_)));
    assert_eq!(refusal(&source("(module (func))"), DRAW), Error::NoExports);
    let hungry = source("(module (memory 5000 6000) (func (export \"f\")))");
    assert!(matches!(
        refusal(&hungry, DRAW),
        Error::Link(LinkError::MemoryTooLarge {
            needed_pages: 5000,
            ..
        })
    ));
    let exports: String = (0..257).map(|n| format!("(export \"f{n}\")")).collect();
    let many = source(&format!("(module (func {exports}))"));
    assert_eq!(
        refusal(&many, DRAW),
        Error::Gate(GateError::TooManyExports(257))
    );
    let huge = vec![0; Limits::default().source_bytes + 1];
    assert_eq!(refusal(&huge, DRAW), Error::SourceTooLarge(huge.len()));
    let mut small = server(Limits {
        code_bytes: 8,
        cache_bytes: 8,
        ..Limits::default()
    });
    let outcome = small.compile(&request(&source(SQUARES), DRAW));
    assert!(matches!(outcome, Err(Error::CodeTooLarge(len)) if len > 8));
    assert!(small.cache().is_empty());
}

#[test]
fn many_modules_leave_memory_bounded() {
    let limits = Limits {
        code_bytes: 2048,
        cache_bytes: 4096,
        ..Limits::default()
    };
    let mut server = server(limits);
    let mut first = None;
    for number in 0..100 {
        let bytes = source(&format!(
            "(module (func (export \"f\") (result i32) {number}))"
        ));
        let answer = server
            .compile(&request(&bytes, CapabilitySet::EMPTY))
            .unwrap();
        first.get_or_insert(answer.key);
        assert!(server.cache().code_bytes() <= 4096);
    }
    assert!(server.cache().len() < 100);
    assert_eq!(
        server.gate_page(&first.unwrap(), 0, 0),
        Err(Error::NotCached)
    );
}

#[test]
fn no_cut_or_bit_flip_panics() {
    let mut server = server(Limits::default());
    let good = source(SQUARES);
    let all = CapabilitySet::of(&Capability::ALL);
    for len in 0..good.len() {
        assert!(server.compile(&request(&good[..len], all)).is_err());
    }
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            if let Ok(answer) = server.compile(&request(&bad, all)) {
                assert!(!answer.code.is_empty());
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_after_the_magic_do_not_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = b"NDA\0\x01".to_vec();
        bytes.extend(tail);
        let mut server = server(Limits::default());
        let _any_answer_will_do = server.compile(&request(&bytes, DRAW)).is_ok();
    }
}
