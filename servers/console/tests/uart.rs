//! The serial line against a model of the chip: FIFOs, loopback, errors, and interrupts that get lost.

use std::collections::VecDeque;

use console::{
    Error, Port, Register, Uart,
    uart::{
        FIFO_LEN, INTERRUPT_TRANSMIT, RECEIVE_LEN, STATUS_BREAK, STATUS_DATA_READY, STATUS_FRAMING,
        STATUS_OVERRUN, STATUS_PARITY, STATUS_TRANSMIT_EMPTY, TRANSMIT_LEN,
    },
};
use proptest::prelude::*;

#[derive(Debug, Default)]
struct Chip {
    receive: VecDeque<(u8, u8)>,
    transmit: VecDeque<u8>,
    sent: Vec<u8>,
    overrun: bool,
    line_control: u8,
    modem_control: u8,
    interrupt_enable: u8,
    divisor: [u8; 2],
    is_deaf: bool,
}

impl Chip {
    /// A byte comes in from the line with these error bits.
    fn arrive(&mut self, byte: u8, errors: u8) {
        if self.receive.len() == FIFO_LEN {
            self.overrun = true;
        } else {
            self.receive.push_back((byte, errors));
        }
    }

    /// The line takes everything in the transmit FIFO.
    fn transmit_all(&mut self) {
        self.sent.extend(self.transmit.drain(..));
    }

    fn raises_interrupt(&self) -> bool {
        (self.interrupt_enable & 1 != 0 && !self.receive.is_empty())
            || (self.interrupt_enable & INTERRUPT_TRANSMIT != 0 && self.transmit.is_empty())
    }
}

impl Port for Chip {
    fn read(&mut self, register: Register) -> u8 {
        match register {
            Register::Data => self.receive.pop_front().map_or(0, |(byte, _)| byte),
            Register::LineStatus => {
                let mut status = self
                    .receive
                    .front_mut()
                    .map_or(0, |(_, errors)| STATUS_DATA_READY | core::mem::take(errors));
                if core::mem::take(&mut self.overrun) {
                    status |= STATUS_OVERRUN;
                }
                if self.transmit.is_empty() {
                    status |= STATUS_TRANSMIT_EMPTY;
                }
                status
            }
            _ => 0,
        }
    }

    fn write(&mut self, register: Register, value: u8) {
        let is_divisor = self.line_control & 0x80 != 0;
        match register {
            Register::Data if is_divisor => self.divisor[0] = value,
            Register::InterruptEnable if is_divisor => self.divisor[1] = value,
            Register::Data if self.modem_control & 0x10 != 0 => {
                let heard = (!self.is_deaf).then_some((value, 0));
                self.receive.extend(heard);
            }
            Register::Data => {
                assert!(
                    self.transmit.len() < FIFO_LEN,
                    "the transmit FIFO overflows"
                );
                self.transmit.push_back(value);
            }
            Register::InterruptEnable => self.interrupt_enable = value,
            Register::FifoControl if value & 2 != 0 => self.receive.clear(),
            Register::LineControl => self.line_control = value,
            Register::ModemControl => self.modem_control = value,
            _ => {}
        }
    }
}

fn uart() -> Uart<Chip> {
    Uart::try_new(Chip::default(), 9600).unwrap()
}

fn read_all(uart: &mut Uart<Chip>) -> Vec<u8> {
    let mut out = vec![0; RECEIVE_LEN];
    let count = uart.read(&mut out);
    out.truncate(count);
    out
}

#[test]
fn setting_up_programs_the_rate_and_leaves_loopback() {
    let mut uart = uart();
    let chip = uart.port_mut();
    assert_eq!(chip.divisor, [12, 0]);
    assert_eq!(chip.line_control, 0b11);
    assert_eq!(chip.modem_control, 0b1011);
    assert_eq!(chip.interrupt_enable, 0b101);
    assert!(chip.receive.is_empty() && chip.sent.is_empty());
}

#[test]
fn a_chip_that_does_not_answer_is_refused() {
    struct Floating;
    impl Port for Floating {
        fn read(&mut self, _: Register) -> u8 {
            0xff
        }
        fn write(&mut self, _: Register, _: u8) {}
    }
    assert_eq!(Uart::try_new(Floating, 9600).err(), Some(Error::Absent));
    let deaf = Chip {
        is_deaf: true,
        ..Chip::default()
    };
    assert_eq!(Uart::try_new(deaf, 9600).err(), Some(Error::SelfTest));
    for baud in [0, 1, 115_201, u32::MAX] {
        assert_eq!(
            Uart::try_new(Chip::default(), baud).err(),
            Some(Error::Baud)
        );
    }
}

