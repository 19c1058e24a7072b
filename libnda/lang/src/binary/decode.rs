//! Reading the binary form: refuses whatever [`encode`](super::encode()) does not write, with position and reason.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{MAGIC, VERSION, opcode};
use crate::access::{LoadOp, StoreOp};
use crate::arena::{Arena, NodeError};
use crate::hash::Hash;
use crate::limits;
use crate::module::{
    CodeImport, DataSegment, Export, Function, Module, ModuleError, Parts, Signature,
};
use crate::node::{NodeId, Op};
use crate::numeric::NumOp;
use crate::shim::Shim;
use crate::types::{MemoryType, Type, Value};

/// Why bytes are not a module, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// The byte at which it was found.
    pub offset: usize,
    /// The reason.
    pub kind: DecodeErrorKind,
}

/// Why bytes are not a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeErrorKind {
    /// The input ends too early.
    UnexpectedEnd,
    /// The first four bytes are not [`MAGIC`].
    BadMagic,
    /// A version that this crate does not know.
    UnknownVersion(u32),
    /// A number has more bytes than it needs, or does not fit.
    BadNumber,
    /// A byte that has no meaning here.
    BadByte(u8),
    /// No operator has this opcode.
    UnknownOpcode(u8),
    /// No type has this code.
    UnknownType(u8),
    /// No shim has this number.
    UnknownShim(u32),
    /// A list that has to ascend does not.
    NotAscending,
    /// A name is not UTF-8.
    BadName,
    /// More of something than the limits allow.
    TooMany(&'static str),
    /// A token needs more children than are on the stack.
    StackUnderflow,
    /// A body ends with more or fewer than one node on the stack.
    BadBody {
        /// Nodes on the stack.
        found: usize,
    },
    /// A reference to a node that did not occur yet.
    BadReference(u32),
    /// A node that occurred before is written out again instead of referred to.
    NotShared,
    /// A node cannot exist.
    Node(NodeError),
    /// The parts do not make a module.
    Module(ModuleError),
    /// Bytes after the end.
    TrailingBytes,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.kind)
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use DecodeErrorKind as Kind;
        match self {
            Kind::UnexpectedEnd => f.write_str("the input ends too early"),
            Kind::BadMagic => f.write_str("not an NDA file"),
            Kind::UnknownVersion(version) => write!(f, "unknown version {version}"),
            Kind::BadNumber => f.write_str("a number that is too long or too large"),
            Kind::BadByte(byte) => write!(f, "unexpected byte {byte:#04x}"),
            Kind::UnknownOpcode(byte) => write!(f, "unknown opcode {byte:#04x}"),
            Kind::UnknownType(byte) => write!(f, "unknown type {byte:#04x}"),
            Kind::UnknownShim(number) => write!(f, "unknown shim {number}"),
            Kind::NotAscending => f.write_str("the list is not in ascending order"),
            Kind::BadName => f.write_str("a name that is not UTF-8"),
            Kind::TooMany(what) => write!(f, "too many {what}"),
            Kind::StackUnderflow => f.write_str("an operand is missing"),
            Kind::BadBody { found } => write!(f, "a body must be one node, not {found}"),
            Kind::BadReference(number) => write!(f, "no node {number} yet"),
            Kind::NotShared => f.write_str("a repeated node must be a reference"),
            Kind::Node(error) => error.fmt(f),
            Kind::Module(error) => error.fmt(f),
            Kind::TrailingBytes => f.write_str("bytes after the end"),
        }
    }
}

impl core::error::Error for DecodeError {}

type Result<T> = core::result::Result<T, DecodeError>;

/// Reads a module. Takes time and memory in proportion to the input.
pub fn decode(input: &[u8]) -> Result<Module> {
    let mut reader = Reader { input, offset: 0 };
    if input.len() > limits::SOURCE_BYTES_MAX {
        return Err(reader.error(DecodeErrorKind::TooMany("bytes")));
    }
    if reader.take(4)? != MAGIC {
        reader.offset = 0;
        return Err(reader.error(DecodeErrorKind::BadMagic));
    }
    let version = reader.u32()?;
    if version != VERSION {
        return Err(reader.error(DecodeErrorKind::UnknownVersion(version)));
    }
    let mut parts = head(&mut reader)?;
    let mut arena = Arena::default();
    functions(&mut reader, &mut parts, &mut arena)?;
    parts.exports = exports(&mut reader)?;
    if reader.offset != input.len() {
        return Err(reader.error(DecodeErrorKind::TrailingBytes));
    }
    Module::assemble(parts, &arena).map_err(|error| reader.error(DecodeErrorKind::Module(error)))
}

