//! Control flow: scopes, loops, choices and the branches out of them.

use alloc::vec::Vec;

use cranelift_codegen::ir::{self, BlockArg, BlockCall, InstBuilder, JumpTableData};
use nda_lang::{NodeId, Op, Ty};

use super::{Translator, type_of};

/// What `break` and `continue` refer to.
pub(super) struct Label {
    /// Operands below it.
    height: usize,
    exit: ir::Block,
    /// A loop's start.
    start: Option<ir::Block>,
}

/// An `if` or `switch` whose arms are being translated.
pub(super) struct Choice {
    height: usize,
    arms: Vec<ir::Block>,
    /// Where the arms meet. Its parameter is the value, if there is one.
    exit: ir::Block,
}

impl Translator<'_, '_> {
    pub(super) fn enter_scope(&mut self) {
        let exit = self.builder.create_block();
        self.labels.push(Label {
            height: self.values.len(),
            exit,
            start: None,
        });
    }

    pub(super) fn enter_loop(&mut self) {
        let (start, exit) = (self.builder.create_block(), self.builder.create_block());
        self.labels.push(Label {
            height: self.values.len(),
            exit,
            start: Some(start),
        });
        self.builder.ins().jump(start, &[]);
        self.builder.switch_to_block(start);
        self.use_fuel();
    }

    pub(super) fn leave_scope(&mut self, body: NodeId) {
        if let Some(label) = self.labels.pop() {
            if self.ends(body) {
                self.builder.ins().jump(label.exit, &[]);
            }
            self.open(label.exit);
        }
    }

    pub(super) fn leave_loop(&mut self, body: NodeId) {
        if let Some(label) = self.labels.pop() {
            let start = label.start.unwrap_or(label.exit);
            if self.ends(body) {
                self.builder.ins().jump(start, &[]);
            }
            self.builder.seal_block(start);
            self.open(label.exit);
        }
    }

    /// `break` or `continue`. Operands above the label's height are forgotten.
    pub(super) fn branch(&mut self, depth: u32, to_start: bool) {
        let label = &self.labels[self.labels.len() - 1 - depth as usize];
        let target = if to_start { label.start } else { None };
        let target = target.unwrap_or(label.exit);
        debug_assert!(label.height <= self.values.len());
        self.builder.ins().jump(target, &[]);
    }

    /// Stores the fuel and returns `values` of the operands on top.
    pub(super) fn return_(&mut self, values: usize) {
        self.store_fuel();
        let first = self.values.len() - values;
        let results = self.values.split_off(first);
        self.builder.ins().return_(&results);
    }

    pub(super) fn begin_if(&mut self, id: NodeId) {
        let condition = self.pop();
        let has_else = self.module.node(id).children().len() == 3;
        let exit = self.exit_of(id);
        let then = self.builder.create_block();
        let mut arms = Vec::from([then]);
        let otherwise = if has_else {
            self.builder.create_block()
        } else {
            exit
        };
        if has_else {
            arms.push(otherwise);
        }
        self.builder
            .ins()
            .brif(condition, then, &[], otherwise, &[]);
        self.begin_choice(arms, exit);
    }

    pub(super) fn begin_switch(&mut self, id: NodeId) {
        let selector = self.pop();
        let exit = self.exit_of(id);
        let count = self.module.node(id).children().len() - 1;
        let arms: Vec<ir::Block> = (0..count).map(|_| self.builder.create_block()).collect();
        let pool = &mut self.builder.func.dfg.value_lists;
        let calls: Vec<BlockCall> = arms
            .iter()
            .map(|arm| BlockCall::new(*arm, [], pool))
            .collect();
        if let [arms @ .., default] = &calls[..] {
            let table = self
                .builder
                .create_jump_table(JumpTableData::new(*default, arms));
            self.builder.ins().br_table(selector, table);
        }
        self.begin_choice(arms, exit);
    }

    /// The block where the arms of `id` meet.
    fn exit_of(&mut self, id: NodeId) -> ir::Block {
        let exit = self.builder.create_block();
        if let Ty::Value(ty) = self.module.node(id).ty() {
            self.builder.append_block_param(exit, type_of(ty));
        }
        exit
    }

    fn begin_choice(&mut self, arms: Vec<ir::Block>, exit: ir::Block) {
        self.choices.push(Choice {
            height: self.values.len(),
            arms,
            exit,
        });
        self.begin_arm(0);
    }

    pub(super) fn begin_arm(&mut self, arm: usize) {
        if let Some(block) = self.choices.last().and_then(|choice| choice.arms.get(arm)) {
            let block = *block;
            self.open(block);
        }
    }

    /// Ends the arm whose node is `arm`.
    pub(super) fn end_arm(&mut self, arm: NodeId) {
        let Some(choice) = self.choices.last() else {
            return;
        };
        let (exit, height) = (choice.exit, choice.height);
        if self.ends(arm) {
            let value = self.values.get(height).copied().map(BlockArg::Value);
            self.builder.ins().jump(exit, value.as_slice());
        }
        self.values.truncate(height);
    }

    /// Ends the last arm of `id` and the choice.
    pub(super) fn end_choice(&mut self, id: NodeId) {
        let node = self.module.node(id);
        debug_assert!(matches!(node.op(), Op::If | Op::Switch));
        if let Some(last) = node.children().last() {
            self.end_arm(*last);
        }
        let Some(choice) = self.choices.pop() else {
            return;
        };
        if node.ty() == Ty::Never {
            // Nothing reaches the exit and nothing may follow: the block stays out of the function.
            return;
        }
        self.open(choice.exit);
        let value = self.builder.block_params(choice.exit).first().copied();
        self.values.extend(value);
    }

    fn ends(&self, id: NodeId) -> bool {
        self.module.node(id).ty() != Ty::Never
    }

    /// Continues in `block`, to which no further branch will be added.
    pub(super) fn open(&mut self, block: ir::Block) {
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
    }
}
