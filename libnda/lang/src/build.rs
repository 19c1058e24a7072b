//! Building modules from Rust.
//!
//! A [`ModuleBuilder`] collects the parts, a [`FunctionBuilder`] makes the nodes of one function. Expressions ([`Expr`]) are
//! plain copyable values with `+ - * / % & | ^ << >>` and comparisons on them; nothing is emitted until a body is given, so the order in
//! which Rust makes them has no meaning. Mistakes (an operand of the wrong type, say) do not interrupt: the first one is
//! remembered and [`ModuleBuilder::finish`] returns it.
//!
//! ```
//! use nda_lang::build::ModuleBuilder;
//! use nda_lang::shim::Shim;
//! use nda_lang::types::Type;
//!
//! // Five yellow squares of size 20 in a row at 50 400.
//! let m = ModuleBuilder::new();
//! let f = m.function(&[], None);
//! let i = f.local(Type::I32);
//! let square = f.shim(Shim::DrawRect, [
//!     i.get() * 24 + 50, f.i32(400), f.i32(20), f.i32(20), f.i32(0xffff00),
//! ]);
//! let body = f.count(i, f.i32(0), f.i32(5), square);
//! let main = f.finish(body);
//! m.export("main", main);
//! let module = m.finish().unwrap();
//! assert_eq!(module.uses(), [Shim::DrawRect]);
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use crate::access::{LoadOp, StoreOp};
use crate::arena::{Arena, NodeError};
use crate::hash::Hash;
use crate::limits;
use crate::module::{
    CodeImport, DataSegment, Export, Function, Module, ModuleError, Parts, Signature,
};
use crate::node::{NodeId, Op, Ty, TypeError};
use crate::numeric::NumOp;
use crate::shim::Shim;
use crate::types::{MemoryType, Type, Value};

/// The index of a function in its module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionId(pub u32);

/// The index of a code import in its module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportId(pub u32);

/// A module in the making.
#[derive(Default, Debug)]
pub struct ModuleBuilder {
    arena: RefCell<Arena>,
    parts: RefCell<PartialParts>,
    error: Cell<Option<ModuleError>>,
}

#[derive(Default, Debug)]
struct PartialParts {
    parts: Parts,
    functions: Vec<Declared>,
}

/// A declared function.
#[derive(Debug)]
struct Declared {
    signature: Signature,
    /// Locals and body, once it is defined.
    definition: Option<(Vec<Type>, NodeId)>,
}

impl ModuleBuilder {
    /// An empty module.
    pub fn new() -> ModuleBuilder {
        ModuleBuilder::default()
    }

    /// Gives the module a linear memory of `min_pages`, which can grow to `max_pages`, of 64 KiB.
    pub fn memory(&self, min_pages: u32, max_pages: u32) {
        self.parts.borrow_mut().parts.memory = Some(MemoryType {
            min_pages,
            max_pages,
        });
    }

    /// Puts `bytes` into the memory at `offset` before anything runs.
    pub fn data(&self, offset: u32, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.parts
            .borrow_mut()
            .parts
            .data
            .push(DataSegment { offset, bytes });
    }

    /// Declares a capability import. Calling a shim through a [`FunctionBuilder`] does this by itself.
    pub fn uses(&self, shim: Shim) {
        let uses = &mut self.parts.borrow_mut().parts.uses;
        if !uses.contains(&shim) {
            uses.push(shim);
        }
    }

    /// Imports the function whose hash is `hash`.
    pub fn import(&self, hash: Hash, params: &[Type], result: Option<Type>) -> ImportId {
        let imports = &mut self.parts.borrow_mut().parts.imports;
        imports.push(CodeImport {
            hash,
            signature: Signature::new(params, result),
        });
        ImportId(imports.len() as u32 - 1)
    }

