//! Types and values: what an NDA expression computes.
//!
//! The encodings are WebAssembly's. `v128` has its place in the enumeration and in both spellings, so that files need no
//! new version when vectors arrive; until then the verifier refuses it.

use core::fmt;

/// The type of a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Type {
    /// 32-bit integer; the operators decide about signs.
    I32 = 0x7f,
    /// 64-bit integer.
    I64 = 0x7e,
    /// IEEE 754 binary32.
    F32 = 0x7d,
    /// IEEE 754 binary64.
    F64 = 0x7c,
    /// 128-bit vector. Reserved: [`crate::verify`] refuses it.
    V128 = 0x7b,
}

impl Type {
    /// Every type.
    pub const ALL: [Type; 5] = [Type::I32, Type::I64, Type::F32, Type::F64, Type::V128];

    /// The byte of the binary form.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The type with this byte.
    pub const fn from_code(code: u8) -> Option<Type> {
        match code {
            0x7f => Some(Type::I32),
            0x7e => Some(Type::I64),
            0x7d => Some(Type::F32),
            0x7c => Some(Type::F64),
            0x7b => Some(Type::V128),
            _ => None,
        }
    }

    /// The name in the text form.
    pub const fn name(self) -> &'static str {
        match self {
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::F32 => "f32",
            Type::F64 => "f64",
            Type::V128 => "v128",
        }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|ty| ty.name() == name)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value with its type. Two values are equal when their bits are: `NaN` equals itself and `-0.0` differs from `0.0`.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// An `f32`.
    F32(f32),
    /// An `f64`.
    F64(f64),
}

impl Value {
    /// The value's type.
    pub const fn ty(self) -> Type {
        match self {
            Value::I32(_) => Type::I32,
            Value::I64(_) => Type::I64,
            Value::F32(_) => Type::F32,
            Value::F64(_) => Type::F64,
        }
    }

    /// The bits, zero-extended to 64: how a value travels between a host and compiled code.
    pub const fn to_bits(self) -> u64 {
        match self {
            Value::I32(value) => value as u32 as u64,
            Value::I64(value) => value as u64,
            Value::F32(value) => value.to_bits() as u64,
            Value::F64(value) => value.to_bits(),
        }
    }

    /// The value of type `ty` with these bits; the upper half is ignored for 32-bit types. `None` for `v128`.
    pub const fn from_bits(ty: Type, bits: u64) -> Option<Value> {
        match ty {
            Type::I32 => Some(Value::I32(bits as u32 as i32)),
            Type::I64 => Some(Value::I64(bits as i64)),
            Type::F32 => Some(Value::F32(f32::from_bits(bits as u32))),
            Type::F64 => Some(Value::F64(f64::from_bits(bits))),
            Type::V128 => None,
        }
    }

    fn key(self) -> (Type, u64) {
        (self.ty(), self.to_bits())
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    /// An order for tables (type, then bits), not the numeric one.
    fn cmp(&self, other: &Value) -> core::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Value {
    /// Writes the value as the text form spells it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::I32(value) => write!(f, "{value}"),
            Value::I64(value) => write!(f, "{value}:i64"),
            Value::F32(value) if value.is_finite() => write!(f, "{value:?}:f32"),
            Value::F32(value) => write!(f, "#{:08x}:f32", value.to_bits()),
            Value::F64(value) if value.is_finite() => write!(f, "{value:?}:f64"),
            Value::F64(value) => write!(f, "#{:016x}:f64", value.to_bits()),
        }
    }
}

/// Size of a linear memory, in pages of [`PAGE_BYTES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryType {
    /// Pages at the start.
    pub min_pages: u32,
    /// Pages at most; `memory.grow` fails beyond.
    pub max_pages: u32,
}

/// Bytes of a page of linear memory: 64 KiB, as in WebAssembly.
pub const PAGE_BYTES: u64 = 65_536;
