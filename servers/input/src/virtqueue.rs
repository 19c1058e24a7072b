//! The event queue: a split virtqueue of small buffers that the device fills.
//!
//! Virtio 1.1, 2.6. Descriptor `i` always points to buffer `i`, so the table is written once. The device gives a buffer back
//! through the used ring; it is read and offered again at once.
//!
//! ```text
//!   Offered ──(1) device: used ring──▶ Used ──(2) poll: read, offer again──▶ Offered
//! ```
//!
//! The device can write to all of this memory, so the indices that count are kept here, and what it says is checked against
//! them: a queue whose device lies stops for good with [`Error::DeviceBroken`].

use crate::Error;

/// Most buffers of a queue. A tablet sends four events a movement; 64 are a frame's worth of the fastest.
pub const SIZE_MAX: usize = 64;
/// Bytes of an event: type, code, value (Virtio 1.1, 5.8.6).
pub const EVENT_LEN: usize = 8;

const DESCRIPTOR_LEN: usize = 16;
const DESCRIPTOR_DEVICE_WRITES: u16 = 2;
const USED_ELEMENT_LEN: usize = 8;

/// Memory shared with the device. Each access is one volatile access of its width; offsets are in bytes and aligned to it.
pub trait Memory {
    /// Bytes it has.
    fn len_bytes(&self) -> usize;
    /// Reads two bytes, little-endian.
    fn read_u16(&self, offset: usize) -> u16;
    /// Reads four bytes, little-endian.
    fn read_u32(&self, offset: usize) -> u32;
    /// Writes two bytes, little-endian.
    fn write_u16(&mut self, offset: usize, value: u16);
    /// Writes four bytes, little-endian.
    fn write_u32(&mut self, offset: usize, value: u32);
    /// Orders the accesses before it before those after it, as the device sees them.
    fn fence(&self);
}

/// Where the parts of a queue are, in bytes from the start of its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    size: usize,
}

impl Layout {
    /// The layout of a queue of `size` buffers. Errors: [`Error::QueueGeometry`] unless a power of two up to [`SIZE_MAX`].
    pub fn try_new(size: usize) -> Result<Layout, Error> {
        if !size.is_power_of_two() || size > SIZE_MAX {
            return Err(Error::QueueGeometry);
        }
        Ok(Layout { size })
    }

    /// The descriptor table.
    pub const fn descriptors(&self) -> usize {
        0
    }

    /// The ring of buffers offered to the device.
    pub const fn available(&self) -> usize {
        self.size * DESCRIPTOR_LEN
    }

    /// The ring of buffers the device is done with; a multiple of 4.
    pub const fn used(&self) -> usize {
        (self.available() + 6 + 2 * self.size).next_multiple_of(4)
    }

    /// The event buffers; a multiple of 8.
    pub const fn buffers(&self) -> usize {
        (self.used() + 6 + USED_ELEMENT_LEN * self.size).next_multiple_of(8)
    }

    /// Bytes of all of it.
    pub const fn len_bytes(&self) -> usize {
        self.buffers() + EVENT_LEN * self.size
    }
}

/// An event as the device wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// Kind: synchronisation, key, relative or absolute axis.
    pub kind: u16,
    /// Which key or axis.
    pub code: u16,
    /// The key's state or the axis's value.
    pub value: u32,
}

/// A queue whose buffers are all offered or about to be.
#[derive(Debug)]
pub struct EventQueue<M> {
    memory: M,
    layout: Layout,
    /// Buffers the device has, one bit each.
    offered: u64,
    available_index: u16,
    used_index: u16,
    is_broken: bool,
}

