//! Translation of one function to Cranelift's intermediate form.
//!
//! One walk in evaluation order. Values of expressions are on a stack, as in the interpreter's flattening; locals and the
//! fuel are variables, which Cranelift turns into SSA form. After a node that never ends normally no block is open, and the
//! walk skips what follows it.

mod access;
mod call;
mod check;
mod control;
mod numeric;
mod round;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use cranelift_codegen::ir::{self, AliasRegion, AliasRegionData, InstBuilder, MemFlagsData, types};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use nda_lang::module::Signature;
use nda_lang::walk::{Step, Walk};
use nda_lang::{Module, Node, NodeId, Op, Trap, Ty, Type, Value};
use nda_runtime::context;

use crate::options::Options;
use control::{Choice, Label};

/// Cranelift's type for ours.
pub(crate) fn type_of(ty: Type) -> ir::Type {
    match ty {
        Type::I32 => types::I32,
        Type::I64 => types::I64,
        Type::F32 => types::F32,
        Type::F64 => types::F64,
        Type::V128 => types::I8X16,
    }
}

/// The signature of a compiled function: the context, then the parameters.
pub(crate) fn native_signature(call_conv: CallConv, signature: &Signature) -> ir::Signature {
    let mut native = ir::Signature::new(call_conv);
    native.params.push(ir::AbiParam::new(types::I64));
    let param = |ty: &Type| ir::AbiParam::new(type_of(*ty));
    native.params.extend(signature.params.iter().map(param));
    native.returns.extend(signature.results.iter().map(param));
    native
}

/// What is the same for all functions of a module.
pub(crate) struct Scene<'a> {
    pub(crate) module: &'a Module,
    pub(crate) target: &'a dyn TargetIsa,
    /// Whether floats can be rounded by an instruction.
    has_rounding: bool,
    /// Whether any function calls another.
    has_calls: bool,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(module: &'a Module, target: &'a dyn TargetIsa, options: &Options) -> Self {
        let calls = |node: &Node| matches!(node.op(), Op::Call { .. });
        Scene {
            module,
            target,
            has_rounding: options.has_rounding(),
            has_calls: module.nodes().iter().any(calls),
        }
    }
}

/// Builds function `index` of the module in `func`, which is empty.
pub(crate) fn function(
    func: &mut ir::Function,
    context: &mut FunctionBuilderContext,
    scene: &Scene<'_>,
    index: u32,
) {
    let (module, target) = (scene.module, scene.target);
    let source = &module.functions()[index as usize];
    func.signature = native_signature(target.default_call_conv(), &source.signature);
    let mut region = |user_id, description: &'static str| {
        func.dfg.alias_regions.insert(AliasRegionData {
            user_id,
            description: description.into(),
        })
    };
    let (context_region, memory_region) = (region(0, "context"), region(1, "memory"));
    let mut builder = FunctionBuilder::new(func, context);
    let fuel = builder.declare_var(types::I64);
    let mut translator = Translator {
        module,
        target,
        has_rounding: scene.has_rounding,
        vm: ir::Value::from_u32(0),
        fuel,
        locals: Vec::new(),
        values: Vec::new(),
        labels: Vec::new(),
        choices: Vec::new(),
        trap_blocks: [None; Trap::ALL.len() + 1],
        shim_slots: None,
        shim_signature: None,
        functions: BTreeMap::new(),
        has_calls: scene.has_calls,
        context_region,
        memory_region,
        builder,
    };
    translator.begin(index);
    let mut walk = module.walk(source.body);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) => translator.enter(id),
            Step::Child(id, child) => translator.child(id, child, &mut walk),
            Step::Leave(id) => translator.leave(id),
        }
    }
    if module.node(source.body).ty() != Ty::Never {
        translator.return_(source.signature.results.len());
    }
    translator.emit_trap_blocks();
    translator.builder.seal_all_blocks();
    translator.builder.finalize(target.frontend_config());
}

/// A function under translation.
struct Translator<'a, 'm> {
    module: &'m Module,
    target: &'a dyn TargetIsa,
    has_rounding: bool,
    /// The context pointer.
    vm: ir::Value,
    fuel: Variable,
    locals: Vec<Variable>,
    /// Operands not yet used.
    values: Vec<ir::Value>,
    labels: Vec<Label>,
    choices: Vec<Choice>,
    /// By trap number: the cold block that leaves with it. At 0: the one that leaves with what a shim asked for.
    trap_blocks: [Option<ir::Block>; Trap::ALL.len() + 1],
    /// The argument block for shims.
    shim_slots: Option<ir::StackSlot>,
    shim_signature: Option<ir::SigRef>,
    /// Functions called so far.
    functions: BTreeMap<u32, ir::FuncRef>,
    /// Whether any function of the module calls another.
    has_calls: bool,
    context_region: AliasRegion,
    memory_region: AliasRegion,
    builder: FunctionBuilder<'a>,
}

