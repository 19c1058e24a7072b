use alloc::string::ToString;

use super::{VerifyErrorKind, check, verify};
use crate::build::ModuleBuilder;
use crate::text::parse;
use crate::types::Type;

#[test]
fn each_fault_is_named() {
    let cases = [
        ("(module (func (drop $3:i32)))", None),
        (
            "(module (func (result i32) (seq)))",
            Some("function 0, node 0: the body gives no value, not i32"),
        ),
        (
            "(module (func (result i32) (return)))",
            Some("function 0, node 0: returns no value, not i32"),
        ),
        (
            "(module (func (break 0)))",
            Some("function 0, node 0: there is no enclosing scope or loop number 0"),
        ),
        (
            "(module (func (scope (continue 0))))",
            Some("function 0, node 0: number 0 is a scope, not a loop"),
        ),
        (
            "(module (func (drop (i32.load 0))))",
            Some("function 0, node 1: the module has no memory"),
        ),
        (
            "(module (func (draw_clear 0)))",
            Some("function 0, node 1: the shim draw_clear is not declared"),
        ),
        (
            "(module (use print) (func (print 0 0)))",
            Some("function 0, node 1: the module has no memory"),
        ),
        (
            "(module (func (call 7)))",
            Some("function 0, node 0: there is no function 7"),
        ),
        (
            "(module (func (param i32)) (func (call 0)))",
            Some("function 1, node 1: the callee takes 1 arguments, not 0"),
        ),
        (
            "(module (func (param i32)) (func (call 0 1:i64)))",
            Some("function 1, node 2: argument 0 must be i32, not i64"),
        ),
        (
            "(module (func (local i32) (set $0 1:i64)))",
            Some("function 0, node 1: local 0 is not i64"),
        ),
        (
            "(module (func (local v128)))",
            Some("function 0: v128 is not supported yet"),
        ),
        (
            "(module (func (result i32 i32) (unreachable)))",
            Some("function 0: several results are not supported yet"),
        ),
        (
            "(module (memory 2 1))",
            Some("the memory's size is out of range"),
        ),
        (
            "(module (memory 1 65537))",
            Some("the memory's size is out of range"),
        ),
        (
            "(module (memory 1) (data 65536 \"a\"))",
            Some("data segment 0 does not fit the memory"),
        ),
        (
            "(module (func) (export \"a\" 0) (export \"a\" 0))",
            Some("\"a\" is exported twice"),
        ),
        ("(module (export \"a\" 0))", Some("there is no function 0")),
    ];
    for (text, expected) in cases {
        let found = match (parse(text), expected) {
            (Err(_), None) => continue,
            (parsed, _) => check(&parsed.unwrap()).unwrap_err().to_string(),
        };
        assert_eq!(Some(found.as_str()), expected, "{text}");
    }
}

#[test]
fn builder_mistakes_that_need_a_context_are_found_here() {
    let m = ModuleBuilder::new();
    let f = m.function(&[], Some(Type::I32));
    let body = f.param(3).get();
    f.finish(body);
    let error = verify(m.finish().unwrap()).unwrap_err();
    assert_eq!(error.kind, VerifyErrorKind::NoSuchLocal(3));
}
