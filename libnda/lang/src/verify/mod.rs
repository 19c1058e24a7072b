//! The verifier: decides whether the parts of a module fit each other.
//!
//! A [`Module`] is already well-typed node by node; this checks what needs a context: locals and calls against their
//! declarations, `break` and `continue` against the nesting, bodies and returns against signatures, effects against the
//! declared imports. Whatever passes runs without any further check of types, in the interpreter and compiled, and only
//! traps can stop it. [`VerifiedModule`] is the proof: it can only be made here.

mod error;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::ops::Deref;

pub use error::{VerifyError, VerifyErrorKind};

use crate::limits;
use crate::module::{Function, Module, Signature};
use crate::node::{NodeId, Op, Ty};
use crate::types::{PAGE_BYTES, Type};
use crate::walk::Step;

use VerifyErrorKind as Kind;

/// A module that passed the verifier. Derefs to the [`Module`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedModule(Module);

impl VerifiedModule {
    /// Gives the module back.
    pub fn into_module(self) -> Module {
        self.0
    }
}

impl Deref for VerifiedModule {
    type Target = Module;

    fn deref(&self) -> &Module {
        &self.0
    }
}

/// Verifies `module`. Time is in proportion to its functions with sharing undone.
pub fn verify(module: Module) -> Result<VerifiedModule, VerifyError> {
    check(&module)?;
    Ok(VerifiedModule(module))
}

/// Checks `module` without taking it.
pub fn check(module: &Module) -> Result<(), VerifyError> {
    check_items(module).map_err(|kind| VerifyError {
        function: None,
        node: None,
        kind,
    })?;
    for (index, function) in module.functions().iter().enumerate() {
        let index = index as u32;
        check_header(function).map_err(|kind| VerifyError {
            function: Some(index),
            node: None,
            kind,
        })?;
        let mut body = Body {
            module,
            function,
            labels: Vec::new(),
        };
        body.check().map_err(|(node, kind)| VerifyError {
            function: Some(index),
            node: Some(node),
            kind,
        })?;
    }
    Ok(())
}

fn check_items(module: &Module) -> Result<(), Kind> {
    if let Some(memory) = module.memory()
        && (memory.min_pages > memory.max_pages || memory.max_pages > limits::PAGES_MAX)
    {
        return Err(Kind::BadMemorySize);
    }
    let memory_bytes = module
        .memory()
        .map_or(0, |memory| u64::from(memory.min_pages) * PAGE_BYTES);
    for (index, segment) in module.data().iter().enumerate() {
        if u64::from(segment.offset) + segment.bytes.len() as u64 > memory_bytes {
            return Err(Kind::DataOutsideMemory {
                segment: index as u32,
            });
        }
    }
    for import in module.imports() {
        check_signature(&import.signature)?;
    }
    for (index, export) in module.exports().iter().enumerate() {
        if module.functions().get(export.function as usize).is_none() {
            return Err(Kind::NoSuchFunction(export.function));
        }
        if index > 0 && module.exports()[index - 1].name == export.name {
            return Err(Kind::DuplicateExport(export.name.clone()));
        }
    }
    Ok(())
}

fn check_header(function: &Function) -> Result<(), Kind> {
    check_signature(&function.signature)?;
    function.locals.iter().try_for_each(|ty| check_type(*ty))
}

fn check_signature(signature: &Signature) -> Result<(), Kind> {
    if signature.results.len() > 1 {
        return Err(Kind::SeveralResults);
    }
    let mut types = signature.params.iter().chain(&signature.results);
    types.try_for_each(|ty| check_type(*ty))
}

fn check_type(ty: Type) -> Result<(), Kind> {
    match ty {
        Type::I32 | Type::I64 | Type::F32 | Type::F64 => Ok(()),
        Type::V128 => Err(Kind::VectorsReserved),
    }
}

/// What `break` and `continue` can name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Scope,
    Loop,
}

/// One function under check.
struct Body<'m> {
    module: &'m Module,
    function: &'m Function,
    labels: Vec<Label>,
}

