//! The one table of shims: every effect that a program can ask the system for.
//!
//! A *shim* is a small host routine behind a capability. The table gives each its number (part of the binary form and of
//! the compiled code: never reused), its name, its signature, its [`Effects`] and the [`Capability`] that the instantiating
//! process must present. Coordinates and sizes are pixels, angles do not occur, colours are `0x00RRGGBB`, and a `ptr, len`
//! pair is a range of the program's linear memory holding UTF-8 text.

use crate::node::Effects;
use crate::types::Type;

/// What must be granted before a shim can be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Capability {
    /// Look at and draw on the program's surface.
    Draw = 0,
    /// Write lines to the program's terminal.
    Print = 1,
}

impl Capability {
    /// Every capability class.
    pub const ALL: [Capability; 2] = [Capability::Draw, Capability::Print];

    /// The class's name, as people see it.
    pub const fn name(self) -> &'static str {
        match self {
            Capability::Draw => "draw",
            Capability::Print => "print",
        }
    }
}

/// The capability classes that a process presents for a program.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CapabilitySet(u32);

impl CapabilitySet {
    /// Grants nothing: only pure programs link.
    pub const EMPTY: CapabilitySet = CapabilitySet(0);

    /// The set of these classes.
    pub const fn of(classes: &[Capability]) -> CapabilitySet {
        let mut bits = 0;
        let mut index = 0;
        while index < classes.len() {
            bits |= 1 << classes[index] as u8;
            index += 1;
        }
        CapabilitySet(bits)
    }

    /// The set with `class` added.
    #[must_use]
    pub const fn with(self, class: Capability) -> CapabilitySet {
        CapabilitySet(self.0 | 1 << class as u8)
    }

    /// Whether `class` is granted.
    pub const fn grants(self, class: Capability) -> bool {
        self.0 & (1 << class as u8) != 0
    }
}

/// Parameters of a shim at most: the size of the argument block in compiled code.
pub const SHIM_PARAMS_MAX: usize = 8;

macro_rules! shims {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal, ($($param:ident),*) $(-> $result:ident)?, $capability:ident, $effects:expr;)*) => {
        /// A host routine that a program may call. See the [module](self) about arguments.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum Shim {
            $($(#[$doc])* $name = $number,)*
        }

        impl Shim {
            /// Every shim, in number order: the shim with number `n` is `ALL[n]`.
            pub const ALL: &'static [Shim] = &[$(Shim::$name),*];

            /// The name in the text form.
            pub const fn name(self) -> &'static str {
                match self { $(Shim::$name => $text,)* }
            }

            /// The parameter types.
            pub const fn params(self) -> &'static [Type] {
                match self { $(Shim::$name => &[$(Type::$param),*],)* }
            }

            /// The result type, if there is a result.
            pub const fn result(self) -> Option<Type> {
                match self { $(Shim::$name => shims!(@result $($result)?),)* }
            }

            /// The capability class that grants it.
            pub const fn capability(self) -> Capability {
                match self { $(Shim::$name => Capability::$capability,)* }
            }

            /// What calling it can do or depend on.
            pub const fn effects(self) -> Effects {
                match self { $(Shim::$name => $effects,)* }
            }

            /// The shim of this name.
            pub fn from_name(name: &str) -> Option<Shim> {
                match name { $($text => Some(Shim::$name),)* _ => None }
            }
        }
    };
    (@result) => { None };
    (@result $result:ident) => { Some(Type::$result) };
}

impl Shim {
    /// The number in the binary form and the index in the shim table of compiled code.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The shim with this number.
    pub fn from_number(number: u32) -> Option<Shim> {
        Shim::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// A shim that only asks: its answer may change from call to call.
const ASKS: Effects = Effects::READS_HOST.and(Effects::MAY_TRAP);
/// A shim that acts, and may refuse.
const ACTS: Effects = Effects::WRITES_HOST.and(Effects::MAY_TRAP);
/// A shim that acts on a range of the linear memory.
const ACTS_ON_MEMORY: Effects = ACTS.and(Effects::READS_MEMORY);

shims! {
    /// `screen_width() -> i32`: pixels across the surface.
    ScreenWidth = 0, "screen_width", () -> I32, Draw, ASKS;
    /// `screen_height() -> i32`: pixels down the surface.
    ScreenHeight = 1, "screen_height", () -> I32, Draw, ASKS;
    /// `draw_rect(x, y, w, h, color)`: fills a rectangle; `x y` is its top left corner.
    DrawRect = 2, "draw_rect", (I32, I32, I32, I32, I32), Draw, ACTS;
    /// `draw_rect_outline(x, y, w, h, color)`: the one-pixel border of a rectangle.
    DrawRectOutline = 3, "draw_rect_outline", (I32, I32, I32, I32, I32), Draw, ACTS;
    /// `draw_circle(cx, cy, r, color)`: fills a circle.
    DrawCircle = 4, "draw_circle", (I32, I32, I32, I32), Draw, ACTS;
    /// `draw_circle_outline(cx, cy, r, color)`: the one-pixel border of a circle.
    DrawCircleOutline = 5, "draw_circle_outline", (I32, I32, I32, I32), Draw, ACTS;
    /// `draw_line(x1, y1, x2, y2, width, color)`: a line, `width` pixels thick.
    DrawLine = 6, "draw_line", (I32, I32, I32, I32, I32, I32), Draw, ACTS;
    /// `draw_triangle(x1, y1, x2, y2, x3, y3, color)`: fills a triangle.
    DrawTriangle = 7, "draw_triangle", (I32, I32, I32, I32, I32, I32, I32), Draw, ACTS;
    /// `draw_triangle_outline(x1, y1, x2, y2, x3, y3, color)`: the one-pixel border of a triangle.
    DrawTriangleOutline = 8, "draw_triangle_outline", (I32, I32, I32, I32, I32, I32, I32), Draw, ACTS;
    /// `draw_pixel(x, y, color)`: one pixel.
    DrawPixel = 9, "draw_pixel", (I32, I32, I32), Draw, ACTS;
    /// `draw_text(x, y, ptr, len, color)`: text with its top left corner at `x y`.
    DrawText = 10, "draw_text", (I32, I32, I32, I32, I32), Draw, ACTS_ON_MEMORY;
    /// `draw_clear(color)`: fills the whole surface.
    DrawClear = 11, "draw_clear", (I32), Draw, ACTS;
    /// `print(ptr, len)`: writes text to the terminal.
    Print = 12, "print", (I32, I32), Print, ACTS_ON_MEMORY;
    /// `print_i64(value)`: writes a number in decimal to the terminal.
    PrintI64 = 13, "print_i64", (I64), Print, ACTS;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_positions_and_names_are_unique() {
        for (position, shim) in Shim::ALL.iter().enumerate() {
            assert_eq!(usize::from(shim.number()), position);
            assert_eq!(Shim::from_name(shim.name()), Some(*shim));
            assert!(shim.params().len() <= SHIM_PARAMS_MAX);
        }
    }

    #[test]
    fn a_set_grants_exactly_its_classes() {
        let set = CapabilitySet::of(&[Capability::Print]);
        assert!(set.grants(Capability::Print) && !set.grants(Capability::Draw));
        assert_eq!(
            set.with(Capability::Draw),
            CapabilitySet::of(&Capability::ALL)
        );
    }
}