    /// Adds a function and starts its body.
    pub fn function(&self, params: &[Type], result: Option<Type>) -> FunctionBuilder<'_> {
        self.define(self.declare(params, result))
    }

    /// Adds a function whose body comes later, so that others can already call it.
    pub fn declare(&self, params: &[Type], result: Option<Type>) -> FunctionId {
        self.declare_signature(Signature::new(params, result))
    }

    pub(crate) fn declare_signature(&self, signature: Signature) -> FunctionId {
        let functions = &mut self.parts.borrow_mut().functions;
        functions.push(Declared {
            signature,
            definition: None,
        });
        FunctionId(functions.len() as u32 - 1)
    }

    /// Starts the body of a declared function.
    pub fn define(&self, function: FunctionId) -> FunctionBuilder<'_> {
        let signature = self.signature(function).unwrap_or_default();
        FunctionBuilder {
            module: self,
            function,
            locals: RefCell::new(signature.params.clone()),
            params: signature.params.len(),
        }
    }

    /// The signature of a declared function.
    pub fn signature(&self, function: FunctionId) -> Option<Signature> {
        let parts = self.parts.borrow();
        parts
            .functions
            .get(function.0 as usize)
            .map(|function| function.signature.clone())
    }

    /// The signature of an import.
    pub fn import_signature(&self, import: ImportId) -> Option<Signature> {
        let parts = self.parts.borrow();
        parts
            .parts
            .imports
            .get(import.0 as usize)
            .map(|import| import.signature.clone())
    }

    /// Lets `function` be called from outside as `name`.
    pub fn export(&self, name: &str, function: FunctionId) {
        self.parts.borrow_mut().parts.exports.push(Export {
            name: String::from(name),
            function: function.0,
        });
    }

    /// The finished module, or the first mistake.
    pub fn finish(self) -> Result<Module, ModuleError> {
        if let Some(error) = self.error.get() {
            return Err(error);
        }
        let PartialParts {
            mut parts,
            functions,
        } = self.parts.into_inner();
        for (index, declared) in functions.into_iter().enumerate() {
            let (locals, body) = declared.definition.ok_or(ModuleError::NoBody {
                function: index as u32,
            })?;
            parts.functions.push(Function {
                signature: declared.signature,
                locals,
                body,
            });
        }
        Module::assemble(parts, &self.arena.into_inner())
    }

    /// Adds a node and reports whether it can exist.
    pub(crate) fn try_node(&self, op: Op, children: &[NodeId]) -> Result<NodeId, NodeError> {
        self.arena
            .borrow_mut()
            .intern(op, children)
            .map(|(id, _)| id)
    }

    fn remember(&self, error: impl Into<ModuleError>) {
        if self.error.get().is_none() {
            self.error.set(Some(error.into()));
        }
    }

    fn ty(&self, node: NodeId) -> Ty {
        self.arena.borrow().get(node).ty()
    }
}

/// An expression of the function being built.
#[derive(Clone, Copy, Debug)]
pub struct Expr<'m> {
    module: &'m ModuleBuilder,
    id: NodeId,
}

impl<'m> Expr<'m> {
    /// The type.
    pub fn ty(self) -> Ty {
        self.module.ty(self.id)
    }

