//! The numeric operators: WebAssembly's, with WebAssembly's names, opcodes and meaning.
//!
//! One table gives each operator its opcode, its name, its operand and result types and whether it can trap. Everything
//! else (encoding, text, verifier, interpreter, code generator) is driven by it. The opcodes are those of the WebAssembly
//! core specification 2.0, section 5.4; the eight saturating conversions, two bytes long there (`0xfc n`), are `0xc8 + n`.

use crate::types::Type;

macro_rules! numeric_operators {
    ($($name:ident = $code:literal, $text:literal, ($($param:ident),+) -> $result:ident, $traps:literal;)*) => {
        /// A numeric operator: takes one or two values, gives one, and has no effect but perhaps a trap.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum NumOp {
            $(#[doc = concat!("`", $text, "`")] $name = $code,)*
        }

        impl NumOp {
            /// Every operator, in opcode order.
            pub const ALL: &'static [NumOp] = &[$(NumOp::$name),*];

            /// The name in the text form, such as `i32.add`.
            pub const fn name(self) -> &'static str {
                match self { $(NumOp::$name => $text,)* }
            }

            /// The types of the operands, left to right: one or two.
            pub const fn params(self) -> &'static [Type] {
                match self { $(NumOp::$name => &[$(Type::$param),+],)* }
            }

            /// The type of the result.
            pub const fn result(self) -> Type {
                match self { $(NumOp::$name => Type::$result,)* }
            }

            /// Whether some operands make the operator trap.
            pub const fn may_trap(self) -> bool {
                match self { $(NumOp::$name => $traps,)* }
            }

            /// The operator with this opcode.
            pub const fn from_opcode(code: u8) -> Option<NumOp> {
                match code { $($code => Some(NumOp::$name),)* _ => None }
            }

            /// The operator of this name.
            pub fn from_name(name: &str) -> Option<NumOp> {
                match name { $($text => Some(NumOp::$name),)* _ => None }
            }
        }
    };
}

impl NumOp {
    /// The opcode in the binary form.
    pub const fn opcode(self) -> u8 {
        self as u8
    }
}

