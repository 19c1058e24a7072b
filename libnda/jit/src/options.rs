//! What the caller decides about the code: effort and processor.
//!
//! Nothing is detected here. Code may be compiled for another machine or cached, so the processor's features are an input
//! and part of what identifies the code.

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable, SetError};

use crate::JitError;

/// How much work to spend.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum OptLevel {
    /// Quick to compile.
    #[default]
    None,
    /// Quick to run: Cranelift's middle-end optimizations.
    Speed,
}

/// Which NaN an arithmetic operator gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum NanBits {
    /// The canonical one, as the interpreter does: all runs agree in every bit. Costs a compare and a select per operator.
    #[default]
    Canonical,
    /// Whatever the processor gives.
    Any,
}

/// Features of the processor beyond SSE2. The default is the baseline that every x86-64 has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Features {
    /// SSE3 and SSSE3.
    pub ssse3: bool,
    /// SSE4.1: rounding instructions. Implies `ssse3`.
    pub sse41: bool,
    /// SSE4.2. Implies `sse41`.
    pub sse42: bool,
    /// POPCNT.
    pub popcnt: bool,
    /// LZCNT.
    pub lzcnt: bool,
    /// BMI1.
    pub bmi1: bool,
    /// BMI2.
    pub bmi2: bool,
    /// AVX, with the operating system saving its state. Implies `sse42`.
    pub avx: bool,
    /// AVX2. Implies `avx`.
    pub avx2: bool,
}

/// What the caller decides about the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Options {
    /// Effort.
    pub opt_level: OptLevel,
    /// NaN results.
    pub nan_bits: NanBits,
    /// Processor.
    pub features: Features,
}

impl Options {
    /// Cranelift's description of the target.
    pub(crate) fn target(&self) -> Result<OwnedTargetIsa, JitError> {
        self.try_target().ok_or(JitError::Target)
    }

    fn try_target(&self) -> Option<OwnedTargetIsa> {
        let mut builder = isa::lookup_by_name("x86_64-unknown-unknown").ok()?;
        self.set_features(&mut builder).ok()?;
        builder.finish(self.flags().ok()?).ok()
    }

    fn flags(&self) -> Result<settings::Flags, SetError> {
        let mut flags = settings::builder();
        flags.set(
            "opt_level",
            match self.opt_level {
                OptLevel::None => "none",
                OptLevel::Speed => "speed",
            },
        )?;
        // `single_pass` compiles a little faster and gives four times the code.
        flags.set("regalloc_algorithm", "backtracking")?;
        let canonical = self.nan_bits == NanBits::Canonical;
        flags.set(
            "enable_nan_canonicalization",
            if canonical { "true" } else { "false" },
        )?;
        flags.set("is_pic", "true")?;
        flags.set("unwind_info", "false")?;
        // The stack check at function entry and the limit on frames take the place of probes.
        flags.set("enable_probestack", "false")?;
        // Checks what `translate` builds; our own mistakes only, so not in optimized builds.
        flags.set(
            "enable_verifier",
            if cfg!(debug_assertions) {
                "true"
            } else {
                "false"
            },
        )?;
        Ok(settings::Flags::new(flags))
    }

    fn set_features(&self, builder: &mut isa::Builder) -> Result<(), SetError> {
        let on = &self.features;
        let avx = on.avx || on.avx2;
        let sse42 = on.sse42 || avx;
        let sse41 = on.sse41 || sse42;
        let ssse3 = on.ssse3 || sse41;
        for (name, is_on) in [
            ("has_sse3", ssse3),
            ("has_ssse3", ssse3),
            ("has_sse41", sse41),
            ("has_sse42", sse42),
            ("has_popcnt", on.popcnt),
            ("has_lzcnt", on.lzcnt),
            ("has_bmi1", on.bmi1),
            ("has_bmi2", on.bmi2),
            ("has_avx", avx),
            ("has_avx2", on.avx2),
        ] {
            builder.set(name, if is_on { "true" } else { "false" })?;
        }
        Ok(())
    }

    /// Whether floats can be rounded by an instruction.
    pub(crate) fn has_rounding(&self) -> bool {
        let on = &self.features;
        on.sse41 || on.sse42 || on.avx || on.avx2
    }
}
