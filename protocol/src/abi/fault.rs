//! Faults as messages: what a thread's fault endpoint receives.
//!
//! The kernel makes the call in the faulting thread's name. The message's kind is
//! [`MessageKind::Fault`](super::message::MessageKind), its label a [`FaultKind`], its payload a [`FaultReport`], its badge
//! the badge of the thread's fault capability. A reply with label [`RESUME`] lets the thread continue at the `rip` and
//! `rsp` of the first two reply words; any other reply, or none, leaves it stopped.

use super::message::MESSAGE_WORDS_MAX;

/// What went wrong.
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A page that is absent or does not allow the access.
    PageFault = 1,
    /// An undefined or privileged instruction (#UD, #GP on a privileged instruction).
    IllegalInstruction = 2,
    /// Integer division by zero or overflow (#DE).
    DivideError = 3,
    /// #GP for another reason: non-canonical address, bad segment.
    GeneralProtection = 4,
    /// A floating-point or SIMD exception (#MF, #XM).
    FloatingPoint = 5,
    /// `int3`.
    Breakpoint = 6,
    /// A misaligned access with alignment checks on (#AC).
    Alignment = 7,
    /// Any other exception; its vector is in `code`'s upper half.
    Exception = 8,
    /// A system call with an unknown number.
    UnknownSyscall = 9,
    /// The scheduling context's budget is used up.
    BudgetExhausted = 10,
}

impl FaultKind {
    /// The kind with this label.
    pub const fn from_label(label: u16) -> Option<Self> {
        Some(match label {
            1 => Self::PageFault,
            2 => Self::IllegalInstruction,
            3 => Self::DivideError,
            4 => Self::GeneralProtection,
            5 => Self::FloatingPoint,
            6 => Self::Breakpoint,
            7 => Self::Alignment,
            8 => Self::Exception,
            9 => Self::UnknownSyscall,
            10 => Self::BudgetExhausted,
            _ => return None,
        })
    }
}

/// Reply label: continue the thread.
pub const RESUME: u16 = 1;

/// The state of a thread at its fault, in the order of the payload words.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultReport {
    /// Instruction pointer.
    pub rip: u64,
    /// Stack pointer.
    pub rsp: u64,
    /// The address that was accessed (CR2), for page faults.
    pub address: u64,
    /// The hardware error code; the exception's vector in bits 32 and up.
    pub code: u64,
    /// Flags.
    pub rflags: u64,
    /// rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15.
    pub general: [u64; 15],
}

/// Words of a [`FaultReport`].
pub const FAULT_WORDS: usize = 20;

impl FaultReport {
    /// The payload words.
    pub fn to_words(&self) -> [u64; FAULT_WORDS] {
        let mut words = [0; FAULT_WORDS];
        words[..5].copy_from_slice(&[self.rip, self.rsp, self.address, self.code, self.rflags]);
        words[5..].copy_from_slice(&self.general);
        words
    }

    /// Reads the payload words.
    pub fn from_words(words: &[u64; FAULT_WORDS]) -> Self {
        let mut general = [0; 15];
        general.copy_from_slice(&words[5..]);
        Self {
            rip: words[0],
            rsp: words[1],
            address: words[2],
            code: words[3],
            rflags: words[4],
            general,
        }
    }
}

const _: () = assert!(size_of::<FaultReport>() == FAULT_WORDS * 8);
const _: () = assert!(FAULT_WORDS <= MESSAGE_WORDS_MAX);