numeric_operators! {
    I32Eqz = 0x45, "i32.eqz", (I32) -> I32, false;
    I32Eq = 0x46, "i32.eq", (I32, I32) -> I32, false;
    I32Ne = 0x47, "i32.ne", (I32, I32) -> I32, false;
    I32LtS = 0x48, "i32.lt_s", (I32, I32) -> I32, false;
    I32LtU = 0x49, "i32.lt_u", (I32, I32) -> I32, false;
    I32GtS = 0x4a, "i32.gt_s", (I32, I32) -> I32, false;
    I32GtU = 0x4b, "i32.gt_u", (I32, I32) -> I32, false;
    I32LeS = 0x4c, "i32.le_s", (I32, I32) -> I32, false;
    I32LeU = 0x4d, "i32.le_u", (I32, I32) -> I32, false;
    I32GeS = 0x4e, "i32.ge_s", (I32, I32) -> I32, false;
    I32GeU = 0x4f, "i32.ge_u", (I32, I32) -> I32, false;
    I64Eqz = 0x50, "i64.eqz", (I64) -> I32, false;
    I64Eq = 0x51, "i64.eq", (I64, I64) -> I32, false;
    I64Ne = 0x52, "i64.ne", (I64, I64) -> I32, false;
    I64LtS = 0x53, "i64.lt_s", (I64, I64) -> I32, false;
    I64LtU = 0x54, "i64.lt_u", (I64, I64) -> I32, false;
    I64GtS = 0x55, "i64.gt_s", (I64, I64) -> I32, false;
    I64GtU = 0x56, "i64.gt_u", (I64, I64) -> I32, false;
    I64LeS = 0x57, "i64.le_s", (I64, I64) -> I32, false;
    I64LeU = 0x58, "i64.le_u", (I64, I64) -> I32, false;
    I64GeS = 0x59, "i64.ge_s", (I64, I64) -> I32, false;
    I64GeU = 0x5a, "i64.ge_u", (I64, I64) -> I32, false;
    F32Eq = 0x5b, "f32.eq", (F32, F32) -> I32, false;
    F32Ne = 0x5c, "f32.ne", (F32, F32) -> I32, false;
    F32Lt = 0x5d, "f32.lt", (F32, F32) -> I32, false;
    F32Gt = 0x5e, "f32.gt", (F32, F32) -> I32, false;
    F32Le = 0x5f, "f32.le", (F32, F32) -> I32, false;
    F32Ge = 0x60, "f32.ge", (F32, F32) -> I32, false;
    F64Eq = 0x61, "f64.eq", (F64, F64) -> I32, false;
    F64Ne = 0x62, "f64.ne", (F64, F64) -> I32, false;
    F64Lt = 0x63, "f64.lt", (F64, F64) -> I32, false;
    F64Gt = 0x64, "f64.gt", (F64, F64) -> I32, false;
    F64Le = 0x65, "f64.le", (F64, F64) -> I32, false;
    F64Ge = 0x66, "f64.ge", (F64, F64) -> I32, false;
    I32Clz = 0x67, "i32.clz", (I32) -> I32, false;
    I32Ctz = 0x68, "i32.ctz", (I32) -> I32, false;
    I32Popcnt = 0x69, "i32.popcnt", (I32) -> I32, false;
    I32Add = 0x6a, "i32.add", (I32, I32) -> I32, false;
    I32Sub = 0x6b, "i32.sub", (I32, I32) -> I32, false;
    I32Mul = 0x6c, "i32.mul", (I32, I32) -> I32, false;
    I32DivS = 0x6d, "i32.div_s", (I32, I32) -> I32, true;
    I32DivU = 0x6e, "i32.div_u", (I32, I32) -> I32, true;
    I32RemS = 0x6f, "i32.rem_s", (I32, I32) -> I32, true;
    I32RemU = 0x70, "i32.rem_u", (I32, I32) -> I32, true;
    I32And = 0x71, "i32.and", (I32, I32) -> I32, false;
    I32Or = 0x72, "i32.or", (I32, I32) -> I32, false;
    I32Xor = 0x73, "i32.xor", (I32, I32) -> I32, false;
    I32Shl = 0x74, "i32.shl", (I32, I32) -> I32, false;
    I32ShrS = 0x75, "i32.shr_s", (I32, I32) -> I32, false;
    I32ShrU = 0x76, "i32.shr_u", (I32, I32) -> I32, false;
    I32Rotl = 0x77, "i32.rotl", (I32, I32) -> I32, false;
    I32Rotr = 0x78, "i32.rotr", (I32, I32) -> I32, false;
    I64Clz = 0x79, "i64.clz", (I64) -> I64, false;
    I64Ctz = 0x7a, "i64.ctz", (I64) -> I64, false;
    I64Popcnt = 0x7b, "i64.popcnt", (I64) -> I64, false;
    I64Add = 0x7c, "i64.add", (I64, I64) -> I64, false;
    I64Sub = 0x7d, "i64.sub", (I64, I64) -> I64, false;
    I64Mul = 0x7e, "i64.mul", (I64, I64) -> I64, false;
    I64DivS = 0x7f, "i64.div_s", (I64, I64) -> I64, true;
    I64DivU = 0x80, "i64.div_u", (I64, I64) -> I64, true;
    I64RemS = 0x81, "i64.rem_s", (I64, I64) -> I64, true;
    I64RemU = 0x82, "i64.rem_u", (I64, I64) -> I64, true;
    I64And = 0x83, "i64.and", (I64, I64) -> I64, false;
    I64Or = 0x84, "i64.or", (I64, I64) -> I64, false;
    I64Xor = 0x85, "i64.xor", (I64, I64) -> I64, false;
    I64Shl = 0x86, "i64.shl", (I64, I64) -> I64, false;
    I64ShrS = 0x87, "i64.shr_s", (I64, I64) -> I64, false;
    I64ShrU = 0x88, "i64.shr_u", (I64, I64) -> I64, false;
    I64Rotl = 0x89, "i64.rotl", (I64, I64) -> I64, false;
    I64Rotr = 0x8a, "i64.rotr", (I64, I64) -> I64, false;
    F32Abs = 0x8b, "f32.abs", (F32) -> F32, false;
    F32Neg = 0x8c, "f32.neg", (F32) -> F32, false;
    F32Ceil = 0x8d, "f32.ceil", (F32) -> F32, false;
    F32Floor = 0x8e, "f32.floor", (F32) -> F32, false;
    F32Trunc = 0x8f, "f32.trunc", (F32) -> F32, false;
    F32Nearest = 0x90, "f32.nearest", (F32) -> F32, false;
    F32Sqrt = 0x91, "f32.sqrt", (F32) -> F32, false;
    F32Add = 0x92, "f32.add", (F32, F32) -> F32, false;
    F32Sub = 0x93, "f32.sub", (F32, F32) -> F32, false;
    F32Mul = 0x94, "f32.mul", (F32, F32) -> F32, false;
    F32Div = 0x95, "f32.div", (F32, F32) -> F32, false;
    F32Min = 0x96, "f32.min", (F32, F32) -> F32, false;
    F32Max = 0x97, "f32.max", (F32, F32) -> F32, false;
    F32Copysign = 0x98, "f32.copysign", (F32, F32) -> F32, false;
    F64Abs = 0x99, "f64.abs", (F64) -> F64, false;
    F64Neg = 0x9a, "f64.neg", (F64) -> F64, false;
    F64Ceil = 0x9b, "f64.ceil", (F64) -> F64, false;
    F64Floor = 0x9c, "f64.floor", (F64) -> F64, false;
    F64Trunc = 0x9d, "f64.trunc", (F64) -> F64, false;
    F64Nearest = 0x9e, "f64.nearest", (F64) -> F64, false;
    F64Sqrt = 0x9f, "f64.sqrt", (F64) -> F64, false;
    F64Add = 0xa0, "f64.add", (F64, F64) -> F64, false;
    F64Sub = 0xa1, "f64.sub", (F64, F64) -> F64, false;
    F64Mul = 0xa2, "f64.mul", (F64, F64) -> F64, false;
    F64Div = 0xa3, "f64.div", (F64, F64) -> F64, false;
    F64Min = 0xa4, "f64.min", (F64, F64) -> F64, false;
    F64Max = 0xa5, "f64.max", (F64, F64) -> F64, false;
    F64Copysign = 0xa6, "f64.copysign", (F64, F64) -> F64, false;
    I32WrapI64 = 0xa7, "i32.wrap_i64", (I64) -> I32, false;
    I32TruncF32S = 0xa8, "i32.trunc_f32_s", (F32) -> I32, true;
    I32TruncF32U = 0xa9, "i32.trunc_f32_u", (F32) -> I32, true;
    I32TruncF64S = 0xaa, "i32.trunc_f64_s", (F64) -> I32, true;
    I32TruncF64U = 0xab, "i32.trunc_f64_u", (F64) -> I32, true;
    I64ExtendI32S = 0xac, "i64.extend_i32_s", (I32) -> I64, false;
    I64ExtendI32U = 0xad, "i64.extend_i32_u", (I32) -> I64, false;
    I64TruncF32S = 0xae, "i64.trunc_f32_s", (F32) -> I64, true;
    I64TruncF32U = 0xaf, "i64.trunc_f32_u", (F32) -> I64, true;
    I64TruncF64S = 0xb0, "i64.trunc_f64_s", (F64) -> I64, true;
    I64TruncF64U = 0xb1, "i64.trunc_f64_u", (F64) -> I64, true;
    F32ConvertI32S = 0xb2, "f32.convert_i32_s", (I32) -> F32, false;
    F32ConvertI32U = 0xb3, "f32.convert_i32_u", (I32) -> F32, false;
    F32ConvertI64S = 0xb4, "f32.convert_i64_s", (I64) -> F32, false;
    F32ConvertI64U = 0xb5, "f32.convert_i64_u", (I64) -> F32, false;
    F32DemoteF64 = 0xb6, "f32.demote_f64", (F64) -> F32, false;
    F64ConvertI32S = 0xb7, "f64.convert_i32_s", (I32) -> F64, false;
    F64ConvertI32U = 0xb8, "f64.convert_i32_u", (I32) -> F64, false;
    F64ConvertI64S = 0xb9, "f64.convert_i64_s", (I64) -> F64, false;
    F64ConvertI64U = 0xba, "f64.convert_i64_u", (I64) -> F64, false;
    F64PromoteF32 = 0xbb, "f64.promote_f32", (F32) -> F64, false;
    I32ReinterpretF32 = 0xbc, "i32.reinterpret_f32", (F32) -> I32, false;
    I64ReinterpretF64 = 0xbd, "i64.reinterpret_f64", (F64) -> I64, false;
    F32ReinterpretI32 = 0xbe, "f32.reinterpret_i32", (I32) -> F32, false;
    F64ReinterpretI64 = 0xbf, "f64.reinterpret_i64", (I64) -> F64, false;
    I32Extend8S = 0xc0, "i32.extend8_s", (I32) -> I32, false;
    I32Extend16S = 0xc1, "i32.extend16_s", (I32) -> I32, false;
    I64Extend8S = 0xc2, "i64.extend8_s", (I64) -> I64, false;
    I64Extend16S = 0xc3, "i64.extend16_s", (I64) -> I64, false;
    I64Extend32S = 0xc4, "i64.extend32_s", (I64) -> I64, false;
    I32TruncSatF32S = 0xc8, "i32.trunc_sat_f32_s", (F32) -> I32, false;
    I32TruncSatF32U = 0xc9, "i32.trunc_sat_f32_u", (F32) -> I32, false;
    I32TruncSatF64S = 0xca, "i32.trunc_sat_f64_s", (F64) -> I32, false;
    I32TruncSatF64U = 0xcb, "i32.trunc_sat_f64_u", (F64) -> I32, false;
    I64TruncSatF32S = 0xcc, "i64.trunc_sat_f32_s", (F32) -> I64, false;
    I64TruncSatF32U = 0xcd, "i64.trunc_sat_f32_u", (F32) -> I64, false;
    I64TruncSatF64S = 0xce, "i64.trunc_sat_f64_s", (F64) -> I64, false;
    I64TruncSatF64U = 0xcf, "i64.trunc_sat_f64_u", (F64) -> I64, false;
}
