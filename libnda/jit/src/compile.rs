//! From a module to a blob: compiles each function, lays them out, resolves the calls between them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self, ExternalName};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::FunctionBuilderContext;
use nda_lang::{Hash, VerifiedModule};
use nda_runtime::context::FRAME_BYTES_MAX;

use crate::adapter;
use crate::options::Options;
use crate::translate::{self, Scene};

/// Nodes of a function, sharing undone, that are compiled. The register allocator's time is quadratic in the number of
/// blocks that one value lives through: 10,000 `if`s in a row take a second, 40,000 take 20.
pub const FUNCTION_NODES_MAX: u32 = 1 << 16;
/// Functions in a blob start at multiples of this.
const FUNCTION_ALIGN: usize = 16;
/// Bytes of a blob at most: direct calls reach 2 GiB, the code region has 1.
const CODE_BYTES_MAX: usize = 256 << 20;
/// Fills the space between functions: `int3`.
const PADDING: u8 = 0xcc;

/// Why a module was not compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JitError {
    /// The code generator does not take these options.
    Target,
    /// The module calls imported code, and the compiler does not link code yet.
    UnresolvedImport(Hash),
    /// The function has more than [`FUNCTION_NODES_MAX`] nodes, or exceeds a limit of the code generator.
    TooLarge {
        /// The function.
        function: u32,
    },
    /// The function needs more stack than [`FRAME_BYTES_MAX`].
    FrameTooLarge {
        /// The function.
        function: u32,
        /// Bytes that it needs.
        bytes: usize,
    },
    /// The code generator refused what was built for the function: a defect of this crate, never of the module.
    Internal {
        /// The function.
        function: u32,
    },
}

impl fmt::Display for JitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JitError::Target => f.write_str("the code generator does not take these options"),
            JitError::UnresolvedImport(hash) => write!(f, "the code {hash} is not available"),
            JitError::TooLarge { function } => write!(f, "function {function} is too large"),
            JitError::FrameTooLarge { function, bytes } => write!(
                f,
                "function {function} needs {bytes} bytes of stack, {FRAME_BYTES_MAX} are allowed"
            ),
            JitError::Internal { function } => {
                write!(f, "the code generator refused function {function}")
            }
        }
    }
}

impl core::error::Error for JitError {}

/// An exported function in a blob.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompiledExport {
    /// The name.
    pub name: String,
    /// The function's index in the module.
    pub function: u32,
    /// Where its entry adapter starts: `fn(context, values)`, for hosts.
    pub entry: u32,
    /// Where the function itself starts: `fn(context, arguments…)`, for compiled callers.
    pub native: u32,
}

/// Machine code of a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompiledModule {
    /// The code: position-independent, to be placed at a multiple of 16 and executed as it is.
    pub code: Vec<u8>,
    /// Exports, in order of name, as in the module.
    pub exports: Vec<CompiledExport>,
    /// Where each function of the module starts, ascending.
    pub functions: Vec<u32>,
}

impl CompiledModule {
    /// The export of this name.
    pub fn export(&self, name: &str) -> Option<&CompiledExport> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// The index of the function that the byte at `offset` belongs to; entry adapters belong to none.
    pub fn function_at(&self, offset: u32) -> Option<u32> {
        let adapters = self.exports.iter().map(|export| export.entry).min();
        if adapters.is_some_and(|start| offset >= start) || offset as usize >= self.code.len() {
            return None;
        }
        let after = self.functions.partition_point(|start| *start <= offset);
        after.checked_sub(1).map(|index| index as u32)
    }
}

/// Compiles `module` once. Who compiles more often keeps a [`Compiler`].
pub fn compile(module: &VerifiedModule, options: &Options) -> Result<CompiledModule, JitError> {
    Compiler::new(options)?.compile(module)
}

/// The code generator with its working memory, kept warm from module to module.
pub struct Compiler {
    options: Options,
    target: OwnedTargetIsa,
    context: Context,
    builder: FunctionBuilderContext,
}

impl fmt::Debug for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiler")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A call to be resolved.
struct Call {
    /// Where the 32-bit displacement is.
    at: usize,
    /// Index of the function called.
    callee: u32,
    addend: i64,
}

impl Compiler {
    /// A compiler for these options.
    pub fn new(options: &Options) -> Result<Compiler, JitError> {
        Ok(Compiler {
            options: *options,
            target: options.target()?,
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
        })
    }

