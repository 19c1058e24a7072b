//! Writing the text form: canonical, statements on lines of their own, expressions within a line.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::module::{Function, Module, Signature};
use crate::node::{NodeId, Op, Ty};
use crate::types::Type;
use crate::walk::Step;

/// Columns of indentation at most, so that the text of a deep program stays in proportion to its nodes.
const INDENT_MAX: usize = 40;

/// The text form of `module`.
pub fn print(module: &Module) -> String {
    let mut printer = Printer {
        module,
        out: String::from("(module"),
        indent: 2,
    };
    printer.items();
    printer.out.push_str(")\n");
    printer.out
}

struct Printer<'m> {
    module: &'m Module,
    out: String,
    indent: usize,
}

impl Printer<'_> {
    /// Appends formatted text.
    fn put(&mut self, text: core::fmt::Arguments<'_>) {
        self.out
            .write_fmt(text)
            .expect("writing to a string does not fail");
    }

    fn line(&mut self) {
        self.out.push('\n');
        let columns = self.indent.min(INDENT_MAX);
        self.out.extend(core::iter::repeat_n(' ', columns));
    }

    fn items(&mut self) {
        let module = self.module;
        if let Some(memory) = module.memory() {
            self.line();
            self.put(format_args!(
                "(memory {} {})",
                memory.min_pages, memory.max_pages
            ));
        }
        for segment in module.data() {
            self.line();
            self.put(format_args!("(data {} ", segment.offset));
            self.string(&segment.bytes);
            self.out.push(')');
        }
        if !module.uses().is_empty() {
            self.line();
            self.out.push_str("(use");
            for shim in module.uses() {
                self.put(format_args!(" {}", shim.name()));
            }
            self.out.push(')');
        }
        for import in module.imports() {
            self.line();
            self.put(format_args!("(import \"{}\"", import.hash));
            self.signature(&import.signature);
            self.out.push(')');
        }
        for function in module.functions() {
            self.line();
            self.out.push_str("(func");
            self.function(function);
            self.out.push(')');
        }
        for export in module.exports() {
            self.line();
            self.out.push_str("(export ");
            self.string(export.name.as_bytes());
            self.put(format_args!(" {})", export.function));
        }
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push('"');
        for byte in bytes {
            match byte {
                b'\n' => self.out.push_str("\\n"),
                b'\t' => self.out.push_str("\\t"),
                b'\r' => self.out.push_str("\\r"),
                b'"' => self.out.push_str("\\\""),
                b'\\' => self.out.push_str("\\\\"),
                b' '..=b'~' => self.out.push(*byte as char),
                _ => self.put(format_args!("\\{byte:02x}")),
            }
        }
        self.out.push('"');
    }

    fn signature(&mut self, signature: &Signature) {
        self.types("param", &signature.params);
        self.types("result", &signature.results);
    }

    fn types(&mut self, keyword: &str, types: &[Type]) {
        if types.is_empty() {
            return;
        }
        self.put(format_args!(" ({keyword}"));
        for ty in types {
            self.put(format_args!(" {ty}"));
        }
        self.out.push(')');
    }

    fn function(&mut self, function: &Function) {
        self.signature(&function.signature);
        self.types("local", &function.locals);
        self.indent += 2;
        // For each open node whether it is printed in parentheses of its own.
        let mut shown: Vec<bool> = Vec::new();
        // The next node stands in a block, where a `seq` needs no parentheses.
        let mut in_block = true;
        for step in self.module.walk(function.body) {
            match step {
                Step::Enter(id) => {
                    let is_shown = !(in_block && self.is_several(id));
                    if is_shown {
                        self.enter(id);
                    }
                    shown.push(is_shown);
                }
                Step::Child(id, child) => {
                    let op = self.module.node(id).op();
                    in_block = matches!(op, Op::Scope | Op::Loop) || child > 0 && is_choice(op);
                    if child > 0 && is_choice(op) {
                        self.begin_arm(id, child);
                    }
                }
                Step::Leave(id) => {
                    if shown.pop() == Some(true) {
                        self.leave(id);
                    }
                }
            }
        }
        self.indent -= 2;
    }

    fn is_several(&self, id: NodeId) -> bool {
        let node = self.module.node(id);
        node.op() == Op::Seq && node.children().len() != 1
    }

    fn enter(&mut self, id: NodeId) {
        let node = self.module.node(id);
        match node.ty() {
            Ty::Value(_) => self.out.push(' '),
            Ty::Unit | Ty::Never => self.line(),
        }
        match node.op() {
            Op::Const(value) => self.put(format_args!("{value}")),
            Op::LocalGet { local, .. } => self.put(format_args!("${local}")),
            op => {
                self.out.push('(');
                self.operator(op);
                self.indent += 2;
            }
        }
    }

    fn operator(&mut self, op: Op) {
        match op {
            Op::Unreachable => self.out.push_str("unreachable"),
            Op::Seq => self.out.push_str("seq"),
            Op::Scope => self.out.push_str("scope"),
            Op::Loop => self.out.push_str("loop"),
            Op::If => self.out.push_str("if"),
            Op::Switch => self.out.push_str("switch"),
            Op::Break(depth) => self.put(format_args!("break {depth}")),
            Op::Continue(depth) => self.put(format_args!("continue {depth}")),
            Op::Return => self.out.push_str("return"),
            Op::Call { function, .. } => self.put(format_args!("call {function}")),
            Op::CallImport { import, .. } => self.put(format_args!("call_import {import}")),
            Op::Shim(shim) => self.out.push_str(shim.name()),
            Op::Drop => self.out.push_str("drop"),
            Op::Select => self.out.push_str("select"),
            Op::LocalSet(local) => self.put(format_args!("set ${local}")),
            Op::Load { op, offset } => self.access(op.name(), offset),
            Op::Store { op, offset } => self.access(op.name(), offset),
            Op::MemorySize => self.out.push_str("memory.size"),
            Op::MemoryGrow => self.out.push_str("memory.grow"),
            Op::Num(op) => self.out.push_str(op.name()),
            // `enter` prints these without parentheses.
            Op::Const(_) | Op::LocalGet { .. } => {}
        }
    }

    fn access(&mut self, name: &str, offset: u32) {
        self.out.push_str(name);
        if offset != 0 {
            self.put(format_args!(" offset={offset}"));
        }
    }

    /// Opens arm `child` of a choice, after closing the one before.
    fn begin_arm(&mut self, id: NodeId, child: usize) {
        if child > 1 {
            self.out.push(')');
            self.indent -= 2;
        }
        let node = self.module.node(id);
        let is_last = child + 1 == node.children().len();
        self.line();
        self.out.push_str(match node.op() {
            Op::If if child == 1 => "(then",
            Op::Switch if !is_last => "(case",
            _ => "(else",
        });
        self.indent += 2;
    }

    fn leave(&mut self, id: NodeId) {
        match self.module.node(id).op() {
            Op::Const(_) | Op::LocalGet { .. } => {}
            op => {
                if is_choice(op) {
                    self.out.push(')');
                    self.indent -= 2;
                }
                self.out.push(')');
                self.indent -= 2;
            }
        }
    }
}

fn is_choice(op: Op) -> bool {
    matches!(op, Op::If | Op::Switch)
}
