//! Writing the binary form. Also gives [`crate::hash`] the spelling of single parts.

use alloc::vec;
use alloc::vec::Vec;

use super::{MAGIC, VERSION, opcode};
use crate::module::{Module, Signature};
use crate::node::{NodeId, Op};
use crate::types::{Type, Value};
use crate::walk::Step;

/// The binary form of `module`.
pub fn encode(module: &Module) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    unsigned(&mut out, VERSION.into());
    head(&mut out, module);
    count(&mut out, module.functions().len());
    for function in module.functions() {
        signature(&mut out, &function.signature);
        types(&mut out, &function.locals);
    }
    let mut numbering = Numbering::new(module);
    for function in module.functions() {
        body(&mut out, module, &mut numbering, function.body);
        out.push(opcode::END);
    }
    exports(&mut out, module);
    out
}

/// Reference numbers of the nodes written so far.
struct Numbering {
    numbers: Vec<Option<u32>>,
    next: u32,
}

impl Numbering {
    fn new(module: &Module) -> Numbering {
        Numbering {
            numbers: vec![None; module.nodes().len()],
            next: 0,
        }
    }
}

fn body(out: &mut Vec<u8>, module: &Module, numbering: &mut Numbering, root: NodeId) {
    let mut walk = module.walk(root);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) if numbering.numbers[id.index()].is_some() => walk.skip_rest(),
            Step::Enter(_) | Step::Child(..) => {}
            Step::Leave(id) => {
                let node = module.node(id);
                if let Some(number) = numbering.numbers[id.index()] {
                    out.push(opcode::REFERENCE);
                    unsigned(out, number.into());
                    continue;
                }
                op(out, node.op(), node.children().len());
                if !node.is_leaf() {
                    numbering.numbers[id.index()] = Some(numbering.next);
                    numbering.next += 1;
                }
            }
        }
    }
}

/// Writes an operator: opcode and immediates.
pub(crate) fn op(out: &mut Vec<u8>, op: Op, children: usize) {
    match op {
        Op::Unreachable => out.push(opcode::UNREACHABLE),
        Op::Seq => coded(out, opcode::SEQ, children as u32),
        Op::Scope => out.push(opcode::SCOPE),
        Op::Loop => out.push(opcode::LOOP),
        Op::If if children == 2 => out.push(opcode::IF),
        Op::If => out.push(opcode::IF_ELSE),
        Op::Switch => coded(out, opcode::SWITCH, children as u32),
        Op::Break(depth) => coded(out, opcode::BREAK, depth),
        Op::Continue(depth) => coded(out, opcode::CONTINUE, depth),
        Op::Return => coded(out, opcode::RETURN, children as u32),
        Op::Call { function, result } => call(out, opcode::CALL, function, children, result),
        Op::CallImport { import, result } => {
            call(out, opcode::CALL_IMPORT, import, children, result);
        }
        Op::Shim(shim) => coded(out, opcode::SHIM, shim.number().into()),
        Op::Drop => out.push(opcode::DROP),
        Op::Select => out.push(opcode::SELECT),
        Op::LocalGet { local, ty } => {
            coded(out, opcode::LOCAL_GET, local);
            out.push(ty.code());
        }
        Op::LocalSet(local) => coded(out, opcode::LOCAL_SET, local),
        Op::Load { op, offset } => coded(out, op.opcode(), offset),
        Op::Store { op, offset } => coded(out, op.opcode(), offset),
        Op::MemorySize => out.push(opcode::MEMORY_SIZE),
        Op::MemoryGrow => out.push(opcode::MEMORY_GROW),
        Op::Const(value) => constant(out, value),
        Op::Num(op) => out.push(op.opcode()),
    }
}

fn coded(out: &mut Vec<u8>, code: u8, immediate: u32) {
    out.push(code);
    unsigned(out, immediate.into());
}

fn call(out: &mut Vec<u8>, code: u8, callee: u32, arguments: usize, result: Option<Type>) {
    coded(out, code, callee);
    count(out, arguments);
    out.push(result.map_or(opcode::NO_RESULT, Type::code));
}

fn constant(out: &mut Vec<u8>, value: Value) {
    match value {
        Value::I32(value) => {
            out.push(opcode::CONST_I32);
            signed(out, value.into());
        }
        Value::I64(value) => {
            out.push(opcode::CONST_I64);
            signed(out, value);
        }
        Value::F32(value) => {
            out.push(opcode::CONST_F32);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Value::F64(value) => {
            out.push(opcode::CONST_F64);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
    }
}

/// Writes memory, data, uses and imports.
pub(crate) fn head(out: &mut Vec<u8>, module: &Module) {
    match module.memory() {
        None => out.push(0),
        Some(memory) => {
            out.push(1);
            unsigned(out, memory.min_pages.into());
            unsigned(out, memory.max_pages.into());
        }
    }
    count(out, module.data().len());
    for segment in module.data() {
        unsigned(out, segment.offset.into());
        bytes(out, &segment.bytes);
    }
    count(out, module.uses().len());
    for shim in module.uses() {
        unsigned(out, shim.number().into());
    }
    count(out, module.imports().len());
    for import in module.imports() {
        out.extend_from_slice(&import.hash.0);
        signature(out, &import.signature);
    }
}

/// Writes the exports.
pub(crate) fn exports(out: &mut Vec<u8>, module: &Module) {
    count(out, module.exports().len());
    for export in module.exports() {
        bytes(out, export.name.as_bytes());
        unsigned(out, export.function.into());
    }
}

/// Writes a signature.
pub(crate) fn signature(out: &mut Vec<u8>, signature: &Signature) {
    types(out, &signature.params);
    types(out, &signature.results);
}

/// Writes a list of types.
pub(crate) fn types(out: &mut Vec<u8>, list: &[Type]) {
    count(out, list.len());
    out.extend(list.iter().map(|ty| ty.code()));
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    count(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn count(out: &mut Vec<u8>, count: usize) {
    unsigned(out, count as u64);
}

fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        let sign = byte & 0x40 != 0;
        if (value == 0 && !sign) || (value == -1 && sign) {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}
