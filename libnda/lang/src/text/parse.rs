//! Reading the text form: items and headers.
//!
//! Two passes: first the items and the headers of all functions, so that calls may name what comes later, then the bodies
//! ([`super::body`]).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::cursor::Cursor;
use super::error::{ParseError, ParseErrorKind as Kind};
use super::lex::TokenKind;
use super::literal;
use crate::arena::Arena;
use crate::hash::Hash;
use crate::limits;
use crate::module::{CodeImport, DataSegment, Export, Module, Parts, Signature};
use crate::shim::Shim;
use crate::types::{MemoryType, Type};

pub(super) type Result<T> = core::result::Result<T, ParseError>;

/// Reads a module.
pub fn parse(source: &str) -> Result<Module> {
    if source.len() > limits::SOURCE_BYTES_MAX {
        return Err(ParseError::at(source, 0, Kind::TooMany("bytes")));
    }
    let mut parser = Parser {
        cursor: Cursor::new(source)?,
        parts: Parts::default(),
        headers: Vec::new(),
        functions: BTreeMap::new(),
        imports: BTreeMap::new(),
        exports: Vec::new(),
        arena: Arena::default(),
    };
    parser.module()?;
    parser.bodies()?;
    parser.resolve_exports()?;
    let end = source.len();
    Module::assemble(parser.parts, &parser.arena)
        .map_err(|error| ParseError::at(source, end, Kind::Module(error)))
}

pub(super) type Names<'a> = BTreeMap<&'a str, u32>;

/// A function whose body is still to be read.
pub(super) struct Header<'a> {
    pub(super) signature: Signature,
    pub(super) locals: Vec<Type>,
    pub(super) names: Names<'a>,
    /// The first token of the body.
    pub(super) body: usize,
}

pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) parts: Parts,
    pub(super) headers: Vec<Header<'a>>,
    pub(super) functions: Names<'a>,
    pub(super) imports: Names<'a>,
    /// Name, token of the function.
    exports: Vec<(String, usize)>,
    pub(super) arena: Arena,
}

/// Items and headers.
impl<'a> Parser<'a> {
    fn module(&mut self) -> Result<()> {
        self.cursor.open()?;
        self.cursor.keyword("module")?;
        while self.cursor.try_open() {
            let at = self.cursor.at;
            match self.cursor.atom("an item")? {
                "memory" => self.memory(at)?,
                "data" => self.data()?,
                "use" => self.uses()?,
                "import" => self.import()?,
                "func" => self.function()?,
                "export" => {
                    let name = self.cursor.name()?;
                    self.exports.push((name, self.cursor.at));
                    self.cursor.atom("a function")?;
                    self.cursor.close()?;
                }
                name => return Err(self.cursor.error_at(at, Kind::UnknownName(name.into()))),
            }
        }
        self.cursor.close()?;
        match self.cursor.peek(0) {
            None => Ok(()),
            Some(_) => Err(self
                .cursor
                .error(Kind::Expected("nothing after the module"))),
        }
    }

    fn memory(&mut self, at: usize) -> Result<()> {
        let min_pages = self.cursor.index("the pages at the start")?;
        let max_pages = if self.cursor.try_close() {
            min_pages
        } else {
            let max_pages = self.cursor.index("the pages at most")?;
            self.cursor.close()?;
            max_pages
        };
        let memory = MemoryType {
            min_pages,
            max_pages,
        };
        match self.parts.memory.replace(memory) {
            None => Ok(()),
            Some(_) => Err(self.cursor.error_at(at, Kind::SecondMemory)),
        }
    }

    fn data(&mut self) -> Result<()> {
        let offset = self.cursor.index("an offset")?;
        let bytes = self.cursor.string()?;
        self.parts.data.push(DataSegment { offset, bytes });
        self.cursor.close()
    }

    fn uses(&mut self) -> Result<()> {
        while !self.cursor.try_close() {
            let at = self.cursor.at;
            let name = self.cursor.atom("the name of a shim")?;
            let shim = Shim::from_name(name)
                .ok_or_else(|| self.cursor.error_at(at, Kind::UnknownName(name.into())))?;
            self.parts.uses.push(shim);
        }
        Ok(())
    }

    fn import(&mut self) -> Result<()> {
        let index = self.parts.imports.len() as u32;
        if let Some((at, name)) = self.cursor.try_dollar() {
            self.define(at, name, index, |parser| &mut parser.imports)?;
        }
        let at = self.cursor.at;
        let text = self.cursor.name()?;
        let hash = Hash::from_hex(&text).ok_or_else(|| {
            self.cursor
                .error_at(at, Kind::Expected("64 hexadecimal digits"))
        })?;
        let mut header = self.empty_header();
        while self.cursor.try_open() {
            match self.cursor.atom("param or result")? {
                "param" => self.params(&mut header)?,
                "result" => self.results(&mut header)?,
                _ => return Err(self.cursor.error_before(Kind::Expected("param or result"))),
            }
        }
        let signature = header.signature;
        self.parts.imports.push(CodeImport { hash, signature });
        self.cursor.close()
    }

