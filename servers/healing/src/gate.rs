//! What a gate page may contain: jumps into its body and breakpoints, nothing else.
//!
//! ```text
//! 8 bytes, 512 times:   e9 rel32 cc cc cc   jmp into the body
//!                  or   cc × 8              unused
//! ```
//!
//! The compiler makes the page, in another process; it is checked here because what is mapped executable is this server's
//! answer. A jump to a wrong place of the right body is still possible and no worse than a wrong body.

use core::ops::Range;

use protocol::abi::layout::PAGE_SIZE;

/// Bytes of one jump with its padding; a gate slot of the compiler is two of them.
const JUMP_BYTES: usize = 8;
/// `jmp rel32`.
const JMP: u8 = 0xe9;
/// `int3`.
const BREAKPOINT: u8 = 0xcc;

/// Why a gate page is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateError {
    /// Not one page long.
    BadLength(usize),
    /// The eight bytes at this offset are neither a jump nor unused.
    NotAJump {
        /// Offset in the page.
        offset: usize,
    },
    /// The jump at this offset leaves the body.
    OutsideBody {
        /// Offset in the page.
        offset: usize,
        /// Where it goes.
        target: u64,
    },
}

/// Checks the image of the gate page at `gate_base` whose body is at the addresses `body`.
pub fn check(image: &[u8], gate_base: u64, body: Range<u64>) -> Result<(), GateError> {
    if image.len() as u64 != PAGE_SIZE {
        return Err(GateError::BadLength(image.len()));
    }
    for (index, jump) in image.chunks_exact(JUMP_BYTES).enumerate() {
        let offset = index * JUMP_BYTES;
        match *jump {
            [JMP, a, b, c, d, ref rest @ ..] if rest.iter().all(|&byte| byte == BREAKPOINT) => {
                let distance = i64::from(i32::from_le_bytes([a, b, c, d]));
                let next = gate_base.wrapping_add(offset as u64 + 5);
                let target = next.wrapping_add_signed(distance);
                if !body.contains(&target) {
                    return Err(GateError::OutsideBody { offset, target });
                }
            }
            _ if jump.iter().all(|&byte| byte == BREAKPOINT) => {}
            _ => return Err(GateError::NotAJump { offset }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(distance: i32) -> Vec<u8> {
        let mut page = vec![BREAKPOINT; PAGE_SIZE as usize];
        page[16] = JMP;
        page[17..21].copy_from_slice(&distance.to_le_bytes());
        page
    }

    #[test]
    fn only_jumps_into_the_body_pass() {
        let body = 0x3000..0x3010;
        assert_eq!(check(&page(0x3000 - 0x1015), 0x1000, body.clone()), Ok(()));
        for target in [0x2fff, 0x3010, 0x1000, 0] {
            let outside = GateError::OutsideBody {
                offset: 16,
                target: target as u64,
            };
            assert_eq!(
                check(&page(target - 0x1015), 0x1000, body.clone()),
                Err(outside)
            );
        }
    }

    #[test]
    fn other_bytes_and_lengths_are_refused() {
        assert_eq!(check(&[], 0, 0..1), Err(GateError::BadLength(0)));
        for at in [0, 7, 22, 4095] {
            let mut bad = page(0x3000 - 0x1015);
            bad[at] = 0x90;
            let offset = at / 8 * 8;
            assert_eq!(
                check(&bad, 0x1000, 0x3000..0x3010),
                Err(GateError::NotAJump { offset })
            );
        }
    }
}
