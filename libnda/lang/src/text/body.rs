//! Reading the bodies of functions. The stack of open parentheses is on the heap.

use alloc::vec::Vec;

use super::error::ParseErrorKind as Kind;
use super::lex::TokenKind;
use super::literal;
use super::parse::{Names, Parser, Result};
use crate::access::{LoadOp, StoreOp};
use crate::arena::NodeError;
use crate::limits;
use crate::module::Function;
use crate::node::{NodeId, Op};
use crate::numeric::NumOp;
use crate::shim::Shim;

/// An open parenthesis in a body.
struct Open<'a> {
    /// The token after the parenthesis.
    at: usize,
    form: Form<'a>,
    children: Vec<NodeId>,
}

enum Form<'a> {
    /// A body or an arm: several nodes are a `seq`.
    Block(Arm),
    /// A scope or loop, which is also a block.
    Label(Op, Option<&'a str>),
    /// An `if` or `switch` with the arms so far.
    Choice(Op, Vec<Arm>),
    Plain(Op),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arm {
    Body,
    Then,
    Case,
    Else,
}

/// Bodies.
impl<'a> Parser<'a> {
    /// Reads the bodies of all functions whose headers have been read.
    pub(super) fn bodies(&mut self) -> Result<()> {
        let mut bodies = Vec::new();
        for header in core::mem::take(&mut self.headers) {
            bodies.push((header.body, header.names));
            self.parts.functions.push(Function {
                signature: header.signature,
                locals: header.locals,
                // The loop below gives each function its own.
                body: NodeId(0),
            });
        }
        for (index, (start, names)) in bodies.into_iter().enumerate() {
            self.cursor.at = start;
            self.parts.functions[index].body = self.body(index, &names)?;
        }
        Ok(())
    }

    fn body(&mut self, function: usize, names: &Names<'a>) -> Result<NodeId> {
        let mut stack = Vec::new();
        stack.push(Open {
            at: self.cursor.at,
            form: Form::Block(Arm::Body),
            children: Vec::new(),
        });
        loop {
            let at = self.cursor.at;
            let token = self.cursor.next()?;
            let (node, arm) = match token {
                TokenKind::Open => {
                    if stack.len() > limits::DEPTH_MAX as usize {
                        return Err(self.cursor.error_at(at, Kind::Node(NodeError::TooDeep)));
                    }
                    let open = self.open_form(&stack, names)?;
                    stack.push(open);
                    continue;
                }
                TokenKind::Close => {
                    let Some(open) = stack.pop() else {
                        return Err(self.cursor.error_at(at, Kind::Expected("a node")));
                    };
                    let arm = match open.form {
                        Form::Block(arm) => arm,
                        _ => Arm::Body,
                    };
                    (self.finish(open)?, arm)
                }
                TokenKind::Atom(text) => (self.leaf(at, text, function, names)?, Arm::Body),
                TokenKind::String(_) => {
                    return Err(self.cursor.error_at(at, Kind::Expected("a node")));
                }
            };
            match stack.last_mut() {
                None => return Ok(node),
                Some(open) => {
                    if !open.takes(arm) {
                        return Err(self
                            .cursor
                            .error_at(at, Kind::Expected("another kind of arm")));
                    }
                    if let Form::Choice(_, arms) = &mut open.form
                        && !open.children.is_empty()
                    {
                        arms.push(arm);
                    }
                    open.children.push(node);
                }
            }
        }
    }

    /// Reads what follows an opening parenthesis up to the first child.
    fn open_form(&mut self, stack: &[Open<'a>], names: &Names<'a>) -> Result<Open<'a>> {
        let at = self.cursor.at;
        let name = self.cursor.atom("an operator")?;
        let form = match name {
            "then" => Form::Block(Arm::Then),
            "else" => Form::Block(Arm::Else),
            "case" => Form::Block(Arm::Case),
            "scope" => Form::Label(Op::Scope, self.cursor.try_dollar().map(|(_, name)| name)),
            "loop" => Form::Label(Op::Loop, self.cursor.try_dollar().map(|(_, name)| name)),
            "if" => Form::Choice(Op::If, Vec::new()),
            "switch" => Form::Choice(Op::Switch, Vec::new()),
            "break" => Form::Plain(Op::Break(self.label(stack)?)),
            "continue" => Form::Plain(Op::Continue(self.label(stack)?)),
            "set" => {
                let at = self.cursor.at;
                let text = self.cursor.atom("a local")?;
                Form::Plain(Op::LocalSet(self.local(at, text, names)?))
            }
            "call" => {
                let function = self.callee(|parser| &parser.functions)?;
                let callee = self.parts.functions.get(function as usize);
                Form::Plain(Op::Call {
                    function,
                    result: callee.and_then(|callee| callee.signature.result()),
                })
            }
            "call_import" => {
                let import = self.callee(|parser| &parser.imports)?;
                let callee = self.parts.imports.get(import as usize);
                Form::Plain(Op::CallImport {
                    import,
                    result: callee.and_then(|callee| callee.signature.result()),
                })
            }
            name => Form::Plain(self.operator(at, name)?),
        };
        Ok(Open {
            at,
            form,
            children: Vec::new(),
        })
    }

    fn operator(&mut self, at: usize, name: &str) -> Result<Op> {
        if let Some(op) = NumOp::from_name(name) {
            return Ok(Op::Num(op));
        }
        if let Some(op) = LoadOp::from_name(name) {
            let offset = self.offset()?;
            return Ok(Op::Load { op, offset });
        }
        if let Some(op) = StoreOp::from_name(name) {
            let offset = self.offset()?;
            return Ok(Op::Store { op, offset });
        }
        if let Some(shim) = Shim::from_name(name) {
            return Ok(Op::Shim(shim));
        }
        match name {
            "seq" => Ok(Op::Seq),
            "return" => Ok(Op::Return),
            "unreachable" => Ok(Op::Unreachable),
            "drop" => Ok(Op::Drop),
            "select" => Ok(Op::Select),
            "memory.size" => Ok(Op::MemorySize),
            "memory.grow" => Ok(Op::MemoryGrow),
            _ => Err(self.cursor.error_at(at, Kind::UnknownName(name.into()))),
        }
    }

    fn offset(&mut self) -> Result<u32> {
        let Some(TokenKind::Atom(text)) = self.cursor.peek(0) else {
            return Ok(0);
        };
        let Some(number) = text.strip_prefix("offset=") else {
            return Ok(0);
        };
        let offset = literal::index(number)
            .ok_or_else(|| self.cursor.error(Kind::BadLiteral((*text).into())))?;
        self.cursor.at += 1;
        Ok(offset)
    }

    /// The number of the label that follows, 0 if none does.
    fn label(&mut self, stack: &[Open<'a>]) -> Result<u32> {
        let Some(TokenKind::Atom(text)) = self.cursor.peek(0).cloned() else {
            return Ok(0);
        };
        let labels = stack.iter().rev().filter_map(|open| match open.form {
            Form::Label(_, name) => Some(name),
            _ => None,
        });
        let found = match text.strip_prefix('$') {
            Some(_) => labels
                .into_iter()
                .position(|label| label == Some(text))
                .map(|n| n as u32),
            None => literal::index(text),
        };
        let found = found.ok_or_else(|| self.cursor.error(Kind::UndefinedName(text.into())))?;
        self.cursor.at += 1;
        Ok(found)
    }

    /// A literal or a local.
    fn leaf(
        &mut self,
        at: usize,
        text: &str,
        function: usize,
        names: &Names<'a>,
    ) -> Result<NodeId> {
        let op = if text.starts_with('$') {
            let local = self.local(at, text, names)?;
            let ty = self.parts.functions[function].local(local);
            let ty =
                ty.ok_or_else(|| self.cursor.error_at(at, Kind::UndefinedName(text.into())))?;
            Op::LocalGet { local, ty }
        } else {
            let value = literal::value(text)
                .ok_or_else(|| self.cursor.error_at(at, Kind::BadLiteral(text.into())))?;
            Op::Const(value)
        };
        self.intern(at, op, &[])
    }

    fn local(&self, at: usize, text: &str, names: &Names<'a>) -> Result<u32> {
        let number = text.strip_prefix('$').and_then(literal::index);
        names
            .get(text)
            .copied()
            .or(number)
            .ok_or_else(|| self.cursor.error_at(at, Kind::UndefinedName(text.into())))
    }

    fn finish(&mut self, open: Open<'a>) -> Result<NodeId> {
        let Open { at, form, children } = open;
        match form {
            Form::Plain(op) => self.intern(at, op, &children),
            Form::Block(_) => self.block(at, &children),
            Form::Label(op, _) => {
                let body = self.block(at, &children)?;
                self.intern(at, op, &[body])
            }
            Form::Choice(op, arms) => {
                let complete = match (op, &arms[..]) {
                    (Op::If, arms) => matches!(arms, [Arm::Then] | [Arm::Then, Arm::Else]),
                    (_, arms) => arms.last() == Some(&Arm::Else),
                };
                if !complete {
                    return Err(self
                        .cursor
                        .error_at(at, Kind::Expected("the arms of the choice")));
                }
                self.intern(at, op, &children)
            }
        }
    }

    fn block(&mut self, at: usize, children: &[NodeId]) -> Result<NodeId> {
        match children {
            [only] => Ok(*only),
            _ => self.intern(at, Op::Seq, children),
        }
    }

    fn intern(&mut self, at: usize, op: Op, children: &[NodeId]) -> Result<NodeId> {
        match self.arena.intern(op, children) {
            Ok((node, _)) => Ok(node),
            Err(error) => Err(self.cursor.error_at(at, Kind::Node(error))),
        }
    }
}

impl Open<'_> {
    /// Whether a child that is an arm of this kind, or [`Arm::Body`] for a plain node, may come next.
    fn takes(&self, arm: Arm) -> bool {
        let Form::Choice(op, arms) = &self.form else {
            return arm == Arm::Body;
        };
        if self.children.is_empty() {
            return arm == Arm::Body;
        }
        match (op, arms.last()) {
            (Op::If, None) => arm == Arm::Then,
            (Op::If, Some(last)) => *last == Arm::Then && arm == Arm::Else,
            (_, Some(Arm::Else)) => false,
            (_, _) => matches!(arm, Arm::Case | Arm::Else),
        }
    }
}
