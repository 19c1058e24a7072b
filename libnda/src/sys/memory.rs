//! The memory functions that compiled code calls. Words, never `rep movsb`: the byte forms cost six times as much under
//! TCG and are counted per byte. The string instructions stand in assembly, so that the compiler cannot turn a loop here
//! back into a call of itself.

use core::arch::asm;

/// Copies `len` bytes upwards.
///
/// # Safety
///
/// As C's `memcpy`: both ranges are valid and do not overlap.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: (1) the caller's ranges hold `len / 8` words and `len % 8` bytes; (2) the direction flag is clear (ABI).
    unsafe {
        asm!(
            "rep movsq",
            "mov rcx, {tail}",
            "test rcx, rcx",
            "jz 3f",
            "2:",
            "mov {byte:l}, [rsi]",
            "mov [rdi], {byte:l}",
            "inc rsi",
            "inc rdi",
            "dec rcx",
            "jnz 2b",
            "3:",
            tail = in(reg) len & 7,
            byte = out(reg) _,
            inout("rcx") len >> 3 => _,
            inout("rdi") to => _,
            inout("rsi") from => _,
            options(nostack),
        );
    }
    to
}

/// Copies `len` bytes, whatever overlaps.
///
/// # Safety
///
/// As C's `memmove`: both ranges are valid.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= len {
        // SAFETY: the target starts below the source or past its end: copying upwards reads each byte before it is
        // overwritten, also by words, because a word is read whole before it is written.
        return unsafe { memcpy(to, from, len) };
    }
    // SAFETY: (1) the ranges are valid; (2) the target starts inside the source, so copying downwards reads each byte
    // before it is overwritten; (3) the direction flag is clear again at the end.
    unsafe {
        asm!(
            "test {tail}, {tail}",
            "jz 3f",
            "2:",
            "dec rsi",
            "dec rdi",
            "mov {byte:l}, [rsi]",
            "mov [rdi], {byte:l}",
            "dec {tail}",
            "jnz 2b",
            "3:",
            "sub rsi, 8",
            "sub rdi, 8",
            "std",
            "rep movsq",
            "cld",
            tail = inout(reg) len & 7 => _,
            byte = out(reg) _,
            inout("rcx") len >> 3 => _,
            inout("rdi") to.wrapping_add(len) => _,
            inout("rsi") from.wrapping_add(len) => _,
            options(nostack),
        );
    }
    to
}

/// Fills `len` bytes.
///
/// # Safety
///
/// As C's `memset`: the range is valid.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    let word = u64::from(byte as u8) * 0x0101_0101_0101_0101;
    // SAFETY: (1) the caller's range holds `len / 8` words and `len % 8` bytes; (2) the direction flag is clear (ABI).
    unsafe {
        asm!(
            "rep stosq",
            "test {tail}, {tail}",
            "jz 3f",
            "2:",
            "mov [rdi], al",
            "inc rdi",
            "dec {tail}",
            "jnz 2b",
            "3:",
            tail = inout(reg) len & 7 => _,
            inout("rcx") len >> 3 => _,
            inout("rdi") to => _,
            in("rax") word,
            options(nostack),
        );
    }
    to
}

/// Compares `len` bytes as C's `memcmp` does.
///
/// # Safety
///
/// Both ranges are valid.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    let mut at = 0;
    while at + 8 <= len {
        // SAFETY: eight bytes from `at` lie in both ranges.
        let (left, right) = unsafe {
            (
                a.add(at).cast::<u64>().read_unaligned(),
                b.add(at).cast::<u64>().read_unaligned(),
            )
        };
        if left != right {
            // The first byte that differs decides: big-endian order compares it first.
            return if left.swap_bytes() < right.swap_bytes() {
                -1
            } else {
                1
            };
        }
        at += 8;
    }
    while at < len {
        // SAFETY: `at` lies in both ranges.
        let (left, right) = unsafe { (a.add(at).read(), b.add(at).read()) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
        at += 1;
    }
    0
}

/// Whether `len` bytes differ.
///
/// # Safety
///
/// Both ranges are valid.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: the same conditions.
    unsafe { memcmp(a, b, len) }
}

/// Bytes before the zero.
///
/// # Safety
///
/// A zero byte follows somewhere in valid memory.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut len = 0;
    // SAFETY: no byte after the first zero is read. Volatile, so that the loop is not recognised as a `strlen`.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}
