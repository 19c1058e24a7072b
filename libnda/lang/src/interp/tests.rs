use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::{Host, Instance, Limits, RunError};
use crate::link::LinkError;
use crate::shim::{Capability, CapabilitySet, Shim};
use crate::text::parse;
use crate::trap::Trap;
use crate::types::Value;
use crate::verify::verify;

/// Writes down each call.
#[derive(Default)]
struct Recorder(String);

impl Host for Recorder {
    fn call(
        &mut self,
        shim: Shim,
        args: &[Value],
        memory: &mut [u8],
    ) -> Result<Option<Value>, Trap> {
        write!(self.0, "{}", shim.name()).unwrap();
        args.iter()
            .for_each(|arg| write!(self.0, " {arg}").unwrap());
        if let (Shim::Print, [Value::I32(ptr), Value::I32(len)]) = (shim, args) {
            let text = memory.get(*ptr as usize..(*ptr + *len) as usize);
            let text = text.ok_or(Trap::BadShimArgument)?;
            write!(self.0, " {:?}", core::str::from_utf8(text).unwrap()).unwrap();
        }
        self.0.push('\n');
        Ok(shim.result().map(|_| Value::I32(640)))
    }
}

fn run(text: &str, args: &[Value]) -> Result<Option<Value>, RunError> {
    let module = verify(parse(text).unwrap()).unwrap();
    let all = CapabilitySet::of(&Capability::ALL);
    let limits = Limits {
        fuel: 10_000,
        ..Limits::default()
    };
    let mut instance = Instance::new(&module, all, limits).unwrap();
    instance.call(&mut Recorder::default(), "f", args)
}

#[test]
fn factorial_by_recursion_and_by_loop() {
    let recursive = r#"(module (func $f (export "f") (param $n i64) (result i64)
        (if (i64.le_s $n 1:i64) (then 1:i64)
            (else (i64.mul $n (call $f (i64.sub $n 1:i64)))))))"#;
    let looping = r#"(module (func (export "f") (param $n i64) (result i64) (local $p i64)
        (set $p 1:i64)
        (loop (if (i64.eqz $n) (then (break)))
              (set $p (i64.mul $p $n)) (set $n (i64.sub $n 1:i64)))
        $p))"#;
    for text in [recursive, looping] {
        assert_eq!(
            run(text, &[Value::I64(20)]),
            Ok(Some(Value::I64(2_432_902_008_176_640_000)))
        );
    }
}

#[test]
fn a_break_out_of_an_expression_forgets_its_operands() {
    let text = r#"(module (func (export "f") (result i32) (local $r i32)
        (loop $l
          (set $r (i32.add 100 (i32.add 10 (if (i32.lt_s $r 1) (then 1) (else (break $l)))))))
        (i32.add $r 1000)))"#;
    assert_eq!(run(text, &[]), Ok(Some(Value::I32(1111))));
}

#[test]
fn switch_takes_the_arm_or_the_default() {
    let text = r#"(module (func (export "f") (param $s i32) (result i32)
        (switch $s (case (return 10)) (case) (else (return 30))) 20))"#;
    for (selector, expected) in [(0, 10), (1, 20), (2, 30), (-1, 30)] {
        assert_eq!(
            run(text, &[Value::I32(selector)]),
            Ok(Some(Value::I32(expected)))
        );
    }
}

#[test]
fn every_trap_is_reported() {
    let cases = [
        ("(unreachable)", Trap::Unreachable),
        ("(i32.div_s 1 0)", Trap::DivideByZero),
        ("(i32.div_s -2147483648 -1)", Trap::IntegerOverflow),
        ("(i32.rem_u 1 0)", Trap::DivideByZero),
        (
            "(i32.trunc_f64_s #7ff8000000000000:f64)",
            Trap::InvalidConversion,
        ),
        ("(i32.trunc_f64_u 4294967296.0)", Trap::IntegerOverflow),
        ("(i32.load offset=4294967295 -1)", Trap::OutOfBounds),
        ("(i32.load8_u 65536)", Trap::OutOfBounds),
        ("(loop) 0", Trap::OutOfFuel),
        ("(call 0)", Trap::StackOverflow),
        ("(print 65535 2) 0", Trap::BadShimArgument),
    ];
    for (body, trap) in cases {
        let text = alloc::format!(
            r#"(module (memory 1) (use print) (func (export "f") (result i32) {body}))"#
        );
        assert_eq!(run(&text, &[]), Err(RunError::Trap(trap)), "{body}");
    }
}