fn head(reader: &mut Reader<'_>) -> Result<Parts> {
    let memory = match reader.byte()? {
        0 => None,
        1 => Some(MemoryType {
            min_pages: reader.u32()?,
            max_pages: reader.u32()?,
        }),
        byte => return Err(reader.error_before(DecodeErrorKind::BadByte(byte))),
    };
    let mut parts = Parts {
        memory,
        ..Parts::default()
    };
    for _ in 0..reader.count("data segments", limits::ITEMS_MAX)? {
        let offset = reader.u32()?;
        let len = reader.count("bytes of data", limits::DATA_BYTES_MAX)?;
        let bytes = reader.take(len)?.to_vec();
        parts.data.push(DataSegment { offset, bytes });
    }
    for _ in 0..reader.count("uses", Shim::ALL.len())? {
        let number = reader.u32()?;
        let shim = Shim::from_number(number)
            .ok_or_else(|| reader.error_before(DecodeErrorKind::UnknownShim(number)))?;
        if parts.uses.last().is_some_and(|last| *last >= shim) {
            return Err(reader.error_before(DecodeErrorKind::NotAscending));
        }
        parts.uses.push(shim);
    }
    for _ in 0..reader.count("imports", limits::ITEMS_MAX)? {
        let mut hash = Hash([0; 32]);
        hash.0.copy_from_slice(reader.take(32)?);
        let signature = reader.signature()?;
        parts.imports.push(CodeImport { hash, signature });
    }
    Ok(parts)
}

fn functions(reader: &mut Reader<'_>, parts: &mut Parts, arena: &mut Arena) -> Result<()> {
    let count = reader.count("functions", limits::FUNCTIONS_MAX)?;
    let mut headers = Vec::new();
    for _ in 0..count {
        headers.push((
            reader.signature()?,
            reader.types("locals", limits::LOCALS_MAX)?,
        ));
    }
    let mut numbered = Vec::new();
    for (signature, locals) in headers {
        let body = body(reader, arena, &mut numbered)?;
        parts.functions.push(Function {
            signature,
            locals,
            body,
        });
    }
    Ok(())
}

fn body(reader: &mut Reader<'_>, arena: &mut Arena, numbered: &mut Vec<NodeId>) -> Result<NodeId> {
    let mut stack: Vec<NodeId> = Vec::new();
    loop {
        let start = reader.offset;
        let at = |kind| DecodeError {
            offset: start,
            kind,
        };
        match reader.byte()? {
            opcode::END => {
                return match stack[..] {
                    [body] => Ok(body),
                    _ => Err(at(DecodeErrorKind::BadBody { found: stack.len() })),
                };
            }
            opcode::REFERENCE => {
                let number = reader.u32()?;
                let node = numbered
                    .get(number as usize)
                    .ok_or_else(|| at(DecodeErrorKind::BadReference(number)))?;
                stack.push(*node);
            }
            code => {
                let (op, children) = token(reader, code)?;
                let first = stack
                    .len()
                    .checked_sub(children)
                    .ok_or_else(|| at(DecodeErrorKind::StackUnderflow))?;
                let (node, new) = arena
                    .intern(op, &stack[first..])
                    .map_err(|error| at(DecodeErrorKind::Node(error)))?;
                if children > 0 {
                    if !new {
                        return Err(at(DecodeErrorKind::NotShared));
                    }
                    numbered.push(node);
                }
                stack.truncate(first);
                stack.push(node);
            }
        }
    }
}

/// Reads the immediates of the token with opcode `code`. Gives the operator and how many children it takes.
fn token(reader: &mut Reader<'_>, code: u8) -> Result<(Op, usize)> {
    let children = |reader: &mut Reader<'_>| reader.count("operands", limits::CHILDREN_MAX);
    Ok(match code {
        opcode::UNREACHABLE => (Op::Unreachable, 0),
        opcode::SEQ => (Op::Seq, children(reader)?),
        opcode::SCOPE => (Op::Scope, 1),
        opcode::LOOP => (Op::Loop, 1),
        opcode::IF => (Op::If, 2),
        opcode::IF_ELSE => (Op::If, 3),
        opcode::SWITCH => (Op::Switch, children(reader)?),
        opcode::BREAK => (Op::Break(reader.u32()?), 0),
        opcode::CONTINUE => (Op::Continue(reader.u32()?), 0),
        opcode::RETURN => (Op::Return, children(reader)?),
        opcode::CALL => {
            let function = reader.u32()?;
            let arguments = children(reader)?;
            let result = reader.result()?;
            (Op::Call { function, result }, arguments)
        }
        opcode::CALL_IMPORT => {
            let import = reader.u32()?;
            let arguments = children(reader)?;
            let result = reader.result()?;
            (Op::CallImport { import, result }, arguments)
        }
        opcode::SHIM => {
            let number = reader.u32()?;
            let shim = Shim::from_number(number)
                .ok_or_else(|| reader.error_before(DecodeErrorKind::UnknownShim(number)))?;
            (Op::Shim(shim), shim.params().len())
        }
        opcode::DROP => (Op::Drop, 1),
        opcode::SELECT => (Op::Select, 3),
        opcode::LOCAL_GET => {
            let local = reader.u32()?;
            let ty = reader.ty()?;
            (Op::LocalGet { local, ty }, 0)
        }
        opcode::LOCAL_SET => (Op::LocalSet(reader.u32()?), 1),
        opcode::MEMORY_SIZE => (Op::MemorySize, 0),
        opcode::MEMORY_GROW => (Op::MemoryGrow, 1),
        opcode::CONST_I32..=opcode::CONST_F64 => (Op::Const(constant(reader, code)?), 0),
        _ => return operator(reader, code),
    })
}

