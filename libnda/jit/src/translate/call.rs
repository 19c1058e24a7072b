//! Calls: of functions of the module directly, of shims through the context.

use alloc::vec::Vec;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, types};
use nda_lang::Shim;
use nda_lang::shim::SHIM_PARAMS_MAX;
use nda_runtime::context;

use super::{Translator, native_signature, type_of};
use crate::compile::name_of;

impl Translator<'_, '_> {
    /// Calls function `index` of the module with the operands on top.
    pub(super) fn call(&mut self, index: u32) {
        let function = self.function_ref(index);
        let params = self.module.functions()[index as usize]
            .signature
            .params
            .len();
        let mut args = Vec::from([self.vm]);
        args.extend(self.values.drain(self.values.len() - params..));
        self.store_fuel();
        let call = self.builder.ins().call(function, &args);
        let result = self.builder.inst_results(call).first().copied();
        self.load_fuel();
        self.values.extend(result);
    }

    fn function_ref(&mut self, index: u32) -> ir::FuncRef {
        if let Some(function) = self.functions.get(&index) {
            return *function;
        }
        let signature = &self.module.functions()[index as usize].signature;
        let signature = native_signature(self.target.default_call_conv(), signature);
        let signature = self.builder.import_signature(signature);
        let name = name_of(self.builder.func, index);
        let function = self.builder.import_function(ir::ExtFuncData {
            name,
            signature,
            colocated: true,
            patchable: false,
        });
        self.functions.insert(index, function);
        function
    }

    /// Calls `shim` with the operands on top, by the table in the context.
    pub(super) fn shim(&mut self, shim: Shim) {
        let flags = MemFlagsData::trusted();
        let slots = self.shim_slots();
        let args = self
            .values
            .split_off(self.values.len() - shim.params().len());
        for (slot, arg) in args.into_iter().enumerate() {
            let address = self
                .builder
                .ins()
                .stack_addr(types::I64, slots, slot as i32 * 8);
            self.builder.ins().store(flags, arg, address, 0);
        }
        self.store_fuel();
        let table = self.context_constant(context::SHIMS);
        let entry = i32::from(shim.number()) * 8;
        let routine = self.builder.ins().load(types::I64, flags, table, entry);
        let number = self
            .builder
            .ins()
            .iconst(types::I32, i64::from(shim.number()));
        let block = self.builder.ins().stack_addr(types::I64, slots, 0);
        let signature = self.shim_signature();
        self.builder
            .ins()
            .call_indirect(signature, routine, &[self.vm, number, block]);
        self.load_fuel();
        self.check_shim();
        if let Some(ty) = shim.result() {
            let address = self.builder.ins().stack_addr(types::I64, slots, 0);
            let result = self.builder.ins().load(type_of(ty), flags, address, 0);
            self.values.push(result);
        }
    }

    /// Leaves with the trap that the shim asked for, if it did.
    fn check_shim(&mut self) {
        let trap = self.requested_trap();
        let is_set = self.builder.ins().icmp_imm_u(IntCC::NotEqual, trap, 0);
        let cold = self.shim_trap_block();
        self.branch_to_cold(is_set, cold);
    }

    fn shim_signature(&mut self) -> ir::SigRef {
        if let Some(signature) = self.shim_signature {
            return signature;
        }
        let mut signature = ir::Signature::new(self.target.default_call_conv());
        let params = [types::I64, types::I32, types::I64];
        signature.params.extend(params.map(ir::AbiParam::new));
        let signature = self.builder.import_signature(signature);
        self.shim_signature = Some(signature);
        signature
    }

    fn shim_slots(&mut self) -> ir::StackSlot {
        if let Some(slots) = self.shim_slots {
            return slots;
        }
        let bytes = SHIM_PARAMS_MAX as u32 * 8;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3);
        let slots = self.builder.create_sized_stack_slot(data);
        self.shim_slots = Some(slots);
        slots
    }
}