#[test]
fn memory_grows_up_to_the_limit() {
    let text = r#"(module (memory 1 3) (func (export "f") (result i32)
        (drop (memory.grow 1))
        (i32.store offset=131068 0 7)
        (i32.add (i32.mul 100 (memory.grow 2)) (i32.mul 10 (memory.grow 1)))))"#;
    assert_eq!(run(text, &[]), Ok(Some(Value::I32(-80))));
}

#[test]
fn shims_are_called_in_order_and_only_when_granted() {
    let text = r#"(module (memory 1) (data 3 "hey") (use print screen_width draw_clear)
        (func (export "f") (draw_clear (screen_width)) (print 3 3)))"#;
    let module = verify(parse(text).unwrap()).unwrap();
    let mut host = Recorder::default();
    let all = CapabilitySet::of(&Capability::ALL);
    let mut instance = Instance::new(&module, all, Limits::default()).unwrap();
    assert_eq!(instance.call(&mut host, "f", &[]), Ok(None));
    assert_eq!(host.0, "screen_width\ndraw_clear 640\nprint 3 3 \"hey\"\n");
    let refused = |classes: &[Capability]| {
        Instance::new(&module, CapabilitySet::of(classes), Limits::default()).unwrap_err()
    };
    assert_eq!(
        refused(&[Capability::Draw]),
        LinkError::NotGranted(Shim::Print)
    );
    assert_eq!(
        refused(&[Capability::Print]),
        LinkError::NotGranted(Shim::ScreenWidth)
    );
}

#[test]
fn wrong_calls_are_refused() {
    let text = r#"(module (func (export "f") (param i32)))"#;
    assert_eq!(run(text, &[]), Err(RunError::BadArguments));
    assert_eq!(run(text, &[Value::I64(1)]), Err(RunError::BadArguments));
    assert_eq!(run("(module)", &[]), Err(RunError::NoSuchExport));
}

#[test]
fn float_edges_are_those_of_webassembly() {
    let number = |body: &str| {
        let text = alloc::format!(r#"(module (func (export "f") (result f64) {body}))"#);
        run(&text, &[]).unwrap().unwrap()
    };
    assert_eq!(number("(f64.min 0.0 -0.0)"), Value::F64(-0.0));
    assert_eq!(number("(f64.max -0.0 0.0)"), Value::F64(0.0));
    assert_eq!(number("(f64.nearest 2.5)"), Value::F64(2.0));
    assert_eq!(number("(f64.nearest -0.4)"), Value::F64(-0.0));
    assert_eq!(number("(f64.div 0.0 0.0)"), Value::F64(f64::NAN));
    assert_eq!(
        number("(f64.convert_i64_u -1:i64)"),
        Value::F64(18_446_744_073_709_551_616.0)
    );
}

#[test]
fn equal_subtrees_are_evaluated_at_each_place() {
    let text = r#"(module (use print_i64) (func (export "f")
        (print_i64 1:i64) (print_i64 1:i64)))"#;
    let module = verify(parse(text).unwrap()).unwrap();
    assert_eq!(module.nodes().len(), 3);
    let mut host = Recorder::default();
    let granted = CapabilitySet::of(&[Capability::Print]);
    let mut instance = Instance::new(&module, granted, Limits::default()).unwrap();
    instance.call(&mut host, "f", &[]).unwrap();
    assert_eq!(host.0.lines().collect::<Vec<_>>().len(), 2);
}
