//! Arithmetic: the meaning of every numeric operator on raw bits.
//!
//! WebAssembly core specification 2.0, section 4.3. Results that are NaN are canonical (see [`super`]); `abs`, `neg`,
//! `copysign` and the reinterpretations only move bits and keep them. Also the definition that constant folding uses.

use crate::numeric::NumOp;
use crate::trap::Trap;

/// The sign bit of an `f64`.
const SIGN: u64 = 1 << 63;

/// Computes `op` on operands given as bits; `b` is ignored by operators of one operand. The result's upper half is zero for
/// 32-bit types.
pub fn eval(op: NumOp, a: u64, b: u64) -> Result<u64, Trap> {
    use NumOp::*;
    let (x, y) = (a as u32, b as u32);
    let (sx, sy) = (x as i32, y as i32);
    let (sa, sb) = (a as i64, b as i64);
    let (f, g) = (f32::from_bits(x), f32::from_bits(y));
    let (d, e) = (f64::from_bits(a), f64::from_bits(b));
    Ok(match op {
        I32Eqz => u64::from(x == 0),
        I32Eq => u64::from(x == y),
        I32Ne => u64::from(x != y),
        I32LtS => u64::from(sx < sy),
        I32LtU => u64::from(x < y),
        I32GtS => u64::from(sx > sy),
        I32GtU => u64::from(x > y),
        I32LeS => u64::from(sx <= sy),
        I32LeU => u64::from(x <= y),
        I32GeS => u64::from(sx >= sy),
        I32GeU => u64::from(x >= y),
        I32Clz => u64::from(x.leading_zeros()),
        I32Ctz => u64::from(x.trailing_zeros()),
        I32Popcnt => u64::from(x.count_ones()),
        I32Add => u64::from(x.wrapping_add(y)),
        I32Sub => u64::from(x.wrapping_sub(y)),
        I32Mul => u64::from(x.wrapping_mul(y)),
        I32DivS => (divide_i32(sx, sy)?) as u32 as u64,
        I32DivU => u64::from(x.checked_div(y).ok_or(Trap::DivideByZero)?),
        I32RemS => {
            (if sy == 0 {
                return Err(Trap::DivideByZero);
            } else {
                sx.wrapping_rem(sy)
            }) as u32 as u64
        }
        I32RemU => u64::from(x.checked_rem(y).ok_or(Trap::DivideByZero)?),
        I32And => u64::from(x & y),
        I32Or => u64::from(x | y),
        I32Xor => u64::from(x ^ y),
        I32Shl => u64::from(x.wrapping_shl(y)),
        I32ShrS => (sx.wrapping_shr(y)) as u32 as u64,
        I32ShrU => u64::from(x.wrapping_shr(y)),
        I32Rotl => u64::from(x.rotate_left(y & 31)),
        I32Rotr => u64::from(x.rotate_right(y & 31)),
        I64Eqz => u64::from(a == 0),
        I64Eq => u64::from(a == b),
        I64Ne => u64::from(a != b),
        I64LtS => u64::from(sa < sb),
        I64LtU => u64::from(a < b),
        I64GtS => u64::from(sa > sb),
        I64GtU => u64::from(a > b),
        I64LeS => u64::from(sa <= sb),
        I64LeU => u64::from(a <= b),
        I64GeS => u64::from(sa >= sb),
        I64GeU => u64::from(a >= b),
        I64Clz => u64::from(a.leading_zeros()),
        I64Ctz => u64::from(a.trailing_zeros()),
        I64Popcnt => u64::from(a.count_ones()),
        I64Add => a.wrapping_add(b),
        I64Sub => a.wrapping_sub(b),
        I64Mul => a.wrapping_mul(b),
        I64DivS => (divide_i64(sa, sb)?) as u64,
        I64DivU => a.checked_div(b).ok_or(Trap::DivideByZero)?,
        I64RemS => {
            (if sb == 0 {
                return Err(Trap::DivideByZero);
            } else {
                sa.wrapping_rem(sb)
            }) as u64
        }
        I64RemU => a.checked_rem(b).ok_or(Trap::DivideByZero)?,
        I64And => a & b,
        I64Or => a | b,
        I64Xor => a ^ b,
        I64Shl => a.wrapping_shl(b as u32),
        I64ShrS => (sa.wrapping_shr(b as u32)) as u64,
        I64ShrU => a.wrapping_shr(b as u32),
        I64Rotl => a.rotate_left(b as u32 & 63),
        I64Rotr => a.rotate_right(b as u32 & 63),
        F32Eq => u64::from(f == g),
        F32Ne => u64::from(f != g),
        F32Lt => u64::from(f < g),
        F32Gt => u64::from(f > g),
        F32Le => u64::from(f <= g),
        F32Ge => u64::from(f >= g),
        F32Abs => u64::from(x & !0x8000_0000),
        F32Neg => u64::from(x ^ 0x8000_0000),
        F32Ceil => single(libm::ceilf(f)),
        F32Floor => single(libm::floorf(f)),
        F32Trunc => single(libm::truncf(f)),
        F32Nearest => single(libm::rintf(f)),
        F32Sqrt => single(libm::sqrtf(f)),
        F32Add => single(f + g),
        F32Sub => single(f - g),
        F32Mul => single(f * g),
        F32Div => single(f / g),
        F32Min => single(min_f32(f, g)),
        F32Max => single(max_f32(f, g)),
        F32Copysign => u64::from((x & !0x8000_0000) | (y & 0x8000_0000)),
        F64Eq => u64::from(d == e),
        F64Ne => u64::from(d != e),
        F64Lt => u64::from(d < e),
        F64Gt => u64::from(d > e),
        F64Le => u64::from(d <= e),
        F64Ge => u64::from(d >= e),
        F64Abs => a & !SIGN,
        F64Neg => a ^ SIGN,
        F64Ceil => double(libm::ceil(d)),
        F64Floor => double(libm::floor(d)),
        F64Trunc => double(libm::trunc(d)),
        F64Nearest => double(libm::rint(d)),
        F64Sqrt => double(libm::sqrt(d)),
        F64Add => double(d + e),
        F64Sub => double(d - e),
        F64Mul => double(d * e),
        F64Div => double(d / e),
        F64Min => double(min_f64(d, e)),
        F64Max => double(max_f64(d, e)),
        F64Copysign => (a & !SIGN) | (b & SIGN),
        I32WrapI64 => u64::from(x),
        I32TruncF32S => {
            truncate(f64::from(f), -2_147_483_649.0, 2_147_483_648.0)? as i32 as u32 as u64
        }
        I32TruncSatF32S => f as i32 as u32 as u64,
        I32TruncF32U => truncate(f64::from(f), -1.0, 4_294_967_296.0)? as u32 as u64,
        I32TruncSatF32U => f as u32 as u64,
        I32TruncF64S => truncate(d, -2_147_483_649.0, 2_147_483_648.0)? as i32 as u32 as u64,
        I32TruncSatF64S => d as i32 as u32 as u64,
        I32TruncF64U => truncate(d, -1.0, 4_294_967_296.0)? as u32 as u64,
        I32TruncSatF64U => d as u32 as u64,
        I64TruncF32S => truncate(
            f64::from(f),
            -9_223_372_036_854_777_856.0,
            9_223_372_036_854_775_808.0,
        )? as i64 as u64,
        I64TruncSatF32S => f as i64 as u64,
        I64TruncF32U => truncate(f64::from(f), -1.0, 18_446_744_073_709_551_616.0)? as u64,
        I64TruncSatF32U => f as u64,
        I64TruncF64S => {
            truncate(d, -9_223_372_036_854_777_856.0, 9_223_372_036_854_775_808.0)? as i64 as u64
        }
        I64TruncSatF64S => d as i64 as u64,
        I64TruncF64U => truncate(d, -1.0, 18_446_744_073_709_551_616.0)? as u64,
        I64TruncSatF64U => d as u64,
        I64ExtendI32S => sx as i64 as u64,
        I64ExtendI32U => u64::from(x),
        F32ConvertI32S => single(sx as f32),
        F32ConvertI32U => single(x as f32),
        F32ConvertI64S => single(sa as f32),
        F32ConvertI64U => single(a as f32),
        F64ConvertI32S => double(sx as f64),
        F64ConvertI32U => double(x as f64),
        F64ConvertI64S => double(sa as f64),
        F64ConvertI64U => double(a as f64),
        F32DemoteF64 => single(d as f32),
        F64PromoteF32 => double(f64::from(f)),
        I32ReinterpretF32 | F32ReinterpretI32 => u64::from(x),
        I64ReinterpretF64 | F64ReinterpretI64 => a,
        I32Extend8S => x as i8 as i32 as u32 as u64,
        I32Extend16S => x as i16 as i32 as u32 as u64,
        I64Extend8S => a as i8 as i64 as u64,
        I64Extend16S => a as i16 as i64 as u64,
        I64Extend32S => a as i32 as i64 as u64,
    })
}

