//! The tablet path: capabilities, queue and pointer, against a model device and hostile ones.

use input::{
    AxisRange, Error, EventQueue, Tablet,
    pci::{self, BARS, CONFIG_SPACE_LEN},
    virtqueue::{EVENT_LEN, Layout, Memory, RawEvent, SIZE_MAX},
};
use proptest::prelude::*;

const DEVICE_ADDRESS: u64 = 0x1_2345_6780;

struct Ram(Vec<u8>);

impl Ram {
    fn new(size: usize) -> Ram {
        Ram(vec![0xcc; Layout::try_new(size).unwrap().len_bytes()])
    }
}

impl Memory for Ram {
    fn len_bytes(&self) -> usize {
        self.0.len()
    }
    fn read_u16(&self, offset: usize) -> u16 {
        assert!(offset.is_multiple_of(2));
        u16::from_le_bytes(self.0[offset..offset + 2].try_into().unwrap())
    }
    fn read_u32(&self, offset: usize) -> u32 {
        assert!(offset.is_multiple_of(4));
        u32::from_le_bytes(self.0[offset..offset + 4].try_into().unwrap())
    }
    fn write_u16(&mut self, offset: usize, value: u16) {
        assert!(offset.is_multiple_of(2));
        self.0[offset..offset + 2].copy_from_slice(&value.to_le_bytes());
    }
    fn write_u32(&mut self, offset: usize, value: u32) {
        assert!(offset.is_multiple_of(4));
        self.0[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }
    fn fence(&self) {}
}

/// The device's side of the queue, as the standard describes it.
#[derive(Default)]
struct Device {
    taken: u16,
    given: u16,
}

impl Device {
    /// Writes an event into the next offered buffer; whether there was one.
    fn deliver(&mut self, ram: &mut Ram, layout: Layout, size: usize, event: RawEvent) -> bool {
        if ram.read_u16(layout.available() + 2) == self.taken {
            return false;
        }
        let slot = usize::from(self.taken) % size;
        let id = ram.read_u16(layout.available() + 4 + 2 * slot);
        self.taken = self.taken.wrapping_add(1);
        let descriptor = layout.descriptors() + usize::from(id) * 16;
        let low = u64::from(ram.read_u32(descriptor));
        let address = low | u64::from(ram.read_u32(descriptor + 4)) << 32;
        assert_eq!(ram.read_u32(descriptor + 8), EVENT_LEN as u32);
        assert_eq!(ram.read_u16(descriptor + 12), 2, "the device may write it");
        let at = usize::try_from(address - DEVICE_ADDRESS).unwrap();
        ram.write_u16(at, event.kind);
        ram.write_u16(at + 2, event.code);
        ram.write_u32(at + 4, event.value);
        let element = layout.used() + 4 + usize::from(self.given) % size * 8;
        ram.write_u32(element, id.into());
        ram.write_u32(element + 4, EVENT_LEN as u32);
        self.given = self.given.wrapping_add(1);
        ram.write_u16(layout.used() + 2, self.given);
        true
    }
}

fn event(kind: u16, code: u16, value: u32) -> RawEvent {
    RawEvent { kind, code, value }
}

#[test]
fn events_arrive_in_order_past_the_wrap_of_the_index() {
    let size = 8;
    let mut queue = EventQueue::try_new(Ram::new(size), DEVICE_ADDRESS, size).unwrap();
    let layout = queue.layout();
    let mut device = Device::default();
    let (mut sent, mut received) = (0, 0);
    while sent < 70_000 {
        for _ in 0..(sent % 9) + 1 {
            let sample = event(3, 0, sent);
            sent += u32::from(device.deliver(queue.memory_mut(), layout, size, sample));
        }
        queue
            .poll(|event| {
                assert_eq!(event.value, received);
                received += 1;
            })
            .unwrap();
    }
    assert_eq!(received, sent);
}

#[test]
fn a_device_that_lies_is_not_believed_again() {
    let lies: [fn(&mut Ram, Layout); 5] = [
        // The same buffer twice.
        |ram, layout| {
            for element in [0, 8] {
                ram.write_u32(layout.used() + 4 + element, 3);
                ram.write_u32(layout.used() + 8 + element, 8);
            }
            ram.write_u16(layout.used() + 2, 2);
        },
        // More buffers than there are.
        |ram, layout| ram.write_u16(layout.used() + 2, 9),
        // A buffer that does not exist.
        |ram, layout| {
            ram.write_u32(layout.used() + 4, 8);
            ram.write_u32(layout.used() + 8, 8);
            ram.write_u16(layout.used() + 2, 1);
        },
        // An event of the wrong length.
        |ram, layout| {
            ram.write_u32(layout.used() + 8, 7);
            ram.write_u16(layout.used() + 2, 1);
        },
        // An index that goes back.
        |ram, layout| ram.write_u16(layout.used() + 2, u16::MAX),
    ];
    for lie in lies {
        let mut queue = EventQueue::try_new(Ram::new(8), DEVICE_ADDRESS, 8).unwrap();
        let layout = queue.layout();
        lie(queue.memory_mut(), layout);
        assert_eq!(queue.poll(|_| {}), Err(Error::DeviceBroken));
        queue.memory_mut().write_u16(layout.used() + 2, 0);
        assert_eq!(queue.poll(|_| {}), Err(Error::DeviceBroken));
    }
}

#[test]
fn a_queue_that_does_not_fit_is_refused() {
    for size in [0, 3, SIZE_MAX * 2] {
        assert_eq!(Layout::try_new(size), Err(Error::QueueGeometry));
    }
    let short = Ram(vec![0; 10]);
    assert_eq!(
        EventQueue::try_new(short, 0, 8).err(),
        Some(Error::QueueGeometry)
    );
    for address in [8, u64::MAX - 15] {
        let queue = EventQueue::try_new(Ram::new(8), address, 8);
        assert_eq!(queue.err(), Some(Error::QueueGeometry));
    }
}

const AXIS: AxisRange = AxisRange {
    min: 0,
    max: 0x7fff,
};

#[test]
fn a_report_shows_whole_movements() {
    let mut tablet = Tablet::new(AXIS, AXIS, 1280, 800);
    assert_eq!(tablet.feed(event(3, 0, 0x7fff)), None);
    assert_eq!(tablet.feed(event(3, 1, 0x4000)), None);
    assert_eq!(tablet.feed(event(1, 0x110, 1)), None);
    assert_eq!(tablet.feed(event(2, 8, u32::MAX)), None);
    let report = tablet.feed(event(0, 0, 0)).unwrap();
    assert_eq!(
        (report.x, report.y, report.is_left, report.wheel),
        (1279, 400, true, -1)
    );
    assert_eq!(tablet.feed(event(0, 0, 0)), None, "nothing has changed");
}

/// A configuration space as QEMU's virtio tablet has it.
fn config_space() -> [u8; CONFIG_SPACE_LEN] {
    let mut space = [0; CONFIG_SPACE_LEN];
    space[..4].copy_from_slice(&[0xf4, 0x1a, 0x52, 0x10]);
    space[6] = 0x10;
    space[0x34] = 0x84;
    // (at, next, kind, offset)
    let list = [
        (0x84, 0x70, 5, 0),
        (0x70, 0x60, 2, 0x3000),
        (0x60, 0x50, 4, 0x2000),
    ];
    for (at, next, kind, offset) in list
        .into_iter()
        .chain([(0x50, 0x40, 3, 0x1000), (0x40, 0, 1, 0)])
    {
        write_capability(&mut space, at, next, kind, offset);
    }
    space[0x80] = 4;
    space
}

fn write_capability(space: &mut [u8], at: usize, next: u8, kind: u8, offset: u32) {
    space[at..at + 5].copy_from_slice(&[9, next, 16, kind, 4]);
    space[at + 8..at + 12].copy_from_slice(&offset.to_le_bytes());
    space[at + 12..at + 16].copy_from_slice(&0x1000_u32.to_le_bytes());
}

const BAR_SIZES: [u64; BARS] = [0, 0x1000, 0, 0, 0x4000, 0];

#[test]
fn the_registers_of_a_tablet_are_found() {
    let space = config_space();
    assert!(pci::is_virtio_input(&space));
    let registers = pci::find_registers(&space, &BAR_SIZES).unwrap();
    assert_eq!((registers.common.bar, registers.common.offset), (4, 0));
    assert_eq!(registers.interrupt.offset, 0x1000);
    assert_eq!(registers.device.unwrap().offset, 0x2000);
    assert_eq!(registers.notify_multiplier, 4);
    assert_eq!(registers.doorbell(1), Ok(0x3004));
    assert_eq!(registers.doorbell(1024), Err(Error::RegisterBounds));
}

#[test]
fn a_ring_of_capabilities_and_registers_outside_are_refused() {
    let mut space = config_space();
    space[0x41] = 0x84;
    assert_eq!(
        pci::find_registers(&space, &BAR_SIZES),
        Err(Error::CapabilityList)
    );
    let mut sizes = BAR_SIZES;
    sizes[4] = 0x3fff;
    assert_eq!(
        pci::find_registers(&config_space(), &sizes),
        Err(Error::RegisterBounds)
    );
    let mut space = config_space();
    space[0x43] = 6;
    assert_eq!(
        pci::find_registers(&space, &BAR_SIZES),
        Err(Error::NotVirtio)
    );
}

proptest! {
    #[test]
    fn any_configuration_space_gives_registers_in_bounds(
        edits in prop::collection::vec((any::<u8>(), any::<u8>()), 0..40),
        sizes in prop::array::uniform6(0..0x1_0000_u64),
    ) {
        let mut space = config_space();
        for (at, value) in edits {
            space[usize::from(at)] = value;
        }
        for sizes in [sizes, BAR_SIZES] {
            if let Ok(found) = pci::find_registers(&space, &sizes) {
                for region in [found.common, found.notify, found.interrupt].into_iter().chain(found.device) {
                    let end = u64::from(region.offset) + u64::from(region.length);
                    prop_assert!(end <= sizes[usize::from(region.bar)]);
                }
            }
        }
    }

    #[test]
    fn any_memory_is_polled_in_bounds(
        writes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..200),
        index in 0..12u16,
    ) {
        let mut queue = EventQueue::try_new(Ram::new(8), DEVICE_ADDRESS, 8).unwrap();
        let layout = queue.layout();
        for (at, value) in writes {
            let ram = queue.memory_mut();
            let at = usize::from(at) % ram.0.len();
            ram.0[at] = value;
            ram.write_u16(layout.used() + 2, index);
            let mut count = 0;
            let outcome = queue.poll(|_| count += 1);
            prop_assert!(count <= 8 && outcome.is_ok_and(|n| n == count) || outcome.is_err());
        }
    }

    #[test]
    fn the_pointer_stays_on_the_screen(
        events in prop::collection::vec((0..5u16, 0..0x150u16, any::<u32>()), 0..100),
        (min, max) in any::<(i32, i32)>(),
        (width, height) in (1..5000u32, 1..5000u32),
    ) {
        let range = AxisRange { min, max };
        let mut tablet = Tablet::new(range, range, width, height);
        for (kind, code, value) in events {
            tablet.feed(event(kind, code % 3, value));
            tablet.feed(event(kind, code, value));
            if let Some(pointer) = tablet.feed(event(0, 0, 0)) {
                prop_assert!(pointer.x < width && pointer.y < height);
            }
        }
    }

    #[test]
    fn scaling_meets_the_ends_and_never_goes_back(
        (a, b, v, w) in any::<(i32, i32, i32, i32)>(), pixels in 1..9000u32,
    ) {
        prop_assume!(a < b);
        let range = AxisRange { min: a, max: b };
        prop_assert_eq!(range.scale(a, pixels), 0);
        prop_assert_eq!(range.scale(b, pixels), pixels - 1);
        prop_assert!(range.scale(v.min(w), pixels) <= range.scale(v.max(w), pixels));
    }
}
