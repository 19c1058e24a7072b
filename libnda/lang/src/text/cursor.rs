//! A place in the list of tokens, and what can be expected there.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::{ParseError, ParseErrorKind as Kind};
use super::lex::{Token, TokenKind, tokens};
use super::literal;
use super::parse::Result;
use crate::types::Type;

/// The tokens of a text and the next one.
pub(super) struct Cursor<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    /// Index of the next token.
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The start of `source`.
    pub(super) fn new(source: &'a str) -> Result<Cursor<'a>> {
        Ok(Cursor {
            source,
            tokens: tokens(source)?,
            at: 0,
        })
    }

    pub(super) fn error_at(&self, token: usize, kind: Kind) -> ParseError {
        let offset = self
            .tokens
            .get(token)
            .map_or(self.source.len(), |token| token.offset);
        ParseError::at(self.source, offset, kind)
    }

    pub(super) fn error(&self, kind: Kind) -> ParseError {
        self.error_at(self.at, kind)
    }

    pub(super) fn error_before(&self, kind: Kind) -> ParseError {
        self.error_at(self.at.saturating_sub(1), kind)
    }

    pub(super) fn next(&mut self) -> Result<TokenKind<'a>> {
        let token = self
            .tokens
            .get(self.at)
            .ok_or_else(|| self.error(Kind::UnexpectedEnd))?;
        let kind = token.kind.clone();
        self.at += 1;
        Ok(kind)
    }

    pub(super) fn peek_is_open(&self) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| token.kind == TokenKind::Open)
    }

    pub(super) fn try_open(&mut self) -> bool {
        let found = self.peek_is_open();
        self.at += usize::from(found);
        found
    }

    pub(super) fn try_close(&mut self) -> bool {
        let found = self
            .tokens
            .get(self.at)
            .is_some_and(|token| token.kind == TokenKind::Close);
        self.at += usize::from(found);
        found
    }

    pub(super) fn open(&mut self) -> Result<()> {
        match self.next()? {
            TokenKind::Open => Ok(()),
            _ => Err(self.error_before(Kind::Expected("an opening parenthesis"))),
        }
    }

    pub(super) fn close(&mut self) -> Result<()> {
        match self.next()? {
            TokenKind::Close => Ok(()),
            _ => Err(self.error_before(Kind::Expected("a closing parenthesis"))),
        }
    }

    pub(super) fn atom(&mut self, what: &'static str) -> Result<&'a str> {
        match self.next()? {
            TokenKind::Atom(text) => Ok(text),
            _ => Err(self.error_before(Kind::Expected(what))),
        }
    }

    pub(super) fn keyword(&mut self, word: &'static str) -> Result<()> {
        if self.atom(word)? == word {
            Ok(())
        } else {
            Err(self.error_before(Kind::Expected(word)))
        }
    }

    pub(super) fn try_dollar(&mut self) -> Option<(usize, &'a str)> {
        match self.tokens.get(self.at)?.kind {
            TokenKind::Atom(text) if text.starts_with('$') => {
                self.at += 1;
                Some((self.at - 1, text))
            }
            _ => None,
        }
    }

    pub(super) fn string(&mut self) -> Result<Vec<u8>> {
        match self.next()? {
            TokenKind::String(bytes) => Ok(bytes),
            _ => Err(self.error_before(Kind::Expected("a string"))),
        }
    }

    pub(super) fn name(&mut self) -> Result<String> {
        String::from_utf8(self.string()?)
            .map_err(|_| self.error_before(Kind::Expected("a string of UTF-8")))
    }

    pub(super) fn index(&mut self, what: &'static str) -> Result<u32> {
        let text = self.atom(what)?;
        literal::index(text).ok_or_else(|| self.error_before(Kind::BadLiteral(text.into())))
    }

    pub(super) fn ty(&mut self) -> Result<Type> {
        let name = self.atom("a type")?;
        Type::from_name(name).ok_or_else(|| self.error_before(Kind::Expected("a type")))
    }

    /// The kind of the token `ahead` of the next one.
    pub(super) fn peek(&self, ahead: usize) -> Option<&TokenKind<'a>> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }
}
