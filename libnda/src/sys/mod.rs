//! The system call, the IPC buffer and the memory that others share: everything that is `unsafe` but the heap.
//!
//! The functions here are safe to call: the kernel writes no memory of the process but the IPC buffer, which only this
//! module touches. Mapping over, or unmapping, memory that Rust uses is the one way to break that, and needs capabilities
//! to one's own frames, which `init` gives to no server for its image, stack and heap.

#[cfg(target_env = "musl")]
mod memory;
#[cfg(target_env = "musl")]
mod program;
mod shared;

use core::arch::asm;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use protocol::abi::message::{
    IpcBuffer, MESSAGE_CAPS_MAX, MESSAGE_LEN_MAX, MessageInfo, REGISTER_WORDS,
};
use protocol::abi::{Error, Syscall};
use protocol::service::{Message, Slot};

pub use shared::SharedBytes;

/// The IPC buffer of the process's only thread; null before [`set_ipc_buffer`].
static IPC_BUFFER: AtomicPtr<IpcBuffer> = AtomicPtr::new(ptr::null_mut());

/// What goes into the registers of a system call, by their roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `rdi`: the capability.
    pub slot: u64,
    /// `rsi`, `rdx`, `r10`, `r8`, `r9`: arguments 1–5.
    pub values: [u64; 5],
    /// `r12`: argument 6, the Reply of receives.
    pub reply: u64,
    /// `r13`: argument 7, the deadline.
    pub deadline: u64,
}

/// A refused system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub error: Error,
    /// The first result word: for [`Error::PeerDied`] the generation, for [`Error::MissingTable`] the level.
    pub detail: u64,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

/// Makes a system call. The results are `rdi`, `rsi`, `rdx`, `r10`, `r8`, `r9`.
pub fn syscall(call: Syscall, arguments: Arguments) -> Result<[u64; 6], Refused> {
    let Arguments {
        slot,
        values: [mut rsi, mut rdx, mut r10, mut r8, mut r9],
        reply,
        deadline,
    } = arguments;
    let (mut rax, mut rdi) = (call as u64, slot);
    // SAFETY: the register roles are those of `protocol::abi::syscall`; `rcx` and `r11` are declared destroyed; the kernel
    // leaves the stack alone and writes no other memory than the IPC buffer (see the module).
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") rax,
            inlateout("rdi") rdi,
            inlateout("rsi") rsi,
            inlateout("rdx") rdx,
            inlateout("r10") r10,
            inlateout("r8") r8,
            inlateout("r9") r9,
            in("r12") reply,
            in("r13") deadline,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    match rax {
        0 => Ok([rdi, rsi, rdx, r10, r8, r9]),
        // A code of a newer kernel is still a refusal.
        code => Err(Refused {
            error: Error::from_code(code).unwrap_or(Error::InvalidSyscall),
            detail: rdi,
        }),
    }
}

/// Who sent a received message, and how it came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Badge, or the signal bits of a notification.
    pub badge: u64,
    /// Lengths, label and kind.
    pub info: MessageInfo,
}

/// Makes one of the calls that carry messages: sends `outgoing`, if there is one, and puts what is received into `incoming`.
///
/// Received capabilities go into `receive`; slot 0 refuses one. `reply` and `deadline` are as the call takes them.
/// Errors: as the call; `InvalidState` before the IPC buffer is set.
pub fn exchange(
    call: Syscall,
    slot: u32,
    message: &mut Message,
    sends: Sends,
    receive: [u32; MESSAGE_CAPS_MAX],
    reply: u32,
    deadline: u64,
) -> Result<Received, Refused> {
    let buffer = IPC_BUFFER.load(Ordering::Relaxed);
    if buffer.is_null() {
        return Err(Refused {
            error: Error::InvalidState,
            detail: 0,
        });
    }
    let mut registers = [0; REGISTER_WORDS];
    let mut info = 0;
    if sends == Sends::Message {
        for (index, chunk) in message.payload().chunks(8).enumerate() {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            let word = u64::from_le_bytes(bytes);
            match registers.get_mut(index) {
                Some(register) => *register = word,
                // SAFETY: (1) the buffer is mapped and this thread's; (2) a payload has at most MESSAGE_WORDS_MAX words.
                None => unsafe { ptr::write_volatile(&raw mut (*buffer).words[index], word) },
            }
        }
        for (index, Slot(cap)) in message.caps.iter().enumerate() {
            // SAFETY: (1) as above; (2) the list holds at most MESSAGE_CAPS_MAX.
            unsafe { ptr::write_volatile(&raw mut (*buffer).caps[index], *cap) };
        }
        info = MessageInfo::new(message.label, message.payload().len(), message.caps.len()).word();
    }
    // SAFETY: the buffer is mapped and this thread's.
    unsafe { ptr::write_volatile(&raw mut (*buffer).receive_slots, receive) };
    let [w0, w1, w2, w3] = registers;
    let arguments = Arguments {
        slot: slot.into(),
        values: [info, w0, w1, w2, w3],
        reply: reply.into(),
        deadline,
    };
    let [badge, info, w0, w1, w2, w3] = syscall(call, arguments)?;
    let info = MessageInfo::from_kernel(info);
    let words = [w0, w1, w2, w3];
    message.label = info.label();
    message.fill(info.len_bytes().min(MESSAGE_LEN_MAX), |payload| {
        for (index, chunk) in payload.chunks_mut(8).enumerate() {
            let word = match words.get(index) {
                Some(word) => *word,
                // SAFETY: (1) as above; (2) the payload was cut to MESSAGE_LEN_MAX, which is MESSAGE_WORDS_MAX words.
                None => unsafe { ptr::read_volatile(&raw const (*buffer).words[index]) },
            };
            let len = chunk.len();
            chunk.copy_from_slice(&word.to_le_bytes()[..len]);
        }
    });
    // SAFETY: the buffer is mapped and this thread's.
    let caps = unsafe { ptr::read_volatile(&raw const (*buffer).caps) };
    message.set_caps(&caps.map(Slot)[..info.caps().min(MESSAGE_CAPS_MAX)]);
    Ok(Received { badge, info })
}

/// Whether a call that carries messages sends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// The message given.
    Message,
    /// None: a receive.
    Nothing,
}

/// Names the thread's IPC buffer, once, and copies out what the starter left in it.
///
/// # Safety
///
/// `address` is that of this thread's mapped IPC buffer, and the thread is the only one of the process.
pub(crate) unsafe fn set_ipc_buffer(address: u64) -> [u8; 3072] {
    let buffer = ptr::with_exposed_provenance_mut::<IpcBuffer>(address as usize);
    IPC_BUFFER.store(buffer, Ordering::Relaxed);
    // SAFETY: the caller names a mapped buffer; nothing else refers to it, and the kernel leaves this part alone.
    unsafe { ptr::read(&raw const (*buffer).user) }
}

/// As [`set_ipc_buffer`], for the program's start, which gets the address from whoever started it.
pub(crate) fn start_area(ipc_buffer: u64) -> [u8; 3072] {
    // SAFETY: `_start` passes on `rdi`, which is the IPC buffer of the only thread (`protocol::abi::start`).
    unsafe { set_ipc_buffer(ipc_buffer) }
}

/// The time stamp counter.
pub fn tsc() -> u64 {
    // SAFETY: every x86-64 processor has it, and the kernel leaves it open to user code.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Ends the thread by a fault that its supervisor sees: an undefined instruction.
pub fn fault() -> ! {
    // SAFETY: the instruction has no effect but the fault, and does not return.
    unsafe { asm!("ud2", options(noreturn, nomem, nostack)) }
}
