//! Random modules through both spellings, and hostile bytes and texts through both parsers.

#[allow(
    dead_code,
    reason = "shared with the compiler's tests, which use all of it"
)]
mod generator;

use nda_lang::{binary, hash, text, verify};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_gives_the_same_module(seed: u64) {
        let module = generator::module(seed);
        verify::check(&module).unwrap();
        let bytes = binary::encode(&module);
        let decoded = binary::decode(&bytes).unwrap();
        prop_assert_eq!(&decoded, &module);
        prop_assert_eq!(binary::encode(&decoded), bytes);
        let printed = text::print(&module);
        let parsed = text::parse(&printed).unwrap();
        prop_assert_eq!(text::print(&parsed), printed);
        prop_assert_eq!(hash::module(&parsed), hash::module(&module));
        prop_assert_eq!(parsed, module);
    }

    #[test]
    fn changed_bytes_never_panic_and_what_is_read_is_canonical(seed: u64, changes: u64) {
        let mut bytes = binary::encode(&generator::module(seed));
        let mut random = generator::Random::new(changes);
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
        }
        if let Ok(module) = binary::decode(&bytes) {
            prop_assert_eq!(binary::encode(&module), bytes);
            let _ = verify::check(&module).map_err(|error| error.to_string());
            let _ = text::print(&module);
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut with_header = b"NDA\0\x01\0\0\0\0\x01\0\x01\x7f\0".to_vec();
        with_header.extend(&bytes);
        for input in [&bytes, &with_header] {
            if let Ok(module) = binary::decode(input) {
                prop_assert_eq!(&binary::encode(&module), input);
            }
        }
    }

    #[test]
    fn changed_texts_never_panic(seed: u64, changes: u64) {
        let printed = text::print(&generator::module(seed));
        let mut random = generator::Random::new(changes);
        let mut words: Vec<&str> = printed.split_inclusive([' ', '(', ')', '\n']).collect();
        for _ in 0..=random.below(3) {
            let (from, to) = (random.below(words.len()), random.below(words.len()));
            words[to] = words[from];
        }
        if let Ok(module) = text::parse(&words.concat()) {
            let _ = verify::check(&module);
        }
    }

    #[test]
    fn any_text_never_panics(text in "(\\(module )?[()a-z0-9$\" .;:#\\\\-]{0,120}") {
        let _ = text::parse(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn hashes_see_every_difference(a: u64, b: u64) {
        let (first, second) = (generator::module(a), generator::module(b));
        prop_assert_eq!(first == second, hash::module(&first) == hash::module(&second));
    }
}

#[test]
fn equal_functions_have_equal_hashes_wherever_they_stand() {
    let text =
        "(module (func (result i32) (i32.add 1 2)) (func) (func (result i32) (i32.add 1 2)))";
    let module = text::parse(text).unwrap();
    assert_eq!(hash::function(&module, 0), hash::function(&module, 2));
    assert_ne!(hash::function(&module, 0), hash::function(&module, 1));
    assert_eq!(hash::function(&module, 3), None);
}

#[test]
fn a_function_hash_sees_what_the_function_calls() {
    let module = |inner: i32| {
        let text = format!(
            "(module (func $f (call $g)) (func $g (drop (call $h)) (call $f)) (func $h (result i32) {inner}) (func))"
        );
        text::parse(&text).unwrap()
    };
    let (first, second) = (module(1), module(2));
    for index in 0..3 {
        assert_ne!(
            hash::function(&first, index),
            hash::function(&second, index),
            "{index}"
        );
    }
    assert_eq!(hash::function(&first, 3), hash::function(&second, 3));
}
