//! Promises of the compiler and the runtime, one a test.

mod support;

use std::collections::BTreeMap;

use nda_jit::{
    Compiler, FUNCTION_NODES_MAX, Features, GATE_EXPORTS_MAX, GateError, JitError, OptLevel,
    Options, compile, gate_page,
};
use nda_lang::build::ModuleBuilder;
use nda_lang::interp::RunError;
use nda_lang::link::LinkError;
use nda_lang::numeric::NumOp;
use nda_lang::{
    Capability, CapabilitySet, Shim, Trap, Type, Value, VerifiedModule, binary, hash, text, verify,
};
use nda_runtime::{Entry, Instance, Limits};
use support::{Loaded, Recorder, interpret, run};

fn module(source: &str) -> VerifiedModule {
    verify::verify(text::parse(source).unwrap()).unwrap()
}

/// Runs export `f` interpreted and compiled at both levels; all must agree.
fn agree(source: &str, args: &[Value]) -> Result<Option<Value>, RunError> {
    let module = module(source);
    let expected = interpret(&module, "f", args);
    for opt_level in [OptLevel::None, OptLevel::Speed] {
        let options = Options {
            opt_level,
            ..Options::default()
        };
        let compiled = compile(&module, &options).unwrap();
        let found = run(&module, &compiled, &Loaded::new(&compiled), "f", args);
        assert_eq!(found, expected, "{source}");
    }
    expected.result
}

/// From text to pixels: parse, verify, hash, binary and back, compile, run; the drawing is the interpreter's.
#[test]
fn a_text_becomes_five_squares() {
    let source = r#"(module (use draw_rect)
      (func (export "f") (local $i i32)
        (loop
          (if (i32.ge_s $i 5) (then (break)))
          (draw_rect (i32.add 50 (i32.mul $i 24)) 400 20 20 0xffff00)
          (set $i (i32.add $i 1)))))"#;
    let parsed = text::parse(source).unwrap();
    let bytes = binary::encode(&parsed);
    let stored = binary::decode(&bytes).unwrap();
    assert_eq!(hash::module(&stored), hash::module(&parsed));
    let module = verify::verify(stored).unwrap();
    let compiled = compile(&module, &Options::default()).unwrap();
    let drawn = run(&module, &compiled, &Loaded::new(&compiled), "f", &[]);
    assert_eq!(drawn, interpret(&module, "f", &[]));
    assert_eq!(
        drawn.log,
        [
            "draw_rect 50 400 20 20 16776960",
            "draw_rect 74 400 20 20 16776960",
            "draw_rect 98 400 20 20 16776960",
            "draw_rect 122 400 20 20 16776960",
            "draw_rect 146 400 20 20 16776960",
        ]
    );
}

#[test]
fn each_trap_comes_back_as_itself() {
    let cases = [
        ("(unreachable)", Trap::Unreachable),
        ("(i32.div_s 1 $0)", Trap::DivideByZero),
        (
            "(i32.div_s -2147483648 (i32.sub $0 1))",
            Trap::IntegerOverflow,
        ),
        (
            "(i32.wrap_i64 (i64.div_s -9223372036854775808:i64 -1:i64))",
            Trap::IntegerOverflow,
        ),
        ("(i32.rem_u 1 $0)", Trap::DivideByZero),
        (
            "(i32.trunc_f64_s #7ff8000000000000:f64)",
            Trap::InvalidConversion,
        ),
        ("(i32.trunc_f64_u 4294967296.0)", Trap::IntegerOverflow),
        ("(i32.load offset=4294967295 -1)", Trap::OutOfBounds),
        ("(i32.load 65533)", Trap::OutOfBounds),
        ("(loop) 0", Trap::OutOfFuel),
        ("(draw_pixel -1 0 0) 0", Trap::BadShimArgument),
        ("(call $f $0)", Trap::OutOfFuel),
    ];
    for (body, trap) in cases {
        let source = format!(
            r#"(module (memory 1) (use draw_pixel)
              (func $f (export "f") (param i32) (result i32) {body}))"#
        );
        let source = if trap == Trap::OutOfFuel && body.contains("call") {
            // Fewer calls than the fuel allows, so that the depth stays below the interpreter's bound.
            source
                .replace(body, "(loop (drop (call $g $0))) 0")
                .replace("(func $f", "(func $g (param i32) (result i32) $0) (func $f")
        } else {
            source
        };
        assert_eq!(
            agree(&source, &[Value::I32(0)]),
            Err(RunError::Trap(trap)),
            "{body}"
        );
    }
}