    fn make(module: &'m ModuleBuilder, op: Op, children: &[NodeId]) -> Expr<'m> {
        let made = module.try_node(op, children).or_else(|error| {
            module.remember(error);
            // The remembered error decides; the node only has to exist.
            module.try_node(Op::Unreachable, &[])
        });
        // Only a full arena can refuse a leaf, and then node 0 exists.
        let id = made.unwrap_or(NodeId(0));
        Expr { module, id }
    }

    /// The operator `i`, `l`, `f` or `d` for an operand of type `i32`, `i64`, `f32` or `f64`.
    fn by_type(self, ops: [Option<NumOp>; 4], other: Expr<'m>) -> Expr<'m> {
        let op = match self.ty() {
            Ty::Value(Type::I32) => ops[0],
            Ty::Value(Type::I64) => ops[1],
            Ty::Value(Type::F32) => ops[2],
            Ty::Value(Type::F64) => ops[3],
            _ => None,
        };
        match op {
            Some(op) => Expr::make(self.module, Op::Num(op), &[self.id, other.id]),
            None => {
                let error = TypeError::NotAValue { child: 0 };
                self.module.remember(NodeError::Type(error));
                Expr::make(self.module, Op::Unreachable, &[])
            }
        }
    }

    fn i32(self, value: i32) -> Expr<'m> {
        Expr::make(self.module, Op::Const(Value::I32(value)), &[])
    }
}

/// Defines a method, by operand type, for operators that integers and floats (or only integers) have.
macro_rules! by_type {
    ($($(#[$doc:meta])* $name:ident: $i32:ident $i64:ident $($f32:ident $f64:ident)?;)*) => {
        impl<'m> Expr<'m> {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(self, other: Expr<'m>) -> Expr<'m> {
                let floats: [Option<NumOp>; 2] = by_type!(@floats $($f32 $f64)?);
                self.by_type(
                    [Some(NumOp::$i32), Some(NumOp::$i64), floats[0], floats[1]],
                    other,
                )
            })*
        }
    };
    (@floats) => { [None, None] };
    (@floats $f32:ident $f64:ident) => { [Some(NumOp::$f32), Some(NumOp::$f64)] };
}

by_type! {
    /// Sum.
    plus: I32Add I64Add F32Add F64Add;
    /// Difference.
    minus: I32Sub I64Sub F32Sub F64Sub;
    /// Product.
    times: I32Mul I64Mul F32Mul F64Mul;
    /// Quotient; integers are signed and truncate.
    quotient: I32DivS I64DivS F32Div F64Div;
    /// Signed remainder.
    remainder: I32RemS I64RemS;
    /// Bitwise and.
    bit_and: I32And I64And;
    /// Bitwise or.
    bit_or: I32Or I64Or;
    /// Bitwise exclusive or.
    bit_xor: I32Xor I64Xor;
    /// Shift left.
    shift_left: I32Shl I64Shl;
    /// Shift right with the sign.
    shift_right: I32ShrS I64ShrS;
    /// Whether equal.
    eq: I32Eq I64Eq F32Eq F64Eq;
    /// Whether not equal.
    ne: I32Ne I64Ne F32Ne F64Ne;
    /// Whether less; integers are signed.
    lt: I32LtS I64LtS F32Lt F64Lt;
    /// Whether greater; integers are signed.
    gt: I32GtS I64GtS F32Gt F64Gt;
    /// Whether less or equal; integers are signed.
    le: I32LeS I64LeS F32Le F64Le;
    /// Whether greater or equal; integers are signed.
    ge: I32GeS I64GeS F32Ge F64Ge;
}

macro_rules! operators {
    ($($trait:ident $method:ident $by:ident;)*) => {$(
        impl<'m> core::ops::$trait for Expr<'m> {
            type Output = Expr<'m>;
            fn $method(self, other: Expr<'m>) -> Expr<'m> {
                self.$by(other)
            }
        }

        impl<'m> core::ops::$trait<i32> for Expr<'m> {
            type Output = Expr<'m>;
            fn $method(self, other: i32) -> Expr<'m> {
                let other = self.i32(other);
                self.$by(other)
            }
        }
    )*};
}

operators! {
    Add add plus;
    Sub sub minus;
    Mul mul times;
    Div div quotient;
    Rem rem remainder;
    BitAnd bitand bit_and;
    BitOr bitor bit_or;
    BitXor bitxor bit_xor;
    Shl shl shift_left;
    Shr shr shift_right;
}

/// A parameter or local of the function being built.
#[derive(Clone, Copy, Debug)]
pub struct Local<'m> {
    module: &'m ModuleBuilder,
    index: u32,
    ty: Type,
}

impl<'m> Local<'m> {
    /// Its value at the time of evaluation.
    pub fn get(self) -> Expr<'m> {
        let op = Op::LocalGet {
            local: self.index,
            ty: self.ty,
        };
        Expr::make(self.module, op, &[])
    }

    /// Sets it.
    pub fn set(self, value: Expr<'m>) -> Expr<'m> {
        Expr::make(self.module, Op::LocalSet(self.index), &[value.id])
    }

    /// Its index; parameters come first.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Its type.
    pub fn ty(self) -> Type {
        self.ty
    }
}

/// A function in the making. Its `finish` gives it its body.
#[derive(Debug)]
pub struct FunctionBuilder<'m> {
    module: &'m ModuleBuilder,
    function: FunctionId,
    locals: RefCell<Vec<Type>>,
    params: usize,
}

impl<'m> FunctionBuilder<'m> {
    /// The function's index, for recursive calls and exports.
    pub fn id(&self) -> FunctionId {
        self.function
    }

