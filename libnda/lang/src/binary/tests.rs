use alloc::vec::Vec;

use super::{DecodeErrorKind, decode, encode};
use crate::text::parse;

#[test]
fn shared_subtrees_are_written_once() {
    let text = "(module (func (param i32) (result i32) \
        (i32.add (i32.mul $0 $0) (i32.mul $0 $0))))";
    let module = parse(text).unwrap();
    let bytes = encode(&module);
    assert_eq!(bytes.iter().filter(|byte| **byte == 0x6c).count(), 1);
    assert_eq!(decode(&bytes).unwrap(), module);
}

#[test]
fn the_encoding_is_fixed() {
    let module = parse("(module (func (export \"f\") (result i32) (i32.sub 1 -200)))").unwrap();
    let expected: Vec<u8> = [
        &b"NDA\0\x01"[..],
        &[0, 0, 0, 0],                            // no memory, data, uses, imports
        &[1, 0, 1, 0x7f, 0],                      // one function, () -> i32, no locals
        &[0x41, 1, 0x41, 0xb8, 0x7e, 0x6b, 0x0b], // 1 -200 i32.sub end
        &[1, 1, b'f', 0],                         // export
    ]
    .concat();
    assert_eq!(encode(&module), expected);
    assert_eq!(decode(&expected).unwrap(), module);
}

#[test]
fn damage_is_named() {
    let module = parse("(module (func (result i32) (i32.add (i32.add 1 2) 3)))").unwrap();
    let good = encode(&module);
    let fails = |bytes: &[u8]| decode(bytes).unwrap_err().kind;
    for len in 0..good.len() {
        assert_eq!(fails(&good[..len]), DecodeErrorKind::UnexpectedEnd, "{len}");
    }
    let change = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(fails(&change(0, b'X')), DecodeErrorKind::BadMagic);
    assert_eq!(fails(&change(4, 2)), DecodeErrorKind::UnknownVersion(2));
    assert_eq!(fails(&change(12, 0x70)), DecodeErrorKind::UnknownType(0x70));
    assert_eq!(
        fails(&change(14, 0xff)),
        DecodeErrorKind::UnknownOpcode(0xff)
    );
    assert_eq!(
        fails(&[&good[..], &[0]].concat()),
        DecodeErrorKind::TrailingBytes
    );
    // 0x81 0x00 is 1 in two bytes.
    assert_eq!(fails(b"NDA\0\x81\0"), DecodeErrorKind::BadNumber);
}

#[test]
fn one_module_has_one_encoding() {
    // The same `i32.add 1 2` written out twice instead of referred to.
    let mut bytes = b"NDA\0\x01\0\0\0\0\x01\0\x01\x7f\0".to_vec();
    bytes.extend([
        0x41, 1, 0x41, 2, 0x6a, 0x41, 1, 0x41, 2, 0x6a, 0x6c, 0x0b, 0,
    ]);
    assert_eq!(decode(&bytes).unwrap_err().kind, DecodeErrorKind::NotShared);
    let mut bytes = b"NDA\0\x01\0\0\0\0\x01\0\x01\x7f\0".to_vec();
    bytes.extend([0x41, 1, 0x41, 2, 0x6a, 0xfe, 0, 0x6c, 0x0b, 0]);
    assert_eq!(encode(&decode(&bytes).unwrap()), bytes);
}

#[test]
fn a_small_file_cannot_stand_for_a_huge_tree() {
    // Each `i32.add` refers to the one before twice: 2^40 places in 150 bytes.
    let mut bytes = b"NDA\0\x01\0\0\0\0\x01\0\x01\x7f\0".to_vec();
    bytes.extend([0x41, 1, 0x41, 1, 0x6a]);
    for number in 0..40 {
        bytes.extend([0xfe, number, 0x6a]);
    }
    let error = decode(&bytes).unwrap_err();
    assert_eq!(
        error.kind,
        DecodeErrorKind::Node(crate::NodeError::TreeTooLarge)
    );
}