impl Body<'_> {
    fn check(&mut self) -> Result<(), (NodeId, Kind)> {
        let root = self.function.body;
        for step in self.module.walk(root) {
            match step {
                Step::Enter(id) => {
                    self.check_node(id).map_err(|kind| (id, kind))?;
                    match self.module.node(id).op() {
                        Op::Scope => self.labels.push(Label::Scope),
                        Op::Loop => self.labels.push(Label::Loop),
                        _ => {}
                    }
                }
                Step::Child(..) => {}
                Step::Leave(id) => {
                    if matches!(self.module.node(id).op(), Op::Scope | Op::Loop) {
                        self.labels.pop();
                    }
                }
            }
        }
        let expected = self.function.signature.result();
        match (self.module.node(root).ty(), expected) {
            (Ty::Never, _) | (Ty::Unit, None) => Ok(()),
            (Ty::Value(found), Some(expected)) if found == expected => Ok(()),
            (found, _) => Err((root, Kind::BodyType { expected, found })),
        }
    }

    fn check_node(&self, id: NodeId) -> Result<(), Kind> {
        let node = self.module.node(id);
        match node.op() {
            Op::LocalGet { local, ty } => self.check_local(local, ty),
            Op::LocalSet(local) => match self.child_ty(id, 0) {
                Ty::Value(ty) => self.check_local(local, ty),
                found => Err(Kind::LocalType { local, found }),
            },
            Op::Break(depth) => self.label(depth).map(drop),
            Op::Continue(depth) => match self.label(depth)? {
                Label::Loop => Ok(()),
                Label::Scope => Err(Kind::ContinueOfScope { depth }),
            },
            Op::Return => self.check_return(id),
            Op::Call { function, result } => {
                let callee = self.module.functions().get(function as usize);
                let callee = callee.ok_or(Kind::NoSuchFunction(function))?;
                self.check_call(id, &callee.signature, result)
            }
            Op::CallImport { import, result } => {
                let callee = self.module.imports().get(import as usize);
                let callee = callee.ok_or(Kind::NoSuchImport(import))?;
                self.check_call(id, &callee.signature, result)
            }
            Op::Shim(shim) => {
                if self.module.uses().binary_search(&shim).is_err() {
                    return Err(Kind::UndeclaredShim(shim));
                }
                let touches_memory = shim.effects().contains(crate::node::Effects::READS_MEMORY);
                self.check_memory(touches_memory)
            }
            Op::Load { .. } | Op::Store { .. } | Op::MemorySize | Op::MemoryGrow => {
                self.check_memory(true)
            }
            _ => Ok(()),
        }
    }

    fn child_ty(&self, id: NodeId, child: usize) -> Ty {
        let child = self.module.node(id).children()[child];
        self.module.node(child).ty()
    }

    fn check_memory(&self, needed: bool) -> Result<(), Kind> {
        if needed && self.module.memory().is_none() {
            return Err(Kind::NoMemory);
        }
        Ok(())
    }

    fn check_local(&self, local: u32, found: Type) -> Result<(), Kind> {
        match self.function.local(local) {
            None => Err(Kind::NoSuchLocal(local)),
            Some(ty) if ty == found => Ok(()),
            Some(_) => Err(Kind::LocalType {
                local,
                found: Ty::Value(found),
            }),
        }
    }

    fn label(&self, depth: u32) -> Result<Label, Kind> {
        let index = self.labels.len().checked_sub(depth as usize + 1);
        let index = index.ok_or(Kind::NoSuchLabel { depth })?;
        Ok(self.labels[index])
    }

    fn check_return(&self, id: NodeId) -> Result<(), Kind> {
        let found = match self.module.node(id).children() {
            [] => Ty::Unit,
            [child] => self.module.node(*child).ty(),
            _ => return Err(Kind::SeveralResults),
        };
        let expected = self.function.signature.result();
        if found == expected.map_or(Ty::Unit, Ty::Value) {
            Ok(())
        } else {
            Err(Kind::ReturnType { expected, found })
        }
    }

    fn check_call(
        &self,
        id: NodeId,
        signature: &Signature,
        result: Option<Type>,
    ) -> Result<(), Kind> {
        let arguments = self.module.node(id).children();
        if arguments.len() != signature.params.len() {
            return Err(Kind::ArgumentCount {
                expected: signature.params.len(),
                found: arguments.len(),
            });
        }
        for (argument, expected) in signature.params.iter().enumerate() {
            let found = self.child_ty(id, argument);
            if found != Ty::Value(*expected) {
                return Err(Kind::ArgumentType {
                    argument,
                    expected: *expected,
                    found,
                });
            }
        }
        if result != signature.result() {
            return Err(Kind::CallResult);
        }
        Ok(())
    }
}
