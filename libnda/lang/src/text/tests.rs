use alloc::string::ToString;

use super::{parse, print};
use crate::verify;

const SQUARES: &str = r#"(module
  (use draw_rect)
  (func (local i32)
    (set $0 0)
    (loop
      (if (i32.ge_s $0 5)
        (then
          (break 0)))
      (draw_rect (i32.add 50 (i32.mul $0 24)) 400 20 20 16776960)
      (set $0 (i32.add $0 1))))
  (export "main" 0))
"#;

#[test]
fn printing_is_canonical() {
    assert_eq!(print(&parse(SQUARES).unwrap()), SQUARES);
}

#[test]
fn sugar_and_names_give_the_same_module() {
    let sugar = r#"(module (func $main (export "main") (local $i i32) ;; the counter
        (set $i 0x0)
        (loop $turn
          (if (i32.ge_s $i 5) (then (break $turn)))
          (draw_rect (i32.add 50 (i32.mul $i 24)) 400 20 20 0xffff00)
          (set $i (i32.add $i 1)))) (use draw_rect))"#;
    assert_eq!(parse(sugar).unwrap(), parse(SQUARES).unwrap());
}

#[test]
fn every_form_round_trips() {
    let text = r#"(module
      (memory 1 4) (data 8 "a\"\\\n\00\ff") (use print print_i64)
      (import $far "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" (param i32) (result f64))
      (func $f (param $a i32) (param i64) (result f32) (local f32 f64)
        (seq) (seq (seq)) (scope) (scope (break))
        (switch $a (case (break_or_not) ) (else)))
      )"#;
    assert!(parse(text).is_err());
    let text = r#"(module
      (memory 1 4) (data 8 "a\"\\\n\00\ff") (use print print_i64)
      (import $far "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" (param i32) (result f64))
      (func $g (result i32) (if 1 (then 2) (else (unreachable))))
      (func $f (param $a i32) (param i64) (result f32) (local f32 f64)
        (seq) (seq (seq)) (scope) (scope (break)) (scope (seq (seq)))
        (loop $l (scope (break $l)) (continue $l))
        (switch $a (case) (case (set $2 1.5:f32) (seq)) (else (drop (call_import $far (call $g)))))
        (switch $a (else (return #7fc00001:f32)))
        (i64.store8 offset=7 $a -9223372036854775808:i64)
        (drop (i32.load16_s $a)) (drop (memory.grow (memory.size)))
        (set $3 (f64.neg -0.0)) (set $3 1e300) (set $3 #fff0000000000000:f64)
        (print 8 5) (print_i64 $1)
        (select $2 3:f32 $a))
      (export "g" $g) (export "a b" 1))"#;
    let module = verify::verify(parse(text).unwrap()).unwrap();
    let printed = print(&module);
    let again = parse(&printed).unwrap();
    assert_eq!(again, *module, "{printed}");
    assert_eq!(print(&again), printed);
}

#[test]
fn errors_say_where_and_why() {
    let cases = [
        ("", "line 1 column 1: the text ends too early"),
        ("(module", "line 1 column 8: the text ends too early"),
        (
            "(module\n  (func (i32.add 1 2:i64)))",
            "line 2 column 10: operand 1 must be i32, not i64",
        ),
        (
            "(module (func (set $x 1)))",
            "line 1 column 20: $x is not defined",
        ),
        (
            "(module (func (frobnicate)))",
            "line 1 column 16: unknown operator frobnicate",
        ),
        (
            "(module (func (drop 4294967296)))",
            "line 1 column 21: bad literal 4294967296",
        ),
        (
            "(module (data 0 \"a))",
            "line 1 column 17: the string does not end in this line",
        ),
        (
            "(module (func \u{fc}))",
            "line 1 column 15: unexpected character",
        ),
        (
            "(module (func (if 1)))",
            "line 1 column 16: expected the arms of the choice",
        ),
        (
            "(module) x",
            "line 1 column 10: expected nothing after the module",
        ),
        (
            "(module (func (loop $a (break $b))))",
            "line 1 column 31: $b is not defined",
        ),
        (
            "(module (memory 1) (memory 1))",
            "line 1 column 21: a module has one memory at most",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    let depth = 100_000;
    let mut text = alloc::string::String::from("(module (func ");
    text.push_str(&"(scope ".repeat(depth));
    text.push_str(&")".repeat(depth));
    text.push_str("))");
    assert!(
        parse(&text)
            .unwrap_err()
            .to_string()
            .ends_with("nested too deeply")
    );
}