#[test]
fn endless_recursion_ends_in_a_trap_and_the_process_goes_on() {
    let module =
        module(r#"(module (func $f (export "f") (result i64) (i64.add (call $f) 1:i64)))"#);
    let compiled = compile(&module, &Options::default()).unwrap();
    let loaded = Loaded::new(&compiled);
    let function = &module.functions()[0];
    let mut host = Recorder::default();
    let limits = Limits {
        fuel: u64::MAX,
        stack_bytes: 128 * 1024,
    };
    let mut instance =
        Instance::new(&module, CapabilitySet::EMPTY, &mut [], &mut host, limits).unwrap();
    // SAFETY: the code is the export's, `loaded` outlives it, and the instance is of the same module.
    let entry = unsafe { Entry::new(loaded.entry(&compiled, "f"), &function.signature) };
    for _ in 0..3 {
        assert_eq!(
            instance.call(entry, &[]),
            Err(RunError::Trap(Trap::StackOverflow))
        );
        // What was used stays used, and the rest stays: each frame of 128 KiB took one unit.
        assert!(instance.fuel() > u64::MAX - 100_000);
    }
    let offset = instance.trap_address() - loaded.code() as u64;
    assert_eq!(compiled.function_at(offset as u32), Some(0));
    instance.set_fuel(3);
    assert_eq!(
        instance.call(entry, &[]),
        Err(RunError::Trap(Trap::OutOfFuel))
    );
    assert_eq!(instance.fuel(), 0);
}

#[test]
fn what_is_not_granted_does_not_link() {
    let module =
        module("(module (use draw_clear print_i64) (func (draw_clear 0) (print_i64 0:i64)))");
    let limits = Limits {
        fuel: 1,
        stack_bytes: 1 << 16,
    };
    let granted = CapabilitySet::of(&[Capability::Draw]);
    let mut host = Recorder::default();
    let refused = Instance::new(&module, granted, &mut [], &mut host, limits).unwrap_err();
    assert_eq!(refused, LinkError::NotGranted(Shim::PrintI64));
}

#[test]
fn a_memory_that_is_too_small_does_not_link() {
    let module = module("(module (memory 2 4))");
    let limits = Limits {
        fuel: 1,
        stack_bytes: 1 << 16,
    };
    let mut host = Recorder::default();
    let mut memory = vec![0; 100_000];
    let refused = Instance::new(
        &module,
        CapabilitySet::EMPTY,
        &mut memory,
        &mut host,
        limits,
    );
    let expected = LinkError::MemoryTooLarge {
        needed_pages: 2,
        allowed_pages: 1,
    };
    assert_eq!(refused.unwrap_err(), expected);
}

#[test]
fn many_arguments_of_all_types_arrive() {
    let types = [Type::I32, Type::F64, Type::I64, Type::F32];
    let params: Vec<Type> = types.iter().copied().cycle().take(64).collect();
    let m = ModuleBuilder::new();
    let inner = m.function(&params, Some(Type::F64));
    let mut sum = inner.f64(0.0);
    for (index, ty) in params.iter().enumerate() {
        let param = inner.param(index as u32).get();
        let wide = match ty {
            Type::I32 => inner.unary(NumOp::F64ConvertI32S, param),
            Type::I64 => inner.unary(NumOp::F64ConvertI64S, param),
            Type::F32 => inner.unary(NumOp::F64PromoteF32, param),
            _ => param,
        };
        sum = sum + wide.times(inner.f64(index as f64 + 1.0));
    }
    let inner = inner.finish(sum);
    let outer = m.function(&params, Some(Type::F64));
    let body = outer.call(inner, (0..64).map(|index| outer.param(index).get()));
    let outer = outer.finish(body);
    m.export("f", outer);
    let source = text::print(&m.finish().unwrap());
    let args: Vec<Value> = (params.iter().zip(1..))
        .map(|(ty, n)| match ty {
            Type::I32 => Value::I32(n),
            Type::I64 => Value::I64(n.into()),
            Type::F32 => Value::F32(n as f32),
            _ => Value::F64(n.into()),
        })
        .collect();
    let expected: u32 = (1..=64).map(|n| n * n).sum();
    assert_eq!(agree(&source, &args), Ok(Some(Value::F64(expected.into()))));
}

#[test]
fn rounding_without_the_instruction_is_exact() {
    let numbers = [
        0.0,
        -0.0,
        0.3,
        -0.3,
        0.5,
        -0.5,
        0.7,
        -0.7,
        1.5,
        2.5,
        -2.5,
        4_503_599_627_370_495.5,
        1e300,
        8_388_607.5,
        -8_388_609.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        5e-324,
    ];
    for name in ["ceil", "floor", "trunc", "nearest"] {
        for number in numbers {
            let source = format!(
                r#"(module (func (export "f") (param f64) (result i64)
                  (i64.xor (i64.reinterpret_f64 (f64.{name} $0))
                    (i64.extend_i32_u (i32.reinterpret_f32 (f32.{name} (f32.demote_f64 $0)))))))"#
            );
            agree(&source, &[Value::F64(number)]).unwrap();
        }
    }
}

