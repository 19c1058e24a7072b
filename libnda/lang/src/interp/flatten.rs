//! Flattening: from the tree of a function to a list of stack instructions with jumps.
//!
//! The stack's height is known at each place, so a branch out of the middle of an expression carries the height to cut the
//! stack back to. Code that follows a node which never ends normally cannot be reached and is left out.

use alloc::vec;
use alloc::vec::Vec;

use crate::access::{LoadOp, StoreOp};
use crate::module::{Function, Module};
use crate::node::{NodeId, Op, Ty};
use crate::numeric::NumOp;
use crate::shim::Shim;
use crate::walk::{Step, Walk};

/// A flattened function.
#[derive(Debug)]
pub(super) struct Code {
    pub instructions: Vec<Instruction>,
    /// Parameters and locals.
    pub locals: usize,
    pub params: usize,
    pub has_result: bool,
}

/// An instruction over a stack of 64-bit slots.
#[derive(Clone, Debug)]
pub(super) enum Instruction {
    Const(u64),
    LocalGet(u32),
    LocalSet(u32),
    Num(NumOp),
    Load(LoadOp, u32),
    Store(StoreOp, u32),
    MemorySize,
    MemoryGrow,
    Call(u32),
    Shim(Shim),
    Select,
    Drop,
    /// Start of a loop's turn: uses fuel.
    Turn,
    /// Goes to `target` with the stack cut to `height`.
    Jump {
        target: usize,
        height: usize,
    },
    /// Takes a condition, goes to the target if it is 0.
    JumpIfZero(usize),
    /// Takes a selector, goes to that target or else to the last.
    Switch(Vec<usize>),
    /// Gives the value on top, if the function has a result.
    Return,
    Unreachable,
}

/// What `break` and `continue` refer to.
struct Label {
    height: usize,
    /// Where `continue` goes: a loop's start.
    start: usize,
    /// Jumps to the end, patched when it is known.
    exits: Vec<usize>,
}

/// A choice whose arms are being written: an `if` or a `switch`.
struct Choice {
    height: usize,
    /// The `JumpIfZero` or `Switch`.
    decision: usize,
    /// Jumps from the ends of arms to the end of all.
    exits: Vec<usize>,
}

struct Flattener<'m> {
    module: &'m Module,
    out: Vec<Instruction>,
    height: usize,
    labels: Vec<Label>,
    choices: Vec<Choice>,
}

/// Flattens a function of a verified module.
pub(super) fn flatten(module: &Module, function: &Function) -> Code {
    let mut flattener = Flattener {
        module,
        out: Vec::new(),
        height: 0,
        labels: Vec::new(),
        choices: Vec::new(),
    };
    let mut walk = module.walk(function.body);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) => flattener.enter(id),
            Step::Child(id, child) => flattener.child(id, child, &mut walk),
            Step::Leave(id) => flattener.leave(id),
        }
    }
    flattener.out.push(Instruction::Return);
    let params = function.signature.params.len();
    Code {
        instructions: flattener.out,
        locals: params + function.locals.len(),
        params,
        has_result: function.signature.result().is_some(),
    }
}