    /// Parameter `index`. Asking for one that does not exist is a mistake that the verifier reports.
    pub fn param(&self, index: u32) -> Local<'m> {
        let ty = self.locals.borrow().get(index as usize).copied();
        Local {
            module: self.module,
            index,
            ty: ty.unwrap_or(Type::I32),
        }
    }

    /// Adds a local; it is zero at the start.
    pub fn local(&self, ty: Type) -> Local<'m> {
        let mut locals = self.locals.borrow_mut();
        if locals.len() >= limits::LOCALS_MAX {
            self.module.remember(ModuleError::TooMany("locals"));
        } else {
            locals.push(ty);
        }
        Local {
            module: self.module,
            index: locals.len() as u32 - 1,
            ty,
        }
    }

    /// Any operator over any children; the named methods below are shorter.
    pub fn node(&self, op: Op, children: impl IntoIterator<Item = Expr<'m>>) -> Expr<'m> {
        let children: Vec<NodeId> = children.into_iter().map(|child| child.id).collect();
        Expr::make(self.module, op, &children)
    }

    /// A constant.
    pub fn constant(&self, value: Value) -> Expr<'m> {
        self.node(Op::Const(value), [])
    }

    /// An `i32` constant.
    pub fn i32(&self, value: i32) -> Expr<'m> {
        self.constant(Value::I32(value))
    }

    /// An `i64` constant.
    pub fn i64(&self, value: i64) -> Expr<'m> {
        self.constant(Value::I64(value))
    }

    /// An `f32` constant.
    pub fn f32(&self, value: f32) -> Expr<'m> {
        self.constant(Value::F32(value))
    }

    /// An `f64` constant.
    pub fn f64(&self, value: f64) -> Expr<'m> {
        self.constant(Value::F64(value))
    }

    /// A numeric operator of one operand.
    pub fn unary(&self, op: NumOp, a: Expr<'m>) -> Expr<'m> {
        self.node(Op::Num(op), [a])
    }

    /// A numeric operator of two operands.
    pub fn binary(&self, op: NumOp, a: Expr<'m>, b: Expr<'m>) -> Expr<'m> {
        self.node(Op::Num(op), [a, b])
    }

    /// `a` if `condition` is not 0, else `b`; evaluates all three.
    pub fn select(&self, a: Expr<'m>, b: Expr<'m>, condition: Expr<'m>) -> Expr<'m> {
        self.node(Op::Select, [a, b, condition])
    }

    /// Reads memory at `address + offset`.
    pub fn load(&self, op: LoadOp, offset: u32, address: Expr<'m>) -> Expr<'m> {
        self.node(Op::Load { op, offset }, [address])
    }

    /// Writes memory at `address + offset`.
    pub fn store(&self, op: StoreOp, offset: u32, address: Expr<'m>, value: Expr<'m>) -> Expr<'m> {
        self.node(Op::Store { op, offset }, [address, value])
    }

    /// One after the other. No child gives nothing and does nothing.
    pub fn seq(&self, children: impl IntoIterator<Item = Expr<'m>>) -> Expr<'m> {
        self.node(Op::Seq, children)
    }

    /// A block that `break_` leaves.
    pub fn scope(&self, body: Expr<'m>) -> Expr<'m> {
        self.node(Op::Scope, [body])
    }

    /// Repeats `body` until `break_`.
    pub fn loop_(&self, body: Expr<'m>) -> Expr<'m> {
        self.node(Op::Loop, [body])
    }

    /// Evaluates `then` if `condition` is not 0.
    pub fn if_(&self, condition: Expr<'m>, then: Expr<'m>) -> Expr<'m> {
        self.node(Op::If, [condition, then])
    }

    /// Evaluates one of two ways, which may give a value.
    pub fn if_else(&self, condition: Expr<'m>, then: Expr<'m>, otherwise: Expr<'m>) -> Expr<'m> {
        self.node(Op::If, [condition, then, otherwise])
    }

    /// Evaluates the arm number `selector`, or `default` if there is none.
    pub fn switch(
        &self,
        selector: Expr<'m>,
        arms: impl IntoIterator<Item = Expr<'m>>,
        default: Expr<'m>,
    ) -> Expr<'m> {
        let children = core::iter::once(selector).chain(arms).chain([default]);
        self.node(Op::Switch, children)
    }

    /// Leaves the `depth`-th enclosing scope or loop; 0 is the innermost.
    pub fn break_(&self, depth: u32) -> Expr<'m> {
        self.node(Op::Break(depth), [])
    }

    /// Starts the next turn of the `depth`-th enclosing scope or loop, which must be a loop.
    pub fn continue_(&self, depth: u32) -> Expr<'m> {
        self.node(Op::Continue(depth), [])
    }

    /// Leaves the function.
    pub fn return_(&self, value: Option<Expr<'m>>) -> Expr<'m> {
        self.node(Op::Return, value)
    }

    /// Stops the program.
    pub fn unreachable(&self) -> Expr<'m> {
        self.node(Op::Unreachable, [])
    }

    /// Forgets a value.
    pub fn drop_(&self, value: Expr<'m>) -> Expr<'m> {
        self.node(Op::Drop, [value])
    }

    /// Calls a function of the module.
    pub fn call(
        &self,
        function: FunctionId,
        arguments: impl IntoIterator<Item = Expr<'m>>,
    ) -> Expr<'m> {
        let signature = self.module.signature(function);
        let op = Op::Call {
            function: function.0,
            result: signature.and_then(|signature| signature.result()),
        };
        self.node(op, arguments)
    }

    /// Calls imported code.
    pub fn call_import(
        &self,
        import: ImportId,
        arguments: impl IntoIterator<Item = Expr<'m>>,
    ) -> Expr<'m> {
        let signature = self.module.import_signature(import);
        let op = Op::CallImport {
            import: import.0,
            result: signature.and_then(|signature| signature.result()),
        };
        self.node(op, arguments)
    }

    /// Calls a shim and declares that the module uses it.
    pub fn shim(&self, shim: Shim, arguments: impl IntoIterator<Item = Expr<'m>>) -> Expr<'m> {
        self.module.uses(shim);
        self.node(Op::Shim(shim), arguments)
    }

    /// Repeats `body` while `condition` is not 0. Inside, `break_(0)` ends it and `continue_(0)` tests again.
    pub fn while_(&self, condition: Expr<'m>, body: Expr<'m>) -> Expr<'m> {
        let done = self.node(Op::Num(NumOp::I32Eqz), [condition]);
        self.loop_(self.seq([self.if_(done, self.break_(0)), body]))
    }

    /// Runs `body` with the `i32` local `counter` going from `from` up to but not including `to`, which is evaluated each
    /// time. `break_(0)` in the body ends the loop; `continue_(0)` would skip the increment.
    pub fn count(
        &self,
        counter: Local<'m>,
        from: Expr<'m>,
        to: Expr<'m>,
        body: Expr<'m>,
    ) -> Expr<'m> {
        let step = counter.set(counter.get() + 1);
        let rounds = self.while_(counter.get().lt(to), self.seq([body, step]));
        self.seq([counter.set(from), rounds])
    }

    /// Gives the function its body.
    pub fn finish(self, body: Expr<'m>) -> FunctionId {
        let locals = self.locals.into_inner().split_off(self.params);
        let mut parts = self.module.parts.borrow_mut();
        if let Some(function) = parts.functions.get_mut(self.function.0 as usize) {
            function.definition = Some((locals, body.id));
        }
        self.function
    }
}