#[test]
fn code_imports_are_refused_by_name() {
    let hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let module = module(&format!(
        r#"(module (import "{hash}") (func (call_import 0)))"#
    ));
    let refused = compile(&module, &Options::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("the code {hash} is not available")
    );
}

#[test]
fn a_function_that_needs_too_much_stack_is_refused() {
    // 2,000 locals, all alive across a call.
    let m = ModuleBuilder::new();
    let g = m.function(&[], Some(Type::I64));
    let zero = g.i64(1);
    let g = g.finish(zero);
    let f = m.function(&[], Some(Type::I64));
    let locals: Vec<_> = (0..2_000).map(|_| f.local(Type::I64)).collect();
    let mut body: Vec<_> = locals
        .iter()
        .map(|local| local.set(f.call(g, [])))
        .collect();
    let sum = locals.iter().fold(f.i64(0), |sum, local| sum + local.get());
    body.push(sum);
    let body = f.seq(body);
    f.finish(body);
    let module = verify::verify(m.finish().unwrap()).unwrap();
    let refused = compile(&module, &Options::default()).unwrap_err();
    assert!(
        matches!(refused, JitError::FrameTooLarge { function: 1, .. }),
        "{refused:?}"
    );
}

#[test]
fn a_function_that_would_take_too_long_to_compile_is_refused() {
    let ifs = "(if $0 (then (set $0 (i32.sub $0 7))))".repeat(FUNCTION_NODES_MAX as usize / 6 + 1);
    let module = module(&format!("(module (func) (func (param i32) {ifs}))"));
    let refused = compile(&module, &Options::default()).unwrap_err();
    assert_eq!(refused, JitError::TooLarge { function: 1 });
}

#[test]
fn deep_and_wide_programs_compile() {
    let deep = format!(
        r#"(module (func (export "f") (param i32) {}{}))"#,
        "(scope (loop (if $0 (then ".repeat(900),
        "(break 1)))))".repeat(900)
    );
    assert_eq!(agree(&deep, &[Value::I32(1)]), Ok(None));
    let arms: String = (0..3_000).map(|n| format!("(case (return {n}))")).collect();
    let wide = format!(
        r#"(module (func (export "f") (param i32) (result i32) (switch $0 {arms} (else (return -1)))))"#
    );
    for (selector, expected) in [(0, 0), (2_999, 2_999), (3_000, -1), (-1, -1)] {
        assert_eq!(
            agree(&wide, &[Value::I32(selector)]),
            Ok(Some(Value::I32(expected)))
        );
    }
}