#[test]
fn an_overrun_is_counted_and_what_came_before_it_kept() {
    let mut uart = uart();
    for byte in 0..20 {
        uart.port_mut().arrive(byte, 0);
    }
    uart.service();
    assert_eq!(uart.errors().overruns, 1);
    assert_eq!(read_all(&mut uart), (0..16).collect::<Vec<u8>>());
}

#[test]
fn damaged_bytes_are_counted_and_dropped() {
    let mut uart = uart();
    let chip = uart.port_mut();
    chip.arrive(b'a', 0);
    chip.arrive(b'x', STATUS_FRAMING);
    chip.arrive(b'y', STATUS_PARITY);
    chip.arrive(0, STATUS_BREAK | STATUS_FRAMING);
    chip.arrive(b'b', 0);
    uart.service();
    assert_eq!(read_all(&mut uart), b"ab");
    let errors = uart.errors();
    assert_eq!((errors.framing, errors.parity, errors.breaks), (1, 1, 1));
}

#[test]
fn the_timer_recovers_a_lost_interrupt() {
    let mut uart = uart();
    uart.port_mut().arrive(b'k', 0);
    assert!(uart.port_mut().raises_interrupt());
    // The interrupt never comes; the timer calls the same method.
    uart.service();
    assert_eq!(read_all(&mut uart), b"k");

    assert_eq!(uart.write(&[b'z'; 40]), 40);
    for _ in 0..4 {
        uart.port_mut().transmit_all();
        uart.service();
    }
    assert_eq!(uart.port_mut().sent, [b'z'; 40]);
    assert!(
        !uart.port_mut().raises_interrupt(),
        "an idle transmitter interrupts for ever"
    );
}

#[test]
fn interrupts_alone_send_everything() {
    let mut uart = uart();
    assert_eq!(uart.write(&[b'z'; 100]), 100);
    while !uart.port_mut().transmit.is_empty() {
        uart.port_mut().transmit_all();
        if uart.port_mut().raises_interrupt() {
            uart.service();
        }
    }
    assert_eq!(uart.port_mut().sent, [b'z'; 100]);
}

#[test]
fn a_full_ring_drops_the_newest_and_counts_it() {
    let mut uart = uart();
    for i in 0..RECEIVE_LEN + 5 {
        uart.port_mut().arrive(i as u8, 0);
        uart.service();
    }
    assert_eq!(uart.errors().ring_full, 5);
    let expected: Vec<u8> = (0..RECEIVE_LEN).map(|i| i as u8).collect();
    assert_eq!(read_all(&mut uart), expected);
}

#[test]
fn a_full_queue_takes_what_fits() {
    let mut uart = uart();
    let bytes = vec![1; TRANSMIT_LEN + 100];
    assert_eq!(uart.write(&bytes), TRANSMIT_LEN);
    assert_eq!(uart.to_send_len(), TRANSMIT_LEN - FIFO_LEN);
    assert_eq!(uart.write(&bytes), FIFO_LEN);
}

/// Answers anything at all.
struct Hostile(Vec<u8>, usize);

impl Port for Hostile {
    fn read(&mut self, _: Register) -> u8 {
        self.1 += 1;
        self.0[self.1 % self.0.len()]
    }
    fn write(&mut self, _: Register, _: u8) {}
}

proptest! {
    #[test]
    fn a_hostile_chip_costs_a_bounded_number_of_reads(answers in prop::collection::vec(any::<u8>(), 1..50)) {
        if let Ok(mut uart) = Uart::try_new(Hostile(answers, 0), 115_200) {
            for _ in 0..50 {
                let before = uart.port_mut().1;
                uart.service();
                prop_assert!(uart.port_mut().1 - before <= 2 * 64 + 1);
            }
        }
    }

    #[test]
    fn bytes_keep_their_order_in_both_directions(
        chunks in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..16), any::<bool>()), 0..40),
    ) {
        let mut uart = uart();
        let mut all = Vec::new();
        for (chunk, drains) in &chunks {
            for &byte in chunk {
                uart.port_mut().arrive(byte, 0);
            }
            uart.service();
            prop_assert_eq!(uart.write(chunk), chunk.len());
            all.extend_from_slice(chunk);
            if *drains {
                uart.port_mut().transmit_all();
            }
        }
        for _ in 0..50 {
            uart.port_mut().transmit_all();
            uart.service();
        }
        prop_assert_eq!(read_all(&mut uart), &all[..]);
        prop_assert_eq!(&uart.port_mut().sent, &all);
        prop_assert_eq!(uart.to_send_len(), 0);
    }
}