impl Flattener<'_> {
    fn enter(&mut self, id: NodeId) {
        let is_loop = match self.module.node(id).op() {
            Op::Scope => false,
            Op::Loop => true,
            _ => return,
        };
        self.labels.push(Label {
            height: self.height,
            start: self.out.len(),
            exits: Vec::new(),
        });
        if is_loop {
            self.out.push(Instruction::Turn);
        }
    }

    fn child(&mut self, id: NodeId, child: usize, walk: &mut Walk<'_>) {
        let node = self.module.node(id);
        match node.op() {
            Op::Seq if child > 0 => {
                let before = node.children()[child - 1];
                if self.module.node(before).ty() == Ty::Never {
                    walk.skip_rest();
                }
            }
            Op::If if child == 1 => self.begin_choice(Instruction::JumpIfZero(0)),
            Op::Switch if child == 1 => {
                let arms = node.children().len() - 1;
                self.begin_choice(Instruction::Switch(vec![0; arms]));
                self.begin_arm(0);
            }
            Op::If | Op::Switch if child > 1 => {
                self.end_arm();
                self.begin_arm(child - 1);
            }
            _ => {}
        }
    }

    fn leave(&mut self, id: NodeId) {
        let node = self.module.node(id);
        match node.op() {
            Op::Scope => self.leave_label(false),
            Op::Loop => self.leave_label(true),
            Op::If => {
                if node.children().len() == 2 {
                    self.begin_arm(1);
                }
                self.end_choice(node.ty());
            }
            Op::Switch => self.end_choice(node.ty()),
            Op::Break(depth) => {
                let at = self.out.len();
                let index = self.labels.len() - 1 - depth as usize;
                let label = &mut self.labels[index];
                label.exits.push(at);
                let height = label.height;
                self.out.push(Instruction::Jump { target: 0, height });
            }
            Op::Continue(depth) => {
                let label = &self.labels[self.labels.len() - 1 - depth as usize];
                let (target, height) = (label.start, label.height);
                self.out.push(Instruction::Jump { target, height });
            }
            op => self.plain(op, node.children().len(), node.ty()),
        }
    }

    /// An operator that takes its operands from the stack and pushes its result.
    fn plain(&mut self, op: Op, children: usize, ty: Ty) {
        self.out.push(match op {
            Op::Const(value) => Instruction::Const(value.to_bits()),
            Op::LocalGet { local, .. } => Instruction::LocalGet(local),
            Op::LocalSet(local) => Instruction::LocalSet(local),
            Op::Num(op) => Instruction::Num(op),
            Op::Load { op, offset } => Instruction::Load(op, offset),
            Op::Store { op, offset } => Instruction::Store(op, offset),
            Op::MemorySize => Instruction::MemorySize,
            Op::MemoryGrow => Instruction::MemoryGrow,
            Op::Call { function, .. } => Instruction::Call(function),
            Op::Shim(shim) => Instruction::Shim(shim),
            Op::Select => Instruction::Select,
            Op::Drop => Instruction::Drop,
            Op::Return => Instruction::Return,
            // Linking refuses modules with code imports, so a call of one is never reached.
            Op::CallImport { .. } | Op::Unreachable => Instruction::Unreachable,
            // The caller handles control flow; a `seq` leaves what its last child left.
            Op::Seq | Op::Scope | Op::Loop | Op::If | Op::Switch => return,
            Op::Break(_) | Op::Continue(_) => return,
        });
        self.height = self.height - children + usize::from(matches!(ty, Ty::Value(_)));
    }

    /// Ends a scope or loop: a loop goes back to its start, and all breaks come here.
    fn leave_label(&mut self, is_loop: bool) {
        let Some(label) = self.labels.pop() else {
            return;
        };
        if is_loop {
            self.out.push(Instruction::Jump {
                target: label.start,
                height: label.height,
            });
        }
        self.height = label.height;
        self.patch(&label.exits);
    }

    /// Starts a choice with its decision, which takes a value.
    fn begin_choice(&mut self, decision: Instruction) {
        self.height -= 1;
        self.choices.push(Choice {
            height: self.height,
            decision: self.out.len(),
            exits: Vec::new(),
        });
        self.out.push(decision);
    }

    /// Ends an arm that another one follows.
    fn end_arm(&mut self) {
        let at = self.out.len();
        if let Some(choice) = self.choices.last_mut() {
            // An arm that gives a value has pushed it above the choice's height, and it stays.
            let height = self.height;
            self.height = choice.height;
            choice.exits.push(at);
            self.out.push(Instruction::Jump { target: 0, height });
        }
    }

    /// Sends arm `arm` of the innermost choice here.
    fn begin_arm(&mut self, arm: usize) {
        let here = self.out.len();
        let Some(choice) = self.choices.last() else {
            return;
        };
        match &mut self.out[choice.decision] {
            Instruction::JumpIfZero(target) => *target = here,
            Instruction::Switch(targets) => targets[arm] = here,
            _ => {}
        }
    }

    /// Ends the innermost choice, which leaves `ty`.
    fn end_choice(&mut self, ty: Ty) {
        if let Some(choice) = self.choices.pop() {
            self.height = choice.height + usize::from(matches!(ty, Ty::Value(_)));
            self.patch(&choice.exits);
        }
    }

    /// Sends the jumps at `exits` here.
    fn patch(&mut self, exits: &[usize]) {
        let here = self.out.len();
        for exit in exits {
            if let Instruction::Jump { target, .. } = &mut self.out[*exit] {
                *target = here;
            }
        }
    }
}