impl<M: Memory> EventQueue<M> {
    /// A queue in `memory`, which the device sees at `device_address`, with every buffer offered.
    ///
    /// Errors: [`Error::QueueGeometry`] if the memory is too small, or its device address is not a multiple of 16.
    pub fn try_new(memory: M, device_address: u64, size: usize) -> Result<EventQueue<M>, Error> {
        let layout = Layout::try_new(size)?;
        let end = device_address.checked_add(layout.len_bytes() as u64);
        if memory.len_bytes() < layout.len_bytes()
            || end.is_none()
            || !device_address.is_multiple_of(16)
        {
            return Err(Error::QueueGeometry);
        }
        let mut queue = EventQueue {
            memory,
            layout,
            offered: 0,
            available_index: 0,
            used_index: 0,
            is_broken: false,
        };
        for offset in (0..layout.len_bytes()).step_by(4) {
            queue.memory.write_u32(offset, 0);
        }
        for buffer in 0..size {
            queue.write_descriptor(buffer, device_address);
            queue.offer(buffer);
        }
        queue.publish();
        Ok(queue)
    }

    /// Where its parts are, for the device's queue registers.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The shared memory, as for a test that plays the device.
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// (2) Calls `event` with each event that came; how many. If any did, the doorbell must be rung.
    ///
    /// At most as many as the queue has buffers. Errors: [`Error::DeviceBroken`], then and ever after.
    pub fn poll(&mut self, mut event: impl FnMut(RawEvent)) -> Result<usize, Error> {
        if self.is_broken {
            return Err(Error::DeviceBroken);
        }
        let count = self.take_used(&mut event);
        self.is_broken = count.is_err();
        count
    }

    fn take_used(&mut self, event: &mut impl FnMut(RawEvent)) -> Result<usize, Error> {
        let used = self.layout.used();
        let device_index = self.memory.read_u16(used + 2);
        let count = usize::from(device_index.wrapping_sub(self.used_index));
        if count > self.layout.size {
            return Err(Error::DeviceBroken);
        }
        // The elements are read after the index that says they are there.
        self.memory.fence();
        for _ in 0..count {
            let slot = usize::from(self.used_index) % self.layout.size;
            let element = used + 4 + slot * USED_ELEMENT_LEN;
            let id = self.memory.read_u32(element);
            let written = self.memory.read_u32(element + 4);
            let buffer = usize::try_from(id).map_err(|_| Error::DeviceBroken)?;
            if buffer >= self.layout.size
                || self.offered & 1 << buffer == 0
                || written != EVENT_LEN as u32
            {
                return Err(Error::DeviceBroken);
            }
            self.offered &= !(1 << buffer);
            event(self.read_event(buffer));
            self.used_index = self.used_index.wrapping_add(1);
        }
        // Only now: a buffer that comes twice in one batch is a lie, as it was offered once.
        for buffer in 0..self.layout.size {
            if self.offered & 1 << buffer == 0 {
                self.offer(buffer);
            }
        }
        if count > 0 {
            self.publish();
        }
        Ok(count)
    }

    fn read_event(&self, buffer: usize) -> RawEvent {
        let at = self.layout.buffers() + buffer * EVENT_LEN;
        RawEvent {
            kind: self.memory.read_u16(at),
            code: self.memory.read_u16(at + 2),
            value: self.memory.read_u32(at + 4),
        }
    }

    fn write_descriptor(&mut self, buffer: usize, device_address: u64) {
        let at = self.layout.descriptors() + buffer * DESCRIPTOR_LEN;
        let address = device_address + (self.layout.buffers() + buffer * EVENT_LEN) as u64;
        // Low and high half.
        self.memory.write_u32(at, address as u32);
        self.memory.write_u32(at + 4, (address >> 32) as u32);
        self.memory.write_u32(at + 8, EVENT_LEN as u32);
        self.memory.write_u16(at + 12, DESCRIPTOR_DEVICE_WRITES);
        self.memory.write_u16(at + 14, 0);
    }

    /// Puts a buffer in the available ring, behind the published index.
    fn offer(&mut self, buffer: usize) {
        let slot = usize::from(self.available_index) % self.layout.size;
        let at = self.layout.available() + 4 + 2 * slot;
        // Below SIZE_MAX.
        self.memory.write_u16(at, buffer as u16);
        self.available_index = self.available_index.wrapping_add(1);
        self.offered |= 1 << buffer;
    }

    /// Shows the device what was offered.
    fn publish(&mut self) {
        self.memory.fence();
        self.memory
            .write_u16(self.layout.available() + 2, self.available_index);
        self.memory.fence();
    }
}
