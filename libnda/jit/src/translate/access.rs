//! Memory: bounds checks, loads, stores, size and growth.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use nda_lang::access::{LoadOp, StoreOp};
use nda_lang::types::PAGE_BYTES;
use nda_lang::{Trap, Type};
use nda_runtime::context;

use super::{Translator, type_of};

/// log2 of the bytes of a page.
const PAGE_BITS: i64 = PAGE_BYTES.trailing_zeros() as i64;

impl Translator<'_, '_> {
    pub(super) fn load(&mut self, op: LoadOp, offset: u32) {
        let address = self.pop();
        let (base, offset) = self.checked(address, offset, op.bytes());
        let flags = self.memory_flags();
        let (ty, ins) = (type_of(op.ty()), self.builder.ins());
        let value = match (op.bytes(), op.is_signed()) {
            (1, true) => ins.sload8(ty, flags, base, offset),
            (1, false) => ins.uload8(ty, flags, base, offset),
            (2, true) => ins.sload16(ty, flags, base, offset),
            (2, false) => ins.uload16(ty, flags, base, offset),
            (4, true) => ins.sload32(flags, base, offset),
            (4, false) if op.ty() == Type::I64 => ins.uload32(flags, base, offset),
            _ => ins.load(ty, flags, base, offset),
        };
        self.values.push(value);
    }

    pub(super) fn store(&mut self, op: StoreOp, offset: u32) {
        let value = self.pop();
        let address = self.pop();
        let (base, offset) = self.checked(address, offset, op.bytes());
        let flags = self.memory_flags();
        let ins = self.builder.ins();
        match op.bytes() {
            1 => ins.istore8(flags, value, base, offset),
            2 => ins.istore16(flags, value, base, offset),
            4 if op.ty() == Type::I64 => ins.istore32(flags, value, base, offset),
            _ => ins.store(flags, value, base, offset),
        };
    }

    /// Checks an access and gives its base and offset. All arithmetic is on 64 bits, where the sum of two 32-bit numbers
    /// and a width cannot wrap.
    fn checked(&mut self, address: ir::Value, offset: u32, bytes: u32) -> (ir::Value, i32) {
        let address = self.builder.ins().uextend(types::I64, address);
        let beyond = i64::from(offset) + i64::from(bytes);
        let end = self.builder.ins().iadd_imm_s(address, beyond);
        let size = self.context_load(context::MEMORY_BYTES);
        let is_outside = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedGreaterThan, end, size);
        self.trap_if(is_outside, Trap::OutOfBounds);
        let memory = self.context_constant(context::MEMORY);
        let base = self.builder.ins().iadd(memory, address);
        match i32::try_from(offset) {
            Ok(offset) => (base, offset),
            // An instruction's displacement is signed.
            Err(_) => (self.builder.ins().iadd_imm_s(base, i64::from(offset)), 0),
        }
    }

    /// The check has been made, so the access cannot fault.
    fn memory_flags(&self) -> MemFlagsData {
        MemFlagsData::new()
            .with_notrap()
            .with_alias_region(Some(self.memory_region))
    }

    pub(super) fn memory_size(&mut self) {
        let bytes = self.context_load(context::MEMORY_BYTES);
        let pages = self.builder.ins().ushr_imm_u(bytes, PAGE_BITS);
        let pages = self.builder.ins().ireduce(types::I32, pages);
        self.values.push(pages);
    }

    pub(super) fn memory_grow(&mut self) {
        let pages = self.pop();
        let pages = self.builder.ins().uextend(types::I64, pages);
        let more = self.builder.ins().ishl_imm_u(pages, PAGE_BITS);
        let old = self.context_load(context::MEMORY_BYTES);
        let new = self.builder.ins().iadd(old, more);
        let max = self.context_constant(context::MEMORY_BYTES_MAX);
        let fits = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThanOrEqual, new, max);
        let size = self.builder.ins().select(fits, new, old);
        self.context_store(size, context::MEMORY_BYTES);
        let old_pages = self.builder.ins().ushr_imm_u(old, PAGE_BITS);
        let old_pages = self.builder.ins().ireduce(types::I32, old_pages);
        let failed = self.builder.ins().iconst(types::I32, i64::from(u32::MAX));
        let result = self.builder.ins().select(fits, old_pages, failed);
        self.values.push(result);
    }
}
