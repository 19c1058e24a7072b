//! The sleep type of power-off: the `_S5` package of the DSDT, found by a scan.
//!
//! ```text
//! Name (_S5, Package (n) {a, b, …})  =  08 [5c] "_S5_" 12 PkgLength NumElements a b …
//! an integer                         =  00 | 01 | ff | 0a byte | 0b word | 0c dword | 0e qword
//! ```
//!
//! (ACPI 6.5, 20.2.) The name can occur in other places, so each occurrence must have the whole shape; the first that has
//! is taken. Firmware that computes the package in a method is not understood: the machine is then not switched off.

/// Sleep types of PM1a and PM1b: three bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepTypes {
    /// For PM1a.
    pub a: u8,
    /// For PM1b.
    pub b: u8,
}

/// Finds the `_S5` package in the definition block `aml`. One pass.
pub fn find_s5(aml: &[u8]) -> Option<SleepTypes> {
    let names = aml
        .windows(4)
        .enumerate()
        .filter(|(_, name)| name == b"_S5_");
    names
        .filter(|(at, _)| is_named(&aml[..*at]))
        .find_map(|(at, _)| package(&aml[at + 4..]))
}

/// Whether what comes before the name is a NameOp, with or without the root prefix.
fn is_named(before: &[u8]) -> bool {
    matches!(before, [.., 0x08] | [.., 0x08, 0x5c])
}

/// The first two elements of the package that `aml` starts with.
fn package(aml: &[u8]) -> Option<SleepTypes> {
    let (&0x12, rest) = aml.split_first()? else {
        return None;
    };
    // ACPI 6.5, 20.2.4: the two high bits of the lead byte count the length's further bytes.
    let lead = *rest.first()?;
    let extra = usize::from(lead >> 6);
    let mut len = usize::from(lead & if extra == 0 { 0x3f } else { 0x0f });
    for index in 0..extra {
        len |= usize::from(*rest.get(1 + index)?) << (4 + 8 * index);
    }
    let content = rest.get(1 + extra..len)?;
    let (&count, elements) = content.split_first()?;
    let (a, elements) = integer(elements)?;
    // One element stands for both registers on machines without PM1b.
    let b = if count >= 2 { integer(elements)?.0 } else { a };
    (count >= 1 && a < 8 && b < 8).then_some(SleepTypes {
        a: a as u8,
        b: b as u8,
    })
}

/// An integer constant and what follows it.
fn integer(aml: &[u8]) -> Option<(u64, &[u8])> {
    let (&opcode, rest) = aml.split_first()?;
    let len = match opcode {
        0x00 => return Some((0, rest)),
        0x01 => return Some((1, rest)),
        0xff => return Some((u64::MAX, rest)),
        0x0a => 1,
        0x0b => 2,
        0x0c => 4,
        0x0e => 8,
        _ => return None,
    };
    let digits = rest.get(..len)?;
    let value = digits
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte));
    Some((value, &rest[len..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_spellings_of_firmwares_are_understood() {
        let found = |tail: &[u8]| find_s5(&[&b"\x10\x08_S5_"[..], tail].concat());
        let types = |a, b| Some(SleepTypes { a, b });
        // QEMU: Package (4) {Zero, Zero, Zero, Zero}.
        assert_eq!(found(&[0x12, 6, 4, 0, 0, 0, 0]), types(0, 0));
        assert_eq!(found(&[0x12, 8, 4, 0x0a, 5, 0x0a, 6, 0, 0]), types(5, 6));
        // The length in two bytes; shorter and longer ones cut the package or leave the block.
        assert_eq!(found(&[0x12, 0x47, 0, 2, 0x0b, 7, 0, 1]), types(7, 1));
        assert_eq!(found(&[0x12, 0x46, 0, 2, 0x0b, 7, 0, 1]), None);
        assert_eq!(found(&[0x12, 0x48, 0, 2, 0x0b, 7, 0, 1]), None);
        assert_eq!(found(&[0x12, 3, 1, 1]), types(1, 1));
        assert_eq!(find_s5(b"\x08\\_S5_\x12\x03\x01\x01"), types(1, 1));
    }

    #[test]
    fn other_uses_of_the_name_are_passed_over() {
        let mut aml = b"\x14_S5_\x12\x06\x04\x01\x01\0\0".to_vec();
        assert_eq!(find_s5(&aml), None);
        aml.extend(b"\x08_S5_\x12\x06\x04\xff\0\0\0");
        assert_eq!(find_s5(&aml), None);
        aml.extend(b"\x08_S5_\x12\x06\x04\x01\0\0\0");
        assert_eq!(find_s5(&aml), Some(SleepTypes { a: 1, b: 0 }));
    }

    proptest! {
        #[test]
        fn no_tail_panics(tail in proptest::collection::vec(any::<u8>(), 0..20)) {
            let mut aml = b"\x08_S5_\x12".to_vec();
            aml.extend(tail);
            if let Some(types) = find_s5(&aml) {
                prop_assert!(types.a < 8 && types.b < 8);
            }
        }
    }
}
