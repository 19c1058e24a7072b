//! The machine: runs flattened functions over a stack of 64-bit slots.
//!
//! Slots are untyped; the verifier has proven the types. Indexing that the verifier proves in range is still checked by
//! Rust, so a defect here could stop the process but never touch foreign memory.

use alloc::vec::Vec;

use super::eval::eval;
use super::flatten::{Code, Instruction};
use super::{Host, Instance};
use crate::access::{LoadOp, StoreOp};
use crate::shim::Shim;
use crate::trap::Trap;
use crate::types::{PAGE_BYTES, Value};

/// A call in progress.
struct Frame {
    function: usize,
    /// The next instruction.
    next: usize,
    /// Where the locals start; the operands follow them.
    base: usize,
}

/// Slots of all frames at most: bounds the machine's memory whatever the call depth.
const SLOTS_MAX: usize = 1 << 22;

impl Instance<'_> {
    /// Runs function `index` to its end. The result is 0 if it has none.
    pub(super) fn run(
        &mut self,
        host: &mut dyn Host,
        index: u32,
        args: &[u64],
    ) -> Result<u64, Trap> {
        let mut stack: Vec<u64> = args.to_vec();
        let mut frames = Vec::new();
        let mut frame = self.enter(index as usize, &mut stack)?;
        loop {
            let instruction = &self.code[frame.function].instructions[frame.next];
            frame.next += 1;
            match instruction {
                Instruction::Const(bits) => stack.push(*bits),
                Instruction::LocalGet(local) => stack.push(stack[frame.base + *local as usize]),
                Instruction::LocalSet(local) => {
                    let value = pop(&mut stack);
                    stack[frame.base + *local as usize] = value;
                }
                Instruction::Num(op) => {
                    let b = if op.params().len() == 2 {
                        pop(&mut stack)
                    } else {
                        0
                    };
                    let a = pop(&mut stack);
                    stack.push(eval(*op, a, b)?);
                }
                Instruction::Load(op, offset) => {
                    let address = pop(&mut stack);
                    stack.push(load(&self.memory, *op, address, *offset)?);
                }
                Instruction::Store(op, offset) => {
                    let value = pop(&mut stack);
                    let address = pop(&mut stack);
                    store(&mut self.memory, *op, address, *offset, value)?;
                }
                Instruction::MemorySize => stack.push(self.memory.len() as u64 / PAGE_BYTES),
                Instruction::MemoryGrow => {
                    let pages = pop(&mut stack);
                    stack.push(self.grow(pages));
                }
                Instruction::Select => {
                    let condition = pop(&mut stack) as u32;
                    let other = pop(&mut stack);
                    let value = pop(&mut stack);
                    stack.push(if condition != 0 { value } else { other });
                }
                Instruction::Drop => drop(pop(&mut stack)),
                Instruction::Turn => use_fuel(&mut self.fuel)?,
                Instruction::Jump { target, height } => {
                    let locals = self.code[frame.function].locals;
                    stack.truncate(frame.base + locals + *height);
                    frame.next = *target;
                }
                Instruction::JumpIfZero(target) => {
                    if pop(&mut stack) as u32 == 0 {
                        frame.next = *target;
                    }
                }
                Instruction::Switch(targets) => {
                    let selector = pop(&mut stack) as u32 as usize;
                    frame.next = targets[selector.min(targets.len() - 1)];
                }
                Instruction::Shim(shim) => {
                    let shim = *shim;
                    self.call_shim(host, shim, &mut stack)?;
                }
                Instruction::Call(callee) => {
                    let callee = *callee as usize;
                    if frames.len() + 1 >= self.call_depth_max || stack.len() > SLOTS_MAX {
                        return Err(Trap::StackOverflow);
                    }
                    let inner = self.enter(callee, &mut stack)?;
                    frames.push(core::mem::replace(&mut frame, inner));
                }
                Instruction::Return => {
                    let has_result = self.code[frame.function].has_result;
                    let result = if has_result { pop(&mut stack) } else { 0 };
                    stack.truncate(frame.base);
                    match frames.pop() {
                        None => return Ok(result),
                        Some(outer) => frame = outer,
                    }
                    if has_result {
                        stack.push(result);
                    }
                }
                Instruction::Unreachable => return Err(Trap::Unreachable),
            }
        }
    }

    /// Starts a call whose arguments are on top of the stack.
    fn enter(&mut self, function: usize, stack: &mut Vec<u64>) -> Result<Frame, Trap> {
        use_fuel(&mut self.fuel)?;
        let Code { locals, params, .. } = self.code[function];
        let base = stack.len() - params;
        stack.resize(base + locals, 0);
        Ok(Frame {
            function,
            next: 0,
            base,
        })
    }

    fn call_shim(
        &mut self,
        host: &mut dyn Host,
        shim: Shim,
        stack: &mut Vec<u64>,
    ) -> Result<(), Trap> {
        let first = stack.len() - shim.params().len();
        let args: Vec<Value> = (shim.params().iter())
            .zip(stack.drain(first..))
            .filter_map(|(ty, bits)| Value::from_bits(*ty, bits))
            .collect();
        let result = host.call(shim, &args, &mut self.memory)?;
        if let Some(ty) = shim.result() {
            let value = result
                .filter(|value| value.ty() == ty)
                .ok_or(Trap::ShimFailed)?;
            stack.push(value.to_bits());
        }
        Ok(())
    }

    /// Grows the memory by `pages`. Gives the old size in pages, or -1.
    fn grow(&mut self, pages: u64) -> u64 {
        let old = self.memory.len() as u64;
        let new = old + u64::from(pages as u32) * PAGE_BYTES;
        if new > self.memory_bytes_max as u64 {
            return u64::from(u32::MAX);
        }
        self.memory.resize(new as usize, 0);
        old / PAGE_BYTES
    }
}

fn pop(stack: &mut Vec<u64>) -> u64 {
    stack
        .pop()
        .expect("the verifier proves that each operand is there")
}

fn use_fuel(fuel: &mut u64) -> Result<(), Trap> {
    *fuel = fuel.checked_sub(1).ok_or(Trap::OutOfFuel)?;
    Ok(())
}

/// The range of an access, if it is inside a memory of `len` bytes.
fn range(
    len: usize,
    address: u64,
    offset: u32,
    bytes: u32,
) -> Result<core::ops::Range<usize>, Trap> {
    let start = u64::from(address as u32) + u64::from(offset);
    let end = start + u64::from(bytes);
    if end > len as u64 {
        return Err(Trap::OutOfBounds);
    }
    Ok(start as usize..end as usize)
}

fn load(memory: &[u8], op: LoadOp, address: u64, offset: u32) -> Result<u64, Trap> {
    let range = range(memory.len(), address, offset, op.bytes())?;
    let mut bytes = [0; 8];
    bytes[..range.len()].copy_from_slice(&memory[range]);
    let raw = u64::from_le_bytes(bytes);
    if !op.is_signed() {
        return Ok(raw);
    }
    let unused = 64 - 8 * op.bytes();
    let extended = ((raw << unused) as i64 >> unused) as u64;
    Ok(match op.ty() {
        crate::types::Type::I32 => u64::from(extended as u32),
        _ => extended,
    })
}

fn store(
    memory: &mut [u8],
    op: StoreOp,
    address: u64,
    offset: u32,
    value: u64,
) -> Result<(), Trap> {
    let range = range(memory.len(), address, offset, op.bytes())?;
    let bytes = value.to_le_bytes();
    let len = range.len();
    memory[range].copy_from_slice(&bytes[..len]);
    Ok(())
}