    fn empty_header(&self) -> Header<'a> {
        Header {
            signature: Signature::default(),
            locals: Vec::new(),
            names: Names::new(),
            body: 0,
        }
    }

    fn function(&mut self) -> Result<()> {
        let index = self.headers.len() as u32;
        if self.headers.len() >= limits::FUNCTIONS_MAX {
            return Err(self.cursor.error(Kind::TooMany("functions")));
        }
        if let Some((at, name)) = self.cursor.try_dollar() {
            self.define(at, name, index, |parser| &mut parser.functions)?;
        }
        let mut header = self.empty_header();
        while self.cursor.peek_is_open() {
            match self.cursor.peek(1) {
                Some(TokenKind::Atom("export")) => {
                    self.cursor.at += 2;
                    let name = self.cursor.name()?;
                    self.parts.exports.push(Export {
                        name,
                        function: index,
                    });
                    self.cursor.close()?;
                }
                Some(TokenKind::Atom("param")) => {
                    self.cursor.at += 2;
                    if !header.locals.is_empty() {
                        return Err(self
                            .cursor
                            .error_before(Kind::Expected("parameters before locals")));
                    }
                    self.params(&mut header)?;
                }
                Some(TokenKind::Atom("result")) => {
                    self.cursor.at += 2;
                    self.results(&mut header)?;
                }
                Some(TokenKind::Atom("local")) => {
                    self.cursor.at += 2;
                    self.locals(&mut header)?;
                }
                _ => break,
            }
        }
        header.body = self.cursor.at;
        self.headers.push(header);
        self.skip_body()
    }

    /// Skips to after the parenthesis that closes the function.
    fn skip_body(&mut self) -> Result<()> {
        let mut depth = 1u32;
        while depth > 0 {
            match self.cursor.peek(0) {
                None => return Err(self.cursor.error(Kind::UnexpectedEnd)),
                Some(TokenKind::Open) => depth += 1,
                Some(TokenKind::Close) => depth -= 1,
                Some(_) => {}
            }
            self.cursor.at += 1;
        }
        Ok(())
    }

    fn params(&mut self, header: &mut Header<'a>) -> Result<()> {
        let mut params = core::mem::take(&mut header.signature.params);
        let result = self.declarations(&mut params, 0, &mut header.names, limits::PARAMS_MAX);
        header.signature.params = params;
        result
    }

    fn locals(&mut self, header: &mut Header<'a>) -> Result<()> {
        let first = header.signature.params.len() as u32;
        self.declarations(
            &mut header.locals,
            first,
            &mut header.names,
            limits::LOCALS_MAX,
        )
    }

    /// Reads `$name type` or `type*` and the closing parenthesis.
    fn declarations(
        &mut self,
        types: &mut Vec<Type>,
        first: u32,
        names: &mut Names<'a>,
        max: usize,
    ) -> Result<()> {
        if let Some((at, name)) = self.cursor.try_dollar() {
            let index = first + types.len() as u32;
            if names.insert(name, index).is_some() {
                return Err(self.cursor.error_at(at, Kind::DuplicateName(name.into())));
            }
            types.push(self.cursor.ty()?);
            return self.cursor.close();
        }
        while !self.cursor.try_close() {
            if types.len() >= max {
                return Err(self.cursor.error(Kind::TooMany("locals")));
            }
            types.push(self.cursor.ty()?);
        }
        Ok(())
    }

    fn results(&mut self, header: &mut Header<'a>) -> Result<()> {
        while !self.cursor.try_close() {
            let ty = self.cursor.ty()?;
            header.signature.results.push(ty);
        }
        Ok(())
    }

    fn resolve_exports(&mut self) -> Result<()> {
        for (name, at) in core::mem::take(&mut self.exports) {
            self.cursor.at = at;
            let function = self.callee(|parser| &parser.functions)?;
            self.parts.exports.push(Export { name, function });
        }
        Ok(())
    }

    fn define(
        &mut self,
        at: usize,
        name: &'a str,
        index: u32,
        names: impl for<'s> Fn(&'s mut Parser<'a>) -> &'s mut Names<'a>,
    ) -> Result<()> {
        match names(self).insert(name, index) {
            None => Ok(()),
            Some(_) => Err(self.cursor.error_at(at, Kind::DuplicateName(name.into()))),
        }
    }

    /// Reads a function's or an import's number or name.
    pub(super) fn callee(
        &mut self,
        names: impl for<'s> Fn(&'s Parser<'a>) -> &'s Names<'a>,
    ) -> Result<u32> {
        let text = self.cursor.atom("a function")?;
        let found = match text.strip_prefix('$') {
            Some(_) => names(self).get(text).copied(),
            None => literal::index(text),
        };
        found.ok_or_else(|| self.cursor.error_before(Kind::UndefinedName(text.into())))
    }
}