/// Bits of an arithmetic result, canonical if it is NaN.
fn single(value: f32) -> u64 {
    u64::from(if value.is_nan() {
        0x7fc0_0000
    } else {
        value.to_bits()
    })
}

/// Bits of an arithmetic result, canonical if it is NaN.
fn double(value: f64) -> u64 {
    if value.is_nan() {
        0x7ff8_0000_0000_0000
    } else {
        value.to_bits()
    }
}

fn divide_i32(a: i32, b: i32) -> Result<i32, Trap> {
    if b == 0 {
        return Err(Trap::DivideByZero);
    }
    a.checked_div(b).ok_or(Trap::IntegerOverflow)
}

fn divide_i64(a: i64, b: i64) -> Result<i64, Trap> {
    if b == 0 {
        return Err(Trap::DivideByZero);
    }
    a.checked_div(b).ok_or(Trap::IntegerOverflow)
}

/// The value if its truncation fits an integer, that is if it lies strictly between the bounds. An `f32` is exact as `f64`,
/// so one function serves both.
fn truncate(value: f64, above: f64, below: f64) -> Result<f64, Trap> {
    if value.is_nan() {
        return Err(Trap::InvalidConversion);
    }
    if value > above && value < below {
        Ok(value)
    } else {
        Err(Trap::IntegerOverflow)
    }
}

macro_rules! minimum_and_maximum {
    ($min:ident, $max:ident, $ty:ident) => {
        /// NaN if either is; -0 is less than +0.
        fn $min(a: $ty, b: $ty) -> $ty {
            if a.is_nan() || b.is_nan() {
                $ty::NAN
            } else if a < b || (a == b && a.is_sign_negative()) {
                a
            } else {
                b
            }
        }

        /// NaN if either is; +0 is greater than -0.
        fn $max(a: $ty, b: $ty) -> $ty {
            if a.is_nan() || b.is_nan() {
                $ty::NAN
            } else if a > b || (a == b && a.is_sign_positive()) {
                a
            } else {
                b
            }
        }
    };
}

minimum_and_maximum!(min_f32, max_f32, f32);
minimum_and_maximum!(min_f64, max_f64, f64);
