//! Random programs: compiled code does exactly what the interpreter does, in results, traps, memory, shim calls and fuel.

#[path = "../../lang/tests/generator/mod.rs"]
mod generator;
mod support;

use nda_jit::{Compiler, Features, NanBits, OptLevel, Options};
use nda_lang::{Value, text, verify};
use proptest::prelude::*;
use support::{Loaded, interpret, run};

/// Compiles the module of `seed` and compares a call of each function.
fn compare(options: &Options, seed: u64) {
    let module = verify::verify(generator::module(seed)).unwrap();
    let compiled = Compiler::new(options).unwrap().compile(&module).unwrap();
    let loaded = Loaded::new(&compiled);
    let mut random = generator::Random::new(seed ^ 0xa5a5);
    for export in module.exports() {
        let params = &module.functions()[export.function as usize]
            .signature
            .params;
        let args: Vec<Value> = params.iter().map(|ty| random.value(*ty)).collect();
        let expected = interpret(&module, &export.name, &args);
        let found = run(&module, &compiled, &loaded, &export.name, &args);
        assert_eq!(
            found,
            expected,
            "seed {seed}, {} of {args:?}, {options:?}:\n{}",
            export.name,
            text::print(&module)
        );
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn baseline_code_equals_the_interpreter(seed: u64) {
        compare(&Options::default(), seed);
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn optimized_code_equals_the_interpreter(seed: u64) {
        let opt_level = OptLevel::Speed;
        compare(&Options { opt_level, ..Options::default() }, seed);
    }

    #[test]
    fn code_for_this_processor_equals_the_interpreter(seed: u64) {
        let features = Features {
            ssse3: is_x86_feature_detected!("ssse3"),
            sse41: is_x86_feature_detected!("sse4.1"),
            sse42: is_x86_feature_detected!("sse4.2"),
            popcnt: is_x86_feature_detected!("popcnt"),
            lzcnt: is_x86_feature_detected!("lzcnt"),
            bmi1: is_x86_feature_detected!("bmi1"),
            bmi2: is_x86_feature_detected!("bmi2"),
            avx: is_x86_feature_detected!("avx"),
            avx2: is_x86_feature_detected!("avx2"),
        };
        let opt_level = OptLevel::Speed;
        compare(&Options { opt_level, features, nan_bits: NanBits::Canonical }, seed);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(seed in 0..50u64) {
        let module = verify::verify(generator::module(seed)).unwrap();
        let mut warm = Compiler::new(&Options::default()).unwrap();
        let first = warm.compile(&module).unwrap();
        prop_assert_eq!(&first, &warm.compile(&module).unwrap());
        prop_assert_eq!(&first, &nda_jit::compile(&module, &Options::default()).unwrap());
    }
}

/// The comparison means little if the programs do little: most must run, and all ways to end must occur.
#[test]
fn random_programs_end_in_many_ways() {
    let (mut results, mut shims) = (0, 0);
    let mut traps = std::collections::BTreeSet::new();
    for seed in 0..1_500 {
        let module = verify::verify(generator::module(seed)).unwrap();
        let params = &module.functions()[0].signature.params;
        let mut random = generator::Random::new(seed);
        let args: Vec<Value> = params.iter().map(|ty| random.value(*ty)).collect();
        let outcome = interpret(&module, "f0", &args);
        shims += outcome.log.len();
        match outcome.result {
            Ok(_) => results += 1,
            Err(error) => drop(traps.insert(error.to_string())),
        }
    }
    assert!(results > 300, "{results} of 1,500 programs gave a result");
    assert!(shims > 1_000, "{shims} shim calls");
    assert!(traps.len() >= 7, "{traps:?}");
}