    /// Compiles `module`. Time grows about linearly with the module's nodes, sharing undone.
    pub fn compile(&mut self, module: &VerifiedModule) -> Result<CompiledModule, JitError> {
        if let Some(import) = module.imports().first() {
            return Err(JitError::UnresolvedImport(import.hash));
        }
        // Cloning shares the target; the scene must not borrow the compiler.
        let target = self.target.clone();
        let scene = Scene::new(module, &*target, &self.options);
        let mut code = Vec::new();
        let mut calls = Vec::new();
        let mut functions = Vec::new();
        for index in 0..module.functions().len() as u32 {
            let body = module.functions()[index as usize].body;
            if module.node(body).tree_size() > FUNCTION_NODES_MAX {
                return Err(JitError::TooLarge { function: index });
            }
            translate::function(&mut self.context.func, &mut self.builder, &scene, index);
            functions.push(self.emit(index, &mut code, &mut calls)?);
        }
        let mut exports: Vec<CompiledExport> = Vec::new();
        // Two names of one function share the adapter.
        let mut entries: BTreeMap<u32, u32> = BTreeMap::new();
        for export in module.exports() {
            let function = export.function;
            let entry = match entries.get(&function) {
                Some(entry) => *entry,
                None => {
                    adapter::entry(&mut self.context.func, &mut self.builder, &scene, function);
                    let entry = self.emit(function, &mut code, &mut calls)?;
                    entries.insert(function, entry);
                    entry
                }
            };
            exports.push(CompiledExport {
                name: export.name.clone(),
                function,
                entry,
                native: functions[function as usize],
            });
        }
        for call in calls {
            resolve(&mut code, &call, functions[call.callee as usize])?;
        }
        Ok(CompiledModule {
            code,
            exports,
            functions,
        })
    }

    /// Generates code for the function in the context and appends it. Gives where it starts.
    fn emit(
        &mut self,
        function: u32,
        code: &mut Vec<u8>,
        calls: &mut Vec<Call>,
    ) -> Result<u32, JitError> {
        self.context
            .compile(&*self.target, &mut ControlPlane::default())
            .map_err(|error| error_of(&error.inner, function))?;
        let compiled = self
            .context
            .take_compiled_code()
            .ok_or(JitError::Internal { function })?;
        let frame = compiled
            .buffer
            .frame_layout()
            .map_or(0, |frame| frame.frame_to_fp_offset);
        if frame as usize > FRAME_BYTES_MAX {
            return Err(JitError::FrameTooLarge {
                function,
                bytes: frame as usize,
            });
        }
        code.resize(code.len().next_multiple_of(FUNCTION_ALIGN), PADDING);
        let start = code.len();
        code.extend_from_slice(compiled.code_buffer());
        if code.len() > CODE_BYTES_MAX {
            return Err(JitError::TooLarge { function });
        }
        for reloc in compiled.buffer.relocs() {
            let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = reloc.target else {
                return Err(JitError::Internal { function });
            };
            if reloc.kind != Reloc::X86CallPCRel4 {
                return Err(JitError::Internal { function });
            }
            let names = self.context.func.params.user_named_funcs();
            calls.push(Call {
                at: start + reloc.offset as usize,
                callee: names[name].index,
                addend: reloc.addend,
            });
        }
        self.context.clear();
        Ok(start as u32)
    }
}

fn error_of(error: &cranelift_codegen::CodegenError, function: u32) -> JitError {
    use cranelift_codegen::CodegenError;
    match error {
        CodegenError::ImplLimitExceeded | CodegenError::CodeTooLarge => {
            JitError::TooLarge { function }
        }
        _ => JitError::Internal { function },
    }
}

/// Writes the displacement of a direct call: target + addend - place.
fn resolve(code: &mut [u8], call: &Call, target: u32) -> Result<(), JitError> {
    let internal = JitError::Internal {
        function: call.callee,
    };
    let displacement = i64::from(target) + call.addend - call.at as i64;
    let displacement = i32::try_from(displacement).map_err(|_| internal)?;
    let place = code.get_mut(call.at..call.at + 4).ok_or(internal)?;
    place.copy_from_slice(&displacement.to_le_bytes());
    Ok(())
}

/// The name by which compiled functions call function `index` of their module.
pub(crate) fn name_of(func: &mut ir::Function, index: u32) -> ExternalName {
    let name = ir::UserExternalName::new(0, index);
    ExternalName::user(func.declare_imported_user_function(name))
}
