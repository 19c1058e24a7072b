//! Lowering: drawing and arithmetic steps become one NDA module.
//!
//! The module exports `main`, which takes and gives nothing and calls the drawing shims in the order of the steps. What only
//! the machine knows is computed there: an anchor asks `screen_width` and `screen_height` when it runs. A repetition is one
//! loop with one counter, whatever its count. Texts are data segments. Defaults are those of
//! [`crate::understand::defaults`].
//!
//! Decided against: a fixed drawing a line, and unrolled repetitions; the code's size depends on the number of steps alone.

mod place;

use alloc::string::String;

use nda_lang::{
    Module, Shim, Type,
    build::{Expr, FunctionBuilder, ModuleBuilder},
    module::ModuleError,
};

use crate::understand::{Intent, Step, Value, colors, defaults};
use place::{Copies, Origin};

/// The name of the exported function.
pub const ENTRY: &str = "main";
/// Width of a character cell of the compositor's font, for centring text.
pub const GLYPH_WIDTH: i32 = 8;
/// Height of a character cell.
pub const GLYPH_HEIGHT: i32 = 16;

/// Why steps cannot be lowered.
#[derive(Clone, Debug, PartialEq)]
pub enum LowerError {
    /// The step is a command, not a drawing or a calculation.
    NotLowered(Intent),
    /// A needed slot is absent or of the wrong kind. The grammar never makes such a step; a model may.
    Missing(&'static str),
    /// A number is outside 32 bits, a size below 1, or a repetition reaches outside 32 bits.
    Range(&'static str),
    /// No colour of that name.
    Color(String),
    /// The module exceeds a limit of the language, or a defect of this lowering.
    Module(ModuleError),
}

impl core::fmt::Display for LowerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            LowerError::NotLowered(intent) => write!(f, "{} is no drawing", intent.name()),
            LowerError::Missing(slot) => write!(f, "slot {slot} is missing"),
            LowerError::Range(slot) => write!(f, "slot {slot} is out of range"),
            LowerError::Color(name) => write!(f, "no colour is called {name}"),
            LowerError::Module(error) => write!(f, "module: {error:?}"),
        }
    }
}

/// Whether [`lower`] takes steps of this intent.
pub fn is_lowered(intent: Intent) -> bool {
    intent.is_drawing() || intent == Intent::Calc
}

/// The module that does `steps` in order.
///
/// Cost and code size are linear in the steps and their texts. Errors: see [`LowerError`].
pub fn lower(steps: &[Step]) -> Result<Module, LowerError> {
    let module = ModuleBuilder::new();
    let mut texts = Texts {
        bytes: alloc::vec::Vec::new(),
    };
    let function = module.function(&[], None);
    let mut body = alloc::vec::Vec::with_capacity(steps.len());
    for step in steps {
        body.push(statement(&function, &defaults::complete(step), &mut texts)?);
    }
    let body = function.seq(body);
    let main = function.finish(body);
    module.export(ENTRY, main);
    if !texts.bytes.is_empty() {
        // Sixteen texts of 512 bytes fit one page of 64 KiB many times over.
        module.memory(1, 1);
        module.data(0, &texts.bytes);
    }
    module.finish().map_err(LowerError::Module)
}

/// Texts of the module, one after the other in its memory.
struct Texts {
    bytes: alloc::vec::Vec<u8>,
}

/// Most bytes of all texts: one page.
const TEXT_BYTES_MAX: usize = 1 << 16;

impl Texts {
    /// Adds a text; its address and length.
    fn add(&mut self, text: &str) -> Result<(i32, i32), LowerError> {
        let start = self.bytes.len();
        if start + text.len() > TEXT_BYTES_MAX {
            return Err(LowerError::Range("text"));
        }
        self.bytes.extend_from_slice(text.as_bytes());
        // Both are at most TEXT_BYTES_MAX.
        Ok((start as i32, text.len() as i32))
    }
}

fn statement<'m>(
    f: &FunctionBuilder<'m>,
    step: &Step,
    texts: &mut Texts,
) -> Result<Expr<'m>, LowerError> {
    match step.intent() {
        Intent::DrawClear => Ok(f.shim(Shim::DrawClear, [f.i32(color(step)?)])),
        Intent::DrawText => text(f, step, texts),
        Intent::Calc => calc(f, step, texts),
        intent if intent.is_drawing() => shape(f, step),
        intent => Err(LowerError::NotLowered(intent)),
    }
}

/// A shape, once or in a loop.
fn shape<'m>(f: &FunctionBuilder<'m>, step: &Step) -> Result<Expr<'m>, LowerError> {
    let copies = Copies::of(step)?;
    let (width, height) = defaults::extent(step);
    let block = (narrow("w", width)?, narrow("h", height)?);
    let origin = Origin::of(f, step, copies.block(block)?)?;
    let Some(repeat) = copies.offsets(f) else {
        let drawn = draw(f, step, &origin, None)?;
        return Ok(f.seq([origin.prepare(f), drawn]));
    };
    let drawn = draw(f, step, &origin, Some((repeat.dx, repeat.dy)))?;
    let repeated = f.count(repeat.counter, f.i32(0), f.i32(repeat.count), drawn);
    Ok(f.seq([origin.prepare(f), repeated]))
}