impl Translator<'_, '_> {
    /// The entry block: parameters, zeroed locals, stack check, fuel.
    fn begin(&mut self, index: u32) {
        let function = &self.module.functions()[index as usize];
        let block = self.builder.create_block();
        self.builder.append_block_params_for_function_params(block);
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
        self.vm = self.builder.block_params(block)[0];
        for (param, ty) in function.signature.params.iter().enumerate() {
            let variable = self.builder.declare_var(type_of(*ty));
            let value = self.builder.block_params(block)[param + 1];
            self.builder.def_var(variable, value);
            self.locals.push(variable);
        }
        for ty in &function.locals {
            let variable = self.builder.declare_var(type_of(*ty));
            let zero = self.zero(*ty);
            self.builder.def_var(variable, zero);
            self.locals.push(variable);
        }
        // The trap block of the stack check stores the fuel, so it has to be known before.
        self.load_fuel();
        self.check_stack();
        self.use_fuel();
    }

    fn zero(&mut self, ty: Type) -> ir::Value {
        match ty {
            Type::F32 => self.builder.ins().f32const(0.0),
            Type::F64 => self.builder.ins().f64const(0.0),
            // The verifier refuses v128.
            Type::I32 | Type::I64 | Type::V128 => self.builder.ins().iconst(type_of(ty), 0),
        }
    }

    fn enter(&mut self, id: NodeId) {
        match self.module.node(id).op() {
            Op::Scope => self.enter_scope(),
            Op::Loop => self.enter_loop(),
            _ => {}
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
            Op::If if child == 1 => self.begin_if(id),
            Op::Switch if child == 1 => self.begin_switch(id),
            Op::If | Op::Switch if child > 1 => {
                self.end_arm(node.children()[child - 1]);
                self.begin_arm(child - 1);
            }
            _ => {}
        }
    }

    fn leave(&mut self, id: NodeId) {
        let node = self.module.node(id);
        match node.op() {
            Op::Seq => {}
            Op::Scope => self.leave_scope(node.children()[0]),
            Op::Loop => self.leave_loop(node.children()[0]),
            Op::If | Op::Switch => self.end_choice(id),
            Op::Break(depth) => self.branch(depth, false),
            Op::Continue(depth) => self.branch(depth, true),
            Op::Return => self.return_(node.children().len()),
            Op::Unreachable => self.trap(Trap::Unreachable),
            Op::Call { function, .. } => self.call(function),
            // `compile` refuses modules with imports, and the verifier calls of imports that are not there.
            Op::CallImport { .. } => self.trap(Trap::Unreachable),
            Op::Shim(shim) => self.shim(shim),
            Op::Drop => drop(self.pop()),
            Op::Select => self.select(),
            Op::LocalGet { local, .. } => {
                let value = self.builder.use_var(self.locals[local as usize]);
                self.values.push(value);
            }
            Op::LocalSet(local) => {
                let value = self.pop();
                self.builder.def_var(self.locals[local as usize], value);
            }
            Op::Load { op, offset } => self.load(op, offset),
            Op::Store { op, offset } => self.store(op, offset),
            Op::MemorySize => self.memory_size(),
            Op::MemoryGrow => self.memory_grow(),
            Op::Const(value) => {
                let value = self.constant(value);
                self.values.push(value);
            }
            Op::Num(op) => self.numeric(op),
        }
    }

    fn pop(&mut self) -> ir::Value {
        self.values
            .pop()
            .expect("the verifier proves that each operand is there")
    }

    fn constant(&mut self, value: Value) -> ir::Value {
        match value {
            // An immediate is the zero-extended bits.
            Value::I32(_) => self
                .builder
                .ins()
                .iconst(types::I32, value.to_bits() as i64),
            Value::I64(value) => self.builder.ins().iconst(types::I64, value),
            Value::F32(value) => {
                let value = ir::immediates::Ieee32::with_bits(value.to_bits());
                self.builder.ins().f32const(value)
            }
            Value::F64(value) => {
                let value = ir::immediates::Ieee64::with_bits(value.to_bits());
                self.builder.ins().f64const(value)
            }
        }
    }

    fn select(&mut self) {
        let condition = self.pop();
        let other = self.pop();
        let value = self.pop();
        let result = self.builder.ins().select(condition, value, other);
        self.values.push(result);
    }

    /// Loads a field of the context that code can change.
    fn context_load(&mut self, offset: i32) -> ir::Value {
        let flags = MemFlagsData::trusted().with_alias_region(Some(self.context_region));
        self.builder.ins().load(types::I64, flags, self.vm, offset)
    }

    /// Loads a field of the context that stays the same during a call.
    fn context_constant(&mut self, offset: i32) -> ir::Value {
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        self.builder.ins().load(types::I64, flags, self.vm, offset)
    }

    fn context_store(&mut self, value: ir::Value, offset: i32) {
        let flags = MemFlagsData::trusted().with_alias_region(Some(self.context_region));
        self.builder.ins().store(flags, value, self.vm, offset);
    }

    /// Takes the fuel from the context, at entry and after calls.
    fn load_fuel(&mut self) {
        let fuel = self.context_load(context::FUEL);
        self.builder.def_var(self.fuel, fuel);
    }

    /// Puts the fuel into the context, before calls and returns.
    fn store_fuel(&mut self) {
        let fuel = self.builder.use_var(self.fuel);
        self.context_store(fuel, context::FUEL);
    }
}
