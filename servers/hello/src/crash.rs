//! Ways to die, without unsafe code: each ends as the fault that it is named after, or as a panic where Rust checks first.

use core::hint::black_box;

use protocol::service::hello::CrashKind;

/// Dies.
pub fn die(kind: CrashKind) -> ! {
    match kind {
        // Safe Rust has no null pointer to read and nothing to jump to: its checks end these the same way, by a panic
        // that becomes a fault. The supervisor makes the machine's own faults from outside.
        CrashKind::Null | CrashKind::Execute | CrashKind::Panic => {
            panic!("asked to crash: {kind:?}")
        }
        CrashKind::Divide => panic!("asked to crash: {}", 1 / black_box(0_u32)),
        CrashKind::Stack => panic!("asked to crash: {}", sink(1)),
        CrashKind::Hang => loop {
            core::hint::spin_loop();
        },
    }
}

/// Uses up the stack. The guard page under it ends this.
#[expect(unconditional_recursion, reason = "the point of it")]
fn sink(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    sink(depth + 1) + frame[(depth % 64) as usize]
}
