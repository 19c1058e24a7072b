//! Numeric operators.
//!
//! Most are one instruction of Cranelift's, whose meaning is WebAssembly's. Those that can trap there would fault in
//! hardware, so their operands are checked first and a form that cannot fault is used. Comparisons give an `i8`, widened.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use nda_lang::numeric::NumOp;
use nda_lang::{Trap, Type};

use super::Translator;
use super::round::Rounding;

impl Translator<'_, '_> {
    /// Applies `op` to the operands on top.
    pub(super) fn numeric(&mut self, op: NumOp) {
        let result = if op.params().len() == 2 {
            let b = self.pop();
            let a = self.pop();
            self.binary(op, a, b)
        } else {
            let a = self.pop();
            self.unary(op, a)
        };
        self.values.push(result);
    }

    fn binary(&mut self, op: NumOp, a: ir::Value, b: ir::Value) -> ir::Value {
        use NumOp::*;
        match op {
            I32Eq | I64Eq => self.compare(IntCC::Equal, a, b),
            I32Ne | I64Ne => self.compare(IntCC::NotEqual, a, b),
            I32LtS | I64LtS => self.compare(IntCC::SignedLessThan, a, b),
            I32LtU | I64LtU => self.compare(IntCC::UnsignedLessThan, a, b),
            I32GtS | I64GtS => self.compare(IntCC::SignedGreaterThan, a, b),
            I32GtU | I64GtU => self.compare(IntCC::UnsignedGreaterThan, a, b),
            I32LeS | I64LeS => self.compare(IntCC::SignedLessThanOrEqual, a, b),
            I32LeU | I64LeU => self.compare(IntCC::UnsignedLessThanOrEqual, a, b),
            I32GeS | I64GeS => self.compare(IntCC::SignedGreaterThanOrEqual, a, b),
            I32GeU | I64GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual, a, b),
            F32Eq | F64Eq => self.compare_floats(FloatCC::Equal, a, b),
            F32Ne | F64Ne => self.compare_floats(FloatCC::NotEqual, a, b),
            F32Lt | F64Lt => self.compare_floats(FloatCC::LessThan, a, b),
            F32Gt | F64Gt => self.compare_floats(FloatCC::GreaterThan, a, b),
            F32Le | F64Le => self.compare_floats(FloatCC::LessThanOrEqual, a, b),
            F32Ge | F64Ge => self.compare_floats(FloatCC::GreaterThanOrEqual, a, b),
            I32Add | I64Add => self.builder.ins().iadd(a, b),
            I32Sub | I64Sub => self.builder.ins().isub(a, b),
            I32Mul | I64Mul => self.builder.ins().imul(a, b),
            I32And | I64And => self.builder.ins().band(a, b),
            I32Or | I64Or => self.builder.ins().bor(a, b),
            I32Xor | I64Xor => self.builder.ins().bxor(a, b),
            I32Shl | I64Shl => self.builder.ins().ishl(a, b),
            I32ShrS | I64ShrS => self.builder.ins().sshr(a, b),
            I32ShrU | I64ShrU => self.builder.ins().ushr(a, b),
            I32Rotl | I64Rotl => self.builder.ins().rotl(a, b),
            I32Rotr | I64Rotr => self.builder.ins().rotr(a, b),
            I32DivS | I64DivS => {
                self.check_divisor(b);
                self.check_quotient(a, b);
                self.builder.ins().sdiv(a, b)
            }
            I32DivU | I64DivU => {
                self.check_divisor(b);
                self.builder.ins().udiv(a, b)
            }
            I32RemS | I64RemS => {
                self.check_divisor(b);
                self.builder.ins().srem(a, b)
            }
            I32RemU | I64RemU => {
                self.check_divisor(b);
                self.builder.ins().urem(a, b)
            }
            F32Add | F64Add => self.builder.ins().fadd(a, b),
            F32Sub | F64Sub => self.builder.ins().fsub(a, b),
            F32Mul | F64Mul => self.builder.ins().fmul(a, b),
            F32Div | F64Div => self.builder.ins().fdiv(a, b),
            F32Min | F64Min => self.builder.ins().fmin(a, b),
            F32Max | F64Max => self.builder.ins().fmax(a, b),
            F32Copysign | F64Copysign => self.builder.ins().fcopysign(a, b),
            _ => unreachable!("an operator of two operands"),
        }
    }

    fn unary(&mut self, op: NumOp, a: ir::Value) -> ir::Value {
        use NumOp::*;
        let flags = MemFlagsData::new();
        match op {
            I32Eqz | I64Eqz => {
                let is_zero = self.builder.ins().icmp_imm_u(IntCC::Equal, a, 0);
                self.builder.ins().uextend(types::I32, is_zero)
            }
            I32Clz | I64Clz => self.builder.ins().clz(a),
            I32Ctz | I64Ctz => self.builder.ins().ctz(a),
            I32Popcnt | I64Popcnt => self.builder.ins().popcnt(a),
            F32Abs | F64Abs => self.builder.ins().fabs(a),
            F32Neg | F64Neg => self.builder.ins().fneg(a),
            F32Sqrt | F64Sqrt => self.builder.ins().sqrt(a),
            F32Ceil | F64Ceil => self.round(Rounding::Ceil, a),
            F32Floor | F64Floor => self.round(Rounding::Floor, a),
            F32Trunc | F64Trunc => self.round(Rounding::Trunc, a),
            F32Nearest | F64Nearest => self.round(Rounding::Nearest, a),
            I32WrapI64 => self.builder.ins().ireduce(types::I32, a),
            I64ExtendI32S => self.builder.ins().sextend(types::I64, a),
            I64ExtendI32U => self.builder.ins().uextend(types::I64, a),
            I32Extend8S => self.extend(a, types::I8, types::I32),
            I32Extend16S => self.extend(a, types::I16, types::I32),
            I64Extend8S => self.extend(a, types::I8, types::I64),
            I64Extend16S => self.extend(a, types::I16, types::I64),
            I64Extend32S => self.extend(a, types::I32, types::I64),
            I32TruncF32S | I32TruncF64S | I64TruncF32S | I64TruncF64S => {
                self.check_conversion(op, a, true);
                self.builder
                    .ins()
                    .fcvt_to_sint_sat(super::type_of(op.result()), a)
            }
            I32TruncF32U | I32TruncF64U | I64TruncF32U | I64TruncF64U => {
                self.check_conversion(op, a, false);
                self.builder
                    .ins()
                    .fcvt_to_uint_sat(super::type_of(op.result()), a)
            }
            I32TruncSatF32S | I32TruncSatF64S | I64TruncSatF32S | I64TruncSatF64S => self
                .builder
                .ins()
                .fcvt_to_sint_sat(super::type_of(op.result()), a),
            I32TruncSatF32U | I32TruncSatF64U | I64TruncSatF32U | I64TruncSatF64U => self
                .builder
                .ins()
                .fcvt_to_uint_sat(super::type_of(op.result()), a),
            F32ConvertI32S | F32ConvertI64S => self.builder.ins().fcvt_from_sint(types::F32, a),
            F32ConvertI32U | F32ConvertI64U => self.builder.ins().fcvt_from_uint(types::F32, a),
            F64ConvertI32S | F64ConvertI64S => self.builder.ins().fcvt_from_sint(types::F64, a),
            F64ConvertI32U | F64ConvertI64U => self.builder.ins().fcvt_from_uint(types::F64, a),
            F32DemoteF64 => self.builder.ins().fdemote(types::F32, a),
            F64PromoteF32 => self.builder.ins().fpromote(types::F64, a),
            I32ReinterpretF32 => self.builder.ins().bitcast(types::I32, flags, a),
            I64ReinterpretF64 => self.builder.ins().bitcast(types::I64, flags, a),
            F32ReinterpretI32 => self.builder.ins().bitcast(types::F32, flags, a),
            F64ReinterpretI64 => self.builder.ins().bitcast(types::F64, flags, a),
            _ => unreachable!("an operator of one operand"),
        }
    }

    fn compare(&mut self, condition: IntCC, a: ir::Value, b: ir::Value) -> ir::Value {
        let result = self.builder.ins().icmp(condition, a, b);
        self.builder.ins().uextend(types::I32, result)
    }

    fn compare_floats(&mut self, condition: FloatCC, a: ir::Value, b: ir::Value) -> ir::Value {
        let result = self.builder.ins().fcmp(condition, a, b);
        self.builder.ins().uextend(types::I32, result)
    }

    /// Extends the sign of the low bits of `a`.
    fn extend(&mut self, a: ir::Value, from: ir::Type, to: ir::Type) -> ir::Value {
        let low = self.builder.ins().ireduce(from, a);
        self.builder.ins().sextend(to, low)
    }

    fn check_divisor(&mut self, divisor: ir::Value) {
        let is_zero = self.builder.ins().icmp_imm_u(IntCC::Equal, divisor, 0);
        self.trap_if(is_zero, Trap::DivideByZero);
    }

    /// Traps on the one signed quotient that does not fit: the least number by -1.
    fn check_quotient(&mut self, dividend: ir::Value, divisor: ir::Value) {
        let ty = self.builder.func.dfg.value_type(dividend);
        let least = if ty == types::I32 {
            i64::from(i32::MIN)
        } else {
            i64::MIN
        };
        let by_minus_one = self.builder.ins().icmp_imm_s(IntCC::Equal, divisor, -1);
        let of_least = self.builder.ins().icmp_imm_s(IntCC::Equal, dividend, least);
        let overflows = self.builder.ins().band(by_minus_one, of_least);
        self.trap_if(overflows, Trap::IntegerOverflow);
    }

    /// Traps if the truncation of `a` does not fit the integer type of `op`.
    fn check_conversion(&mut self, op: NumOp, a: ir::Value, is_signed: bool) {
        let is_nan = self.builder.ins().fcmp(FloatCC::Unordered, a, a);
        self.trap_if(is_nan, Trap::InvalidConversion);
        // As `f64` every `f32` is exact, and the bounds are those of the interpreter.
        let wide = match op.params() {
            [Type::F32] => self.builder.ins().fpromote(types::F64, a),
            _ => a,
        };
        let (above, below) = match (op.result(), is_signed) {
            (Type::I32, true) => (-2_147_483_649.0, 2_147_483_648.0),
            (Type::I32, false) => (-1.0, 4_294_967_296.0),
            (_, true) => (-9_223_372_036_854_777_856.0, 9_223_372_036_854_775_808.0),
            (_, false) => (-1.0, 18_446_744_073_709_551_616.0),
        };
        let above = self.builder.ins().f64const(above);
        let below = self.builder.ins().f64const(below);
        let too_low = self
            .builder
            .ins()
            .fcmp(FloatCC::LessThanOrEqual, wide, above);
        let too_high = self
            .builder
            .ins()
            .fcmp(FloatCC::GreaterThanOrEqual, wide, below);
        let is_outside = self.builder.ins().bor(too_low, too_high);
        self.trap_if(is_outside, Trap::IntegerOverflow);
    }
}