/// The operators that come from tables.
fn operator(reader: &mut Reader<'_>, code: u8) -> Result<(Op, usize)> {
    if let Some(op) = NumOp::from_opcode(code) {
        return Ok((Op::Num(op), op.params().len()));
    }
    if let Some(op) = LoadOp::from_opcode(code) {
        let offset = reader.u32()?;
        return Ok((Op::Load { op, offset }, 1));
    }
    if let Some(op) = StoreOp::from_opcode(code) {
        let offset = reader.u32()?;
        return Ok((Op::Store { op, offset }, 2));
    }
    Err(reader.error_before(DecodeErrorKind::UnknownOpcode(code)))
}

fn constant(reader: &mut Reader<'_>, code: u8) -> Result<Value> {
    Ok(match code {
        opcode::CONST_I32 => {
            let wide = reader.signed()?;
            let value =
                i32::try_from(wide).map_err(|_| reader.error_before(DecodeErrorKind::BadNumber))?;
            Value::I32(value)
        }
        opcode::CONST_I64 => Value::I64(reader.signed()?),
        opcode::CONST_F32 => Value::F32(f32::from_le_bytes(reader.array()?)),
        _ => Value::F64(f64::from_le_bytes(reader.array()?)),
    })
}

fn exports(reader: &mut Reader<'_>) -> Result<Vec<Export>> {
    let mut exports: Vec<Export> = Vec::new();
    for _ in 0..reader.count("exports", limits::ITEMS_MAX)? {
        let len = reader.count("bytes in a name", limits::NAME_BYTES_MAX)?;
        let name = core::str::from_utf8(reader.take(len)?)
            .map_err(|_| reader.error_before(DecodeErrorKind::BadName))?;
        // Equal names pass: telling that they clash is the verifier's work.
        if exports.last().is_some_and(|last| last.name.as_str() > name) {
            return Err(reader.error_before(DecodeErrorKind::NotAscending));
        }
        let function = reader.u32()?;
        exports.push(Export {
            name: String::from(name),
            function,
        });
    }
    Ok(exports)
}

/// A cursor over the input.
struct Reader<'a> {
    input: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            offset: self.offset,
            kind,
        }
    }

    /// An error about what ends right before the cursor.
    fn error_before(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            offset: self.offset.saturating_sub(1),
            kind,
        }
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let rest = &self.input[self.offset..];
        let Some(bytes) = rest.get(..len) else {
            self.offset = self.input.len();
            return Err(self.error(DecodeErrorKind::UnexpectedEnd));
        };
        self.offset += len;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return u32::try_from(value)
                    .map_err(|_| self.error_before(DecodeErrorKind::BadNumber));
            }
        }
        Err(self.error_before(DecodeErrorKind::BadNumber))
    }

    fn signed(&mut self) -> Result<i64> {
        let mut value = 0i128;
        let mut before = 0u8;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            value |= i128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0;
                if negative {
                    value -= 1i128 << (shift + 7);
                }
                // A last byte that only repeats the sign of the one before says nothing.
                let repeats =
                    (byte == 0 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0);
                if shift > 0 && repeats {
                    break;
                }
                return i64::try_from(value)
                    .map_err(|_| self.error_before(DecodeErrorKind::BadNumber));
            }
            before = byte;
        }
        Err(self.error_before(DecodeErrorKind::BadNumber))
    }

    fn count(&mut self, what: &'static str, max: usize) -> Result<usize> {
        let count = self.u32()? as usize;
        if count > max {
            return Err(self.error_before(DecodeErrorKind::TooMany(what)));
        }
        Ok(count)
    }

    fn ty(&mut self) -> Result<Type> {
        let code = self.byte()?;
        Type::from_code(code).ok_or_else(|| self.error_before(DecodeErrorKind::UnknownType(code)))
    }

    fn types(&mut self, what: &'static str, max: usize) -> Result<Vec<Type>> {
        let count = self.count(what, max)?;
        (0..count).map(|_| self.ty()).collect()
    }

    fn signature(&mut self) -> Result<Signature> {
        Ok(Signature {
            params: self.types("parameters", limits::PARAMS_MAX)?,
            results: self.types("results", limits::RESULTS_MAX)?,
        })
    }

    fn result(&mut self) -> Result<Option<Type>> {
        if self.input.get(self.offset) == Some(&opcode::NO_RESULT) {
            self.offset += 1;
            return Ok(None);
        }
        self.ty().map(Some)
    }
}
