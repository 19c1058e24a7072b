//! Traps: the ways a running program stops without a result.

use core::fmt;

/// Why a program stopped. The numbers are part of the interface between compiled code and its host; 0 means "none" and a
/// number is never reused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u32)]
pub enum Trap {
    /// The program reached `unreachable`.
    Unreachable = 1,
    /// An access went past the end of the linear memory.
    OutOfBounds = 2,
    /// An integer was divided by zero.
    DivideByZero = 3,
    /// The quotient, or the truncated float, does not fit its integer type.
    IntegerOverflow = 4,
    /// A NaN was converted to an integer.
    InvalidConversion = 5,
    /// Calls nested too deeply.
    StackOverflow = 6,
    /// The fuel is used up.
    OutOfFuel = 7,
    /// A shim refused its arguments, for example a text range outside the memory.
    BadShimArgument = 8,
    /// A shim could not do its work because the service behind it failed.
    ShimFailed = 9,
}

impl Trap {
    /// Every trap.
    pub const ALL: [Trap; 9] = [
        Trap::Unreachable,
        Trap::OutOfBounds,
        Trap::DivideByZero,
        Trap::IntegerOverflow,
        Trap::InvalidConversion,
        Trap::StackOverflow,
        Trap::OutOfFuel,
        Trap::BadShimArgument,
        Trap::ShimFailed,
    ];

    /// The trap with this number.
    pub fn from_code(code: u32) -> Option<Trap> {
        Trap::ALL.into_iter().find(|trap| *trap as u32 == code)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trap::Unreachable => "the program reached `unreachable`",
            Trap::OutOfBounds => "an access outside the linear memory",
            Trap::DivideByZero => "an integer division by zero",
            Trap::IntegerOverflow => "an integer overflow",
            Trap::InvalidConversion => "a conversion of NaN to an integer",
            Trap::StackOverflow => "calls nested too deeply",
            Trap::OutOfFuel => "the fuel is used up",
            Trap::BadShimArgument => "a bad argument to a shim",
            Trap::ShimFailed => "the service behind a shim failed",
        })
    }
}

impl core::error::Error for Trap {}
