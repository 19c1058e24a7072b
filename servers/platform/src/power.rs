//! Power-off and reset as register writes, in the order in which they are to be made.

use alloc::vec::Vec;

use crate::fadt::{Fadt, Register};
use crate::sleep::SleepTypes;

/// SLP_EN of PM1 control (ACPI 6.5, 4.8.3.2.1): enter the sleep state.
const SLEEP_ENABLE: u16 = 1 << 13;
/// Where SLP_TYP starts.
const SLEEP_TYPE_SHIFT: u16 = 10;
/// The bits of PM1 control that a write to it decides.
const SLEEP_BITS: u16 = SLEEP_ENABLE | 7 << SLEEP_TYPE_SHIFT;

/// One step towards power-off or reset. The program waits between steps as the hardware needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Eight bits.
    Byte(Register, u8),
    /// Sixteen bits: read, clear the bits of `mask`, set those of `value`, write.
    Update {
        /// The register.
        register: Register,
        /// What is cleared.
        mask: u16,
        /// What is set.
        value: u16,
    },
}

/// The writes that switch the machine off; the last one does.
pub fn power_off(fadt: &Fadt, types: SleepTypes) -> Vec<Write> {
    let mut writes = Vec::with_capacity(4);
    if let Some((port, value)) = fadt.enable {
        writes.push(Write::Byte(Register::Port(port), value));
    }
    let control = |register, sleep_type: u8, enable| Write::Update {
        register,
        mask: SLEEP_BITS,
        value: u16::from(sleep_type & 7) << SLEEP_TYPE_SHIFT | enable,
    };
    // ACPI 6.5, 16.1.6: the type first, then the type with SLP_EN; PM1b before PM1a, so that both are set at the end.
    writes.push(control(fadt.pm1a_control, types.a, 0));
    if let Some(register) = fadt.pm1b_control {
        writes.push(control(register, types.b, SLEEP_ENABLE));
    }
    writes.push(control(fadt.pm1a_control, types.a, SLEEP_ENABLE));
    writes
}

/// The writes that reset the machine, to be tried in order: the FADT's register, the chipset's port, the keyboard
/// controller's line.
pub fn reset(fadt: Option<&Fadt>) -> Vec<Write> {
    let named = fadt.and_then(|fadt| fadt.reset);
    let mut writes: Vec<Write> = named
        .map(|(register, value)| Write::Byte(register, value))
        .into_iter()
        .collect();
    // The reset control register of Intel chipsets since the PIIX: system reset, then with the reset bit.
    writes.push(Write::Byte(Register::Port(0xcf9), 0x02));
    writes.push(Write::Byte(Register::Port(0xcf9), 0x06));
    // 8042 command: pulse output line 0.
    writes.push(Write::Byte(Register::Port(0x64), 0xfe));
    writes
}

#[cfg(test)]
mod tests {
    use super::*;

    const FADT: Fadt = Fadt {
        dsdt: None,
        enable: Some((0xb2, 2)),
        pm1a_control: Register::Port(0x604),
        pm1b_control: Some(Register::Port(0x704)),
        reset: Some((Register::Memory(0x1000), 9)),
    };

    #[test]
    fn power_off_ends_with_the_enable_bit() {
        let writes = power_off(&FADT, SleepTypes { a: 5, b: 1 });
        let update = |port, value| Write::Update {
            register: Register::Port(port),
            mask: 0x3c00,
            value,
        };
        let expected = [
            Write::Byte(Register::Port(0xb2), 2),
            update(0x604, 0x1400),
            update(0x704, 0x2400),
            update(0x604, 0x3400),
        ];
        assert_eq!(writes, expected);
    }

    #[test]
    fn reset_tries_the_named_register_first_and_works_without() {
        assert_eq!(
            reset(Some(&FADT))[0],
            Write::Byte(Register::Memory(0x1000), 9)
        );
        assert_eq!(reset(None).len(), 3);
    }
}