#[test]
fn a_new_version_is_entered_through_the_same_gate() {
    let version = |n: i32| module(&format!(r#"(module (func (export "f") (result i32) {n}))"#));
    let modules = [version(1), version(2)];
    let results: Vec<_> = modules
        .iter()
        .map(|module| {
            let compiled = compile(module, &Options::default()).unwrap();
            assert_eq!(compiled.gate_entry("f"), Some(8));
            assert_eq!(compiled.gate_native("f"), Some(0));
            run(module, &compiled, &Loaded::new(&compiled), "f", &[]).result
        })
        .collect();
    assert_eq!(results, [Ok(Some(Value::I32(1))), Ok(Some(Value::I32(2)))]);
}

#[test]
fn a_gate_page_has_its_bounds() {
    let exports: String = (0..=GATE_EXPORTS_MAX)
        .map(|n| format!("(export \"e{n}\" 0)"))
        .collect();
    let compiled = compile(
        &module(&format!("(module (func) {exports})")),
        &Options::default(),
    )
    .unwrap();
    let many = GATE_EXPORTS_MAX + 1;
    assert_eq!(
        gate_page(&compiled, 0, 4096).unwrap_err(),
        GateError::TooManyExports(many)
    );
    let compiled = compile(
        &module("(module (func (export \"f\")))"),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(
        gate_page(&compiled, 0, 1 << 31).unwrap_err(),
        GateError::TooFar
    );
    assert_eq!(
        gate_page(&compiled, u64::MAX - 4095, 0).unwrap_err(),
        GateError::TooFar
    );
    gate_page(&compiled, 0x2000_0000_0000, 0x2000_3fff_0000).unwrap();
}

/// Every operator on every pair of corner cases, with the operands unknown to the compiler.
#[test]
fn every_operator_equals_the_interpreter_on_corner_cases() {
    let integers = [
        0i64,
        1,
        -1,
        2,
        31,
        33,
        255,
        i32::MIN.into(),
        i32::MAX.into(),
        i64::MIN,
        i64::MAX,
    ];
    let floats = [
        0.0,
        -0.0,
        1.5,
        -2.5,
        3e9,
        -3e9,
        1e19,
        5e-324,
        f64::INFINITY,
        f64::NAN,
    ];
    let values = |ty: Type| -> Vec<Value> {
        match ty {
            Type::I32 => integers.iter().map(|n| Value::I32(*n as i32)).collect(),
            Type::I64 => integers.iter().map(|n| Value::I64(*n)).collect(),
            Type::F32 => floats.iter().map(|n| Value::F32(*n as f32)).collect(),
            _ => floats.iter().map(|n| Value::F64(*n)).collect(),
        }
    };
    let m = ModuleBuilder::new();
    let mut by_name = BTreeMap::new();
    for op in NumOp::ALL {
        let f = m.function(op.params(), Some(op.result()));
        let params = (0..op.params().len()).map(|index| f.param(index as u32).get());
        let body = f.node(nda_lang::Op::Num(*op), params);
        let function = f.finish(body);
        m.export(op.name(), function);
        by_name.insert(op.name(), *op);
    }
    let module = verify::verify(m.finish().unwrap()).unwrap();
    for sse41 in [false, true] {
        let features = Features {
            sse41: sse41 && is_x86_feature_detected!("sse4.1"),
            ..Features::default()
        };
        let options = Options {
            features,
            ..Options::default()
        };
        let compiled = Compiler::new(&options).unwrap().compile(&module).unwrap();
        let loaded = Loaded::new(&compiled);
        for (name, op) in &by_name {
            let second = op
                .params()
                .get(1)
                .map_or(vec![Value::I32(0)], |ty| values(*ty));
            for a in values(op.params()[0]) {
                for b in &second {
                    let args = &[a, *b][..op.params().len()];
                    let expected = interpret(&module, name, args);
                    let found = run(&module, &compiled, &loaded, name, args);
                    assert_eq!(found, expected, "{name} {args:?}");
                }
            }
        }
    }
}
