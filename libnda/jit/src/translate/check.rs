//! Checks: each branches to a cold block that leaves through the context, one per kind of trap and function.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, TrapCode, types};
use nda_lang::Trap;
use nda_runtime::context;

use super::Translator;

impl Translator<'_, '_> {
    /// Traps if `condition` is not 0.
    pub(super) fn trap_if(&mut self, condition: ir::Value, trap: Trap) {
        let cold = self.trap_block(trap);
        self.branch_to_cold(condition, cold);
    }

    /// Goes to `cold` if `condition` is not 0.
    pub(super) fn branch_to_cold(&mut self, condition: ir::Value, cold: ir::Block) {
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, cold, &[], next, &[]);
        self.open(next);
    }

    /// Traps.
    pub(super) fn trap(&mut self, trap: Trap) {
        let cold = self.trap_block(trap);
        self.builder.ins().jump(cold, &[]);
    }

    fn trap_block(&mut self, trap: Trap) -> ir::Block {
        self.cold_block(trap as usize)
    }

    /// The block that leaves with the trap that a shim asked for: slot 0, as no trap has that number.
    pub(super) fn shim_trap_block(&mut self) -> ir::Block {
        self.cold_block(0)
    }

    fn cold_block(&mut self, slot: usize) -> ir::Block {
        if let Some(block) = self.trap_blocks[slot] {
            return block;
        }
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        self.trap_blocks[slot] = Some(block);
        block
    }

    /// The number of the trap that the last shim asked for, or 0.
    pub(super) fn requested_trap(&mut self) -> ir::Value {
        let flags = MemFlagsData::trusted().with_alias_region(Some(self.context_region));
        self.builder
            .ins()
            .load(types::I32, flags, self.vm, context::TRAP)
    }

    /// Writes the cold blocks behind everything else.
    pub(super) fn emit_trap_blocks(&mut self) {
        for slot in 0..self.trap_blocks.len() {
            let Some(block) = self.trap_blocks[slot] else {
                continue;
            };
            self.open(block);
            let number = match slot {
                0 => self.requested_trap(),
                trap => self.builder.ins().iconst(types::I32, trap as i64),
            };
            self.leave_with(number);
        }
    }

    /// Leaves the program with the trap of this number.
    fn leave_with(&mut self, number: ir::Value) {
        self.store_fuel();
        let exit = self.context_constant(context::TRAP_EXIT);
        let mut signature = ir::Signature::new(self.target.default_call_conv());
        let params = [types::I64, types::I32];
        signature.params.extend(params.map(ir::AbiParam::new));
        let signature = self.builder.import_signature(signature);
        let args = [self.vm, number];
        self.builder.ins().call_indirect(signature, exit, &args);
        // The exit does not return; Cranelift wants the block to end.
        self.builder.ins().trap(TrapCode::unwrap_user(1));
    }

    /// Traps if the stack pointer is below the limit. A module whose functions never call each other needs no check: the
    /// reserve below the limit has room for one frame.
    pub(super) fn check_stack(&mut self) {
        if !self.has_calls {
            return;
        }
        let pointer = self.builder.ins().get_stack_pointer(types::I64);
        let limit = self.context_load(context::STACK_LIMIT);
        let is_below = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, pointer, limit);
        self.trap_if(is_below, Trap::StackOverflow);
    }

    /// Uses one unit of fuel, or traps.
    pub(super) fn use_fuel(&mut self) {
        let fuel = self.builder.use_var(self.fuel);
        let is_empty = self.builder.ins().icmp_imm_u(IntCC::Equal, fuel, 0);
        self.trap_if(is_empty, Trap::OutOfFuel);
        let rest = self.builder.ins().iadd_imm_s(fuel, -1);
        self.builder.def_var(self.fuel, rest);
    }
}
