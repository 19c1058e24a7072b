//! Loads and stores: the operators that touch the linear memory, with WebAssembly's names, opcodes and meaning.
//!
//! The address is an `i32` taken as unsigned; a constant `u32` offset is added without wrapping; the bytes are little-endian
//! and need no alignment. An access with any byte outside the memory traps before it changes anything.

use crate::types::Type;

macro_rules! access_operators {
    ($(#[$doc:meta])* $enum:ident { $($name:ident = $code:literal, $text:literal, $ty:ident, $bytes:literal, $signed:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $enum {
            $(#[doc = concat!("`", $text, "`")] $name = $code,)*
        }

        impl $enum {
            /// Every operator, in opcode order.
            pub const ALL: &'static [$enum] = &[$($enum::$name),*];

            /// The opcode in the binary form.
            pub const fn opcode(self) -> u8 {
                self as u8
            }

            /// The name in the text form.
            pub const fn name(self) -> &'static str {
                match self { $($enum::$name => $text,)* }
            }

            /// The type of the value loaded or stored.
            pub const fn ty(self) -> Type {
                match self { $($enum::$name => Type::$ty,)* }
            }

            /// Bytes of memory touched: 1, 2, 4 or 8.
            pub const fn bytes(self) -> u32 {
                match self { $($enum::$name => $bytes,)* }
            }

            /// Whether a narrow access extends the sign.
            pub const fn is_signed(self) -> bool {
                match self { $($enum::$name => $signed,)* }
            }

            /// The operator with this opcode.
            pub const fn from_opcode(code: u8) -> Option<$enum> {
                match code { $($code => Some($enum::$name),)* _ => None }
            }

            /// The operator of this name.
            pub fn from_name(name: &str) -> Option<$enum> {
                match name { $($text => Some($enum::$name),)* _ => None }
            }
        }
    };
}

access_operators! {
    /// Reads a value from the memory.
    LoadOp {
        I32Load = 0x28, "i32.load", I32, 4, false;
        I64Load = 0x29, "i64.load", I64, 8, false;
        F32Load = 0x2a, "f32.load", F32, 4, false;
        F64Load = 0x2b, "f64.load", F64, 8, false;
        I32Load8S = 0x2c, "i32.load8_s", I32, 1, true;
        I32Load8U = 0x2d, "i32.load8_u", I32, 1, false;
        I32Load16S = 0x2e, "i32.load16_s", I32, 2, true;
        I32Load16U = 0x2f, "i32.load16_u", I32, 2, false;
        I64Load8S = 0x30, "i64.load8_s", I64, 1, true;
        I64Load8U = 0x31, "i64.load8_u", I64, 1, false;
        I64Load16S = 0x32, "i64.load16_s", I64, 2, true;
        I64Load16U = 0x33, "i64.load16_u", I64, 2, false;
        I64Load32S = 0x34, "i64.load32_s", I64, 4, true;
        I64Load32U = 0x35, "i64.load32_u", I64, 4, false;
    }
}

access_operators! {
    /// Writes a value, or its low bytes, to the memory.
    StoreOp {
        I32Store = 0x36, "i32.store", I32, 4, false;
        I64Store = 0x37, "i64.store", I64, 8, false;
        F32Store = 0x38, "f32.store", F32, 4, false;
        F64Store = 0x39, "f64.store", F64, 8, false;
        I32Store8 = 0x3a, "i32.store8", I32, 1, false;
        I32Store16 = 0x3b, "i32.store16", I32, 2, false;
        I64Store8 = 0x3c, "i64.store8", I64, 1, false;
        I64Store16 = 0x3d, "i64.store16", I64, 2, false;
        I64Store32 = 0x3e, "i64.store32", I64, 4, false;
    }
}
