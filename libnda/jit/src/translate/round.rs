//! Rounding of floats to integral floats, with the SSE4.1 instruction or without.
//!
//! Without it Cranelift would call a C library. Instead: adding and subtracting 2^52 (2^23 for `f32`) to a smaller
//! magnitude leaves it rounded to nearest, ties to even, because no fraction bits are left up there; the other modes correct
//! that by one. Magnitudes from 2^52 on are integral already. The sign is the operand's in every mode, also of zero.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{self, InstBuilder, types};

use super::Translator;

/// A rounding mode.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    Ceil,
    Floor,
    Trunc,
    Nearest,
}

impl Translator<'_, '_> {
    pub(super) fn round(&mut self, mode: Rounding, x: ir::Value) -> ir::Value {
        if !self.has_rounding {
            return self.round_by_arithmetic(mode, x);
        }
        match mode {
            Rounding::Ceil => self.builder.ins().ceil(x),
            Rounding::Floor => self.builder.ins().floor(x),
            Rounding::Trunc => self.builder.ins().trunc(x),
            Rounding::Nearest => self.builder.ins().nearest(x),
        }
    }

    fn round_by_arithmetic(&mut self, mode: Rounding, x: ir::Value) -> ir::Value {
        let ty = self.builder.func.dfg.value_type(x);
        let magic = if ty == types::F32 {
            8_388_608.0
        } else {
            4_503_599_627_370_496.0
        };
        let magic = self.float(ty, magic);
        let zero = self.float(ty, 0.0);
        let magnitude = self.builder.ins().fabs(x);
        let sum = self.builder.ins().fadd(magnitude, magic);
        let nearest = self.builder.ins().fsub(sum, magic);
        let rounded = match mode {
            Rounding::Nearest => nearest,
            Rounding::Trunc => {
                let is_over = self
                    .builder
                    .ins()
                    .fcmp(FloatCC::GreaterThan, nearest, magnitude);
                self.correct(nearest, is_over, -1.0)
            }
            Rounding::Floor => {
                let signed = self.builder.ins().fcopysign(nearest, x);
                let is_over = self.builder.ins().fcmp(FloatCC::GreaterThan, signed, x);
                self.correct(signed, is_over, -1.0)
            }
            Rounding::Ceil => {
                let signed = self.builder.ins().fcopysign(nearest, x);
                let is_under = self.builder.ins().fcmp(FloatCC::LessThan, signed, x);
                self.correct(signed, is_under, 1.0)
            }
        };
        let rounded = self.builder.ins().fcopysign(rounded, x);
        // Large numbers stay; a NaN becomes a quiet one by the addition.
        let same = self.builder.ins().fadd(x, zero);
        let has_fraction = self.builder.ins().fcmp(FloatCC::LessThan, magnitude, magic);
        self.builder.ins().select(has_fraction, rounded, same)
    }

    /// `value + step` if `condition`, else `value`.
    fn correct(&mut self, value: ir::Value, condition: ir::Value, step: f64) -> ir::Value {
        let ty = self.builder.func.dfg.value_type(value);
        let step = self.float(ty, step);
        let moved = self.builder.ins().fadd(value, step);
        self.builder.ins().select(condition, moved, value)
    }

    fn float(&mut self, ty: ir::Type, value: f64) -> ir::Value {
        if ty == types::F32 {
            self.builder.ins().f32const(value as f32)
        } else {
            self.builder.ins().f64const(value)
        }
    }
}