/// One copy, moved by `offset`.
fn draw<'m>(
    f: &FunctionBuilder<'m>,
    step: &Step,
    origin: &Origin<'m>,
    offset: Option<(Option<Expr<'m>>, Option<Expr<'m>>)>,
) -> Result<Expr<'m>, LowerError> {
    let (dx, dy) = offset.unwrap_or((None, None));
    let moved = |base: Expr<'m>, by: Option<Expr<'m>>| by.map_or(base, |by| base + by);
    let at = |slot: &'static str, by: Option<Expr<'m>>| Ok(moved(f.i32(number(step, slot)?), by));
    let paint = f.i32(color(step)?);
    let outline = step.get("fill") == Some(&Value::Bool(false));
    let pick = |filled, hollow| if outline { hollow } else { filled };
    Ok(match step.intent() {
        Intent::DrawRect => {
            let (w, h) = (f.i32(size(step, "w")?), f.i32(size(step, "h")?));
            let (x, y) = origin.corner(f);
            f.shim(
                pick(Shim::DrawRect, Shim::DrawRectOutline),
                [moved(x, dx), moved(y, dy), w, h, paint],
            )
        }
        Intent::DrawCircle => {
            let r = size(step, "r")?;
            let (x, y) = origin.center(f, r);
            f.shim(
                pick(Shim::DrawCircle, Shim::DrawCircleOutline),
                [moved(x, dx), moved(y, dy), f.i32(r), paint],
            )
        }
        Intent::DrawLine => {
            let ends = [at("x1", dx)?, at("y1", dy)?, at("x2", dx)?, at("y2", dy)?];
            f.shim(
                Shim::DrawLine,
                ends.into_iter().chain([f.i32(size(step, "width")?), paint]),
            )
        }
        Intent::DrawTriangle => {
            let corners = [
                at("x1", dx)?,
                at("y1", dy)?,
                at("x2", dx)?,
                at("y2", dy)?,
                at("x3", dx)?,
                at("y3", dy)?,
            ];
            let shim = pick(Shim::DrawTriangle, Shim::DrawTriangleOutline);
            f.shim(shim, corners.into_iter().chain([paint]))
        }
        Intent::DrawPixel => f.shim(Shim::DrawPixel, [at("x", dx)?, at("y", dy)?, paint]),
        intent => return Err(LowerError::NotLowered(intent)),
    })
}

fn text<'m>(
    f: &FunctionBuilder<'m>,
    step: &Step,
    texts: &mut Texts,
) -> Result<Expr<'m>, LowerError> {
    let text = step.text("text").ok_or(LowerError::Missing("text"))?;
    let (start, len) = texts.add(text)?;
    let columns = i32::try_from(text.chars().count()).map_err(|_| LowerError::Range("text"))?;
    let origin = Origin::of(f, step, (columns.saturating_mul(GLYPH_WIDTH), GLYPH_HEIGHT))?;
    let (x, y) = origin.corner(f);
    let drawn = f.shim(
        Shim::DrawText,
        [x, y, f.i32(start), f.i32(len), f.i32(color(step)?)],
    );
    Ok(f.seq([origin.prepare(f), drawn]))
}

/// A value is printed; one that is not whole as text, since there is no shim for it.
fn calc<'m>(
    f: &FunctionBuilder<'m>,
    step: &Step,
    texts: &mut Texts,
) -> Result<Expr<'m>, LowerError> {
    match step.get("value") {
        Some(Value::Int(value)) => Ok(f.shim(Shim::PrintI64, [f.i64(*value)])),
        Some(Value::Decimal(value)) => {
            let (start, len) = texts.add(&alloc::format!("{value}"))?;
            Ok(f.shim(Shim::Print, [f.i32(start), f.i32(len)]))
        }
        _ => Err(LowerError::Missing("value")),
    }
}

fn color(step: &Step) -> Result<i32, LowerError> {
    let name = step.text("color").ok_or(LowerError::Missing("color"))?;
    let value = colors::rgb(name).ok_or_else(|| LowerError::Color(name.into()))?;
    // Colours have 24 bits.
    Ok(value as i32)
}

fn narrow(slot: &'static str, value: i64) -> Result<i32, LowerError> {
    i32::try_from(value).map_err(|_| LowerError::Range(slot))
}

fn number(step: &Step, slot: &'static str) -> Result<i32, LowerError> {
    narrow(slot, step.int(slot).ok_or(LowerError::Missing(slot))?)
}

fn size(step: &Step, slot: &'static str) -> Result<i32, LowerError> {
    let value = number(step, slot)?;
    if value < 1 {
        Err(LowerError::Range(slot))
    } else {
        Ok(value)
    }
}

/// The type of coordinates.
const COORDINATE: Type = Type::I32;

#[cfg(test)]
mod tests;
