//! The kernel's capability code against a reference model: random operations, equally accepted or refused, equal end states.
//!
//! The model is a plain tree of owned nodes with none of the kernel's techniques (no lists, no depths, no cursors): a
//! capability is a node, its children derive from it, and a location is a (CSpace, slot) pair. After each operation every slot of
//! every CSpace is compared, and the memory of live objects is checked for overlaps.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::BTreeMap;

use microkernel::capability::revoke::{self, Progress};
use microkernel::capability::slot::{Capability, Slot, SlotFlags};
use microkernel::capability::{CSpace, derivation, transfer};
use microkernel::memory::address::PhysAddr;
use microkernel::object::untyped::{self, Request};
use proptest::prelude::*;
use protocol::abi::{Error, ObjectType, Rights};

/// log2 of the RAM that the machine under test has.
const MEMORY_BITS: u8 = 16;
/// log2 of the slots of the root CSpace.
const ROOT_BITS: u8 = 4;

/// A machine: RAM, and a root CSpace whose slot 1 holds the RAM as an Untyped and slot 2 the root CSpace itself.
struct Machine {
    memory: *mut u8,
    root_memory: *mut u8,
    boot_slot: Box<Slot>,
}

fn layout(bits: u8) -> Layout {
    Layout::from_size_align(1 << bits, 1 << bits).expect("a power of two is a valid layout")
}

impl Machine {
    fn new() -> Self {
        // SAFETY: both layouts have a size that is not 0.
        let (memory, root_memory) = unsafe {
            (
                alloc_zeroed(layout(MEMORY_BITS)),
                alloc_zeroed(layout(ROOT_BITS + 6)),
            )
        };
        let machine = Self {
            memory,
            root_memory,
            boot_slot: Box::default(),
        };
        let root = Capability {
            object_type: ObjectType::CSpace,
            rights: Rights::all(),
            flags: SlotFlags::ORIGINAL,
            size_bits: ROOT_BITS,
            object: PhysAddr(root_memory.expose_provenance() as u64),
            word: untyped::next_serial(),
        };
        derivation::insert_root(&machine.boot_slot, &root).expect("the slot is empty");
        let space = machine.root();
        let ram = Capability {
            object_type: ObjectType::Untyped,
            rights: Rights::all(),
            flags: SlotFlags::ORIGINAL,
            size_bits: MEMORY_BITS,
            object: PhysAddr(memory.expose_provenance() as u64),
            word: 0,
        };
        derivation::insert_root(space.slot(1).expect("in range"), &ram).expect("empty");
        transfer::copy(
            &machine.boot_slot,
            space.slot(2).expect("in range"),
            Rights::all(),
            0,
        )
        .expect("the root can be copied");
        machine
    }

    fn root(&self) -> CSpace<'_> {
        CSpace::open(&self.boot_slot.get().expect("boot filled it")).expect("it is a CSpace")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // SAFETY: both came from `alloc_zeroed` with these layouts and are freed once.
        unsafe {
            dealloc(self.memory, layout(MEMORY_BITS));
            dealloc(self.root_memory, layout(ROOT_BITS + 6));
        }
    }
}

/// A place for a capability: the index of the CSpace in the order of making, and the slot.
type Place = (usize, u64);

/// A capability in the model.
#[derive(Clone, Debug)]
struct Node {
    parent: Option<Place>,
    object_type: ObjectType,
    rights: Rights,
    badge: u64,
    is_original: bool,
    /// Offset and bytes in RAM.
    memory: (u64, u64),
    /// CSpaces: its index.
    space: usize,
    /// Untyped: bytes given out.
    used: u64,
    size_bits: u8,
}

/// The whole model.
struct Model {
    slots: BTreeMap<Place, Node>,
    /// Slots of each CSpace ever made.
    sizes: Vec<u64>,
}

impl Model {
    fn new() -> Self {
        let node = |object_type, bits, is_original| Node {
            parent: None,
            object_type,
            rights: Rights::all(),
            badge: 0,
            is_original,
            memory: (0, 1u64 << bits),
            space: 0,
            used: 0,
            size_bits: bits,
        };
        let slots = BTreeMap::from([
            ((0, 1), node(ObjectType::Untyped, MEMORY_BITS, true)),
            ((0, 2), node(ObjectType::CSpace, ROOT_BITS, false)),
        ]);
        Self {
            slots,
            sizes: vec![1 << ROOT_BITS],
        }
    }

    /// The CSpace that a capability in the root names, if it does.
    fn space_at(&self, slot: u64) -> Result<usize, Error> {
        match self.slots.get(&(0, slot)) {
            None => Err(Error::InvalidCapability),
            Some(node) if node.object_type != ObjectType::CSpace => Err(Error::WrongObject),
            Some(node) => Ok(node.space),
        }
    }

    fn place(&self, space: usize, slot: u64) -> Result<Place, Error> {
        if slot == 0 || slot >= self.sizes[space] {
            return Err(Error::InvalidCapability);
        }
        Ok((space, slot))
    }

    fn children(&self, place: Place) -> Vec<Place> {
        let is_child = |node: &Node| node.parent == Some(place);
        self.slots
            .iter()
            .filter(|(_, node)| is_child(node))
            .map(|(at, _)| *at)
            .collect()
    }

    fn retype(&mut self, from: u64, request: &Request, to: u64, first: u64) -> Result<(), Error> {
        let space = self.space_at(to)?;
        let source_place = (0, from);
        let source = self
            .slots
            .get(&source_place)
            .ok_or(Error::InvalidCapability)?
            .clone();
        if source.object_type != ObjectType::Untyped {
            return Err(Error::WrongObject);
        }
        let bytes = match (request.object_type, request.size_bits) {
            (ObjectType::Untyped, bits @ 6..=47) => 1u64 << bits,
            (ObjectType::Frame, bits @ 12..=30) => 1 << bits,
            (ObjectType::CSpace, bits @ 4..=15) => 64 << bits,
            (ObjectType::Endpoint | ObjectType::Reply, _) => 64,
            _ => return Err(Error::InvalidArgument),
        };
        if request.count == 0 || request.count > 64 {
            return Err(Error::InvalidArgument);
        }
        let used = if self.children(source_place).is_empty() {
            0
        } else {
            source.used
        };
        let start = used.next_multiple_of(bytes);
        if start + bytes * request.count > source.memory.1 {
            return Err(Error::OutOfMemory);
        }
        for slot in first..first + request.count {
            if self.slots.contains_key(&self.place(space, slot)?) {
                return Err(Error::SlotOccupied);
            }
        }
        for index in 0..request.count {
            let mut node = Node {
                parent: Some(source_place),
                object_type: request.object_type,
                rights: Rights::all().difference(Rights::EXECUTE),
                badge: 0,
                is_original: true,
                memory: (source.memory.0 + start + index * bytes, bytes),
                space: 0,
                used: 0,
                size_bits: request.size_bits,
            };
            if request.object_type == ObjectType::CSpace {
                node.space = self.sizes.len();
                self.sizes.push(1 << request.size_bits);
            }
            self.slots.insert((space, first + index), node);
        }
        let source = self.slots.get_mut(&source_place).expect("looked up above");
        source.used = start + bytes * request.count;
        Ok(())
    }

    fn copy(&mut self, from: u64, to: u64, at: u64, mask: Rights, badge: u64) -> Result<(), Error> {
        let destination = self.place(self.space_at(to)?, at)?;
        let mut node = self
            .slots
            .get(&(0, from))
            .ok_or(Error::InvalidCapability)?
            .clone();
        if matches!(node.object_type, ObjectType::Untyped | ObjectType::Reply) {
            return Err(Error::InvalidArgument);
        }
        if badge != 0 {
            if node.object_type != ObjectType::Endpoint || node.badge != 0 {
                return Err(Error::InvalidArgument);
            }
            node.badge = badge;
        }
        if self.slots.contains_key(&destination) {
            return Err(Error::SlotOccupied);
        }
        node.rights &= mask;
        node.is_original = false;
        node.parent = Some((0, from));
        self.slots.insert(destination, node);
        Ok(())
    }

    fn relocate(&mut self, from: u64, to: u64, at: u64) -> Result<(), Error> {
        let space = self.space_at(to)?;
        let destination = self.place(space, at)?;
        let source = (0, from);
        let node = self.slots.get(&source).ok_or(Error::InvalidCapability)?;
        if node.object_type == ObjectType::CSpace && node.is_original && space >= node.space {
            return Err(Error::InvalidArgument);
        }
        if node.object_type == ObjectType::Untyped && !self.children(source).is_empty() {
            return Err(Error::HasChildren);
        }
        if self.slots.contains_key(&destination) {
            return Err(Error::SlotOccupied);
        }
        for child in self.children(source) {
            self.slots.get_mut(&child).expect("it is a child").parent = Some(destination);
        }
        let node = self.slots.remove(&source).expect("looked up above");
        self.slots.insert(destination, node);
        Ok(())
    }

    fn delete(&mut self, place: Place) {
        for child in self.children(place) {
            self.delete(child);
        }
        let contents: Vec<Place> = match self.slots.get(&place) {
            Some(node) if node.object_type == ObjectType::CSpace && node.is_original => self
                .slots
                .range((node.space, 0)..(node.space + 1, 0))
                .map(|(at, _)| *at)
                .collect(),
            _ => Vec::new(),
        };
        for inner in contents {
            self.delete(inner);
        }
        self.slots.remove(&place);
    }

    fn revoke(&mut self, place: Place) -> Result<(), Error> {
        if !self.slots.contains_key(&place) {
            return Err(Error::InvalidCapability);
        }
        for child in self.children(place) {
            self.delete(child);
        }
        Ok(())
    }
}

/// One operation; slot numbers are in the root CSpace unless `to` names another.
#[derive(Clone, Debug)]
enum Operation {
    Retype {
        from: u64,
        request: (ObjectType, u8, u64),
        to: u64,
        first: u64,
    },
    Copy {
        from: u64,
        to: u64,
        at: u64,
        mask: u8,
        badge: u64,
    },
    Move {
        from: u64,
        to: u64,
        at: u64,
    },
    Delete {
        to: u64,
        at: u64,
    },
    Revoke {
        to: u64,
        at: u64,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let slot = || 0u64..18;
    let object = prop_oneof![
        (Just(ObjectType::Untyped), 5u8..16),
        (Just(ObjectType::Frame), 11u8..14),
        (Just(ObjectType::CSpace), 3u8..6),
        (Just(ObjectType::Endpoint), Just(0u8)),
        (Just(ObjectType::Reply), Just(0u8)),
        (Just(ObjectType::IrqHandler), Just(0u8)),
    ];
    let space = || prop_oneof![3 => Just(2u64), 2 => slot()];
    let retype = (slot(), object, 0u64..4, space(), slot()).prop_map(
        |(from, (object_type, bits), count, to, first)| Operation::Retype {
            from: if from > 8 { 1 } else { from },
            request: (object_type, bits, count),
            to,
            first,
        },
    );
    prop_oneof![
        4 => retype,
        4 => (slot(), space(), slot(), any::<u8>(), 0u64..3)
            .prop_map(|(from, to, at, mask, badge)| Operation::Copy { from, to, at, mask, badge }),
        2 => (slot(), space(), slot()).prop_map(|(from, to, at)| Operation::Move { from, to, at }),
        1 => (space(), slot()).prop_map(|(to, at)| Operation::Delete { to, at }),
        1 => (space(), slot()).prop_map(|(to, at)| Operation::Revoke { to, at }),
    ]
}

/// Repeats a preemptible operation until it is done, with few steps at a time.
fn to_the_end(mut step: impl FnMut(&mut u32) -> Result<Progress, Error>) -> Result<(), Error> {
    for _ in 0..100_000 {
        if step(&mut 3)? == Progress::Done {
            return Ok(());
        }
    }
    panic!("a preemptible operation does not end");
}

fn apply(machine: &Machine, operation: &Operation) -> Result<(), Error> {
    let root = machine.root();
    let open = |slot| CSpace::open(&root.slot(slot)?.get().ok_or(Error::InvalidCapability)?);
    match *operation {
        Operation::Retype {
            from,
            request: (object_type, size_bits, count),
            to,
            first,
        } => {
            let request = Request {
                object_type,
                size_bits,
                count,
            };
            let space = open(to)?;
            untyped::retype(root.slot(from)?, &request, &space, first)
        }
        Operation::Copy {
            from,
            to,
            at,
            mask,
            badge,
        } => {
            let destination = open(to)?.slot(at)?;
            transfer::copy(
                root.slot(from)?,
                destination,
                Rights::from_bits_truncate(mask),
                badge,
            )
        }
        Operation::Move { from, to, at } => {
            let space = open(to)?;
            transfer::relocate(root.slot(from)?, &space, space.slot(at)?)
        }
        Operation::Delete { to, at } => {
            let slot = open(to)?.slot(at)?;
            to_the_end(|steps| Ok(revoke::delete(slot, steps)))
        }
        Operation::Revoke { to, at } => {
            let slot = open(to)?.slot(at)?;
            to_the_end(|steps| revoke::revoke(slot, steps))
        }
    }
}

fn apply_to_model(model: &mut Model, operation: &Operation) -> Result<(), Error> {
    match *operation {
        Operation::Retype {
            from,
            request: (object_type, size_bits, count),
            to,
            first,
        } => model.retype(
            from,
            &Request {
                object_type,
                size_bits,
                count,
            },
            to,
            first,
        ),
        Operation::Copy {
            from,
            to,
            at,
            mask,
            badge,
        } => model.copy(from, to, at, Rights::from_bits_truncate(mask), badge),
        Operation::Move { from, to, at } => model.relocate(from, to, at),
        Operation::Delete { to, at } => {
            let place = model.place(model.space_at(to)?, at)?;
            model.delete(place);
            Ok(())
        }
        Operation::Revoke { to, at } => {
            let place = model.place(model.space_at(to)?, at)?;
            model.revoke(place)
        }
    }
}

/// The root capability and the boot Untyped stay: without them there is nothing left to compare.
fn would_end_the_world(operation: &Operation, model: &Model) -> bool {
    let is_boot = |place: Place| place == (0, 1) || place == (0, 2);
    match *operation {
        Operation::Delete { to, at } => model.space_at(to).is_ok_and(|space| is_boot((space, at))),
        Operation::Move { from, .. } => is_boot((0, from)),
        _ => false,
    }
}

fn compare(machine: &Machine, model: &Model) {
    let base = machine.memory.addr() as u64;
    let mut live: Vec<(u64, u64)> = Vec::new();
    let mut spaces = vec![(0, machine.root())];
    for (place, node) in &model.slots {
        if node.object_type == ObjectType::CSpace && node.is_original {
            let object = PhysAddr(base + node.memory.0);
            let capability = Capability {
                object_type: ObjectType::CSpace,
                rights: Rights::all(),
                flags: SlotFlags::ORIGINAL,
                size_bits: node.size_bits,
                object,
                word: 0,
            };
            spaces.push((
                node.space,
                CSpace::open(&capability).expect("the model says so"),
            ));
        }
        let is_leaf_object = node.is_original && node.object_type != ObjectType::Untyped;
        if is_leaf_object && *place != (0, 2) {
            live.push(node.memory);
        }
    }
    live.sort_unstable();
    for pair in live.windows(2) {
        assert!(
            pair[0].0 + pair[0].1 <= pair[1].0,
            "objects overlap: {pair:?}"
        );
    }
    for (index, space) in spaces {
        for (number, slot) in (0u64..).zip(space.slots()) {
            let place = (index, number);
            match (slot.get(), model.slots.get(&place)) {
                (None, None) => {}
                (Some(real), Some(node)) => {
                    assert_eq!(real.object_type, node.object_type, "{place:?}");
                    assert_eq!(real.rights, node.rights, "{place:?}");
                    if real.object_type == ObjectType::Endpoint {
                        assert_eq!(real.word, node.badge, "{place:?}");
                    }
                    assert_eq!(
                        derivation::first_descendant(slot).is_some(),
                        !model.children(place).is_empty(),
                        "{place:?} has descendants"
                    );
                    if node.is_original {
                        assert_eq!(real.object.0, base + node.memory.0, "{place:?}");
                    }
                }
                (real, node) => panic!("{place:?}: kernel {real:?}, model {node:?}"),
            }
        }
    }
}

fn run(operations: &[Operation]) {
    let machine = Machine::new();
    let mut model = Model::new();
    for operation in operations {
        if would_end_the_world(operation, &model) {
            continue;
        }
        let expected = apply_to_model(&mut model, operation);
        let actual = apply(&machine, operation);
        assert_eq!(
            actual.is_ok(),
            expected.is_ok(),
            "{operation:?}: {actual:?}, {expected:?}"
        );
        compare(&machine, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_kernel_and_the_model_agree(operations in prop::collection::vec(operation(), 1..120)) {
        run(&operations);
    }
}

#[test]
fn revoking_the_boot_untyped_returns_every_byte() {
    let machine = Machine::new();
    let root = machine.root();
    let ram = root.slot(1).expect("in range");
    for _ in 0..1_000 {
        let frames = Request {
            object_type: ObjectType::Frame,
            size_bits: 12,
            count: 12,
        };
        untyped::retype(ram, &frames, &root, 3).expect("all of the memory is free again");
        to_the_end(|steps| revoke::revoke(ram, steps)).expect("the slot is full");
        assert!(root.slot(3).expect("in range").is_empty());
    }
}

#[test]
fn a_full_cspace_is_destroyed_in_bounded_steps() {
    let machine = Machine::new();
    let root = machine.root();
    let ram = root.slot(1).expect("in range");
    let one = |object_type, size_bits| Request {
        object_type,
        size_bits,
        count: 1,
    };
    untyped::retype(ram, &one(ObjectType::CSpace, 6), &root, 3).expect("there is memory");
    untyped::retype(ram, &one(ObjectType::Endpoint, 0), &root, 4).expect("there is memory");
    let space = CSpace::open(&root.slot(3).expect("in range").get().expect("just made"))
        .expect("it is a CSpace");
    let endpoint = root.slot(4).expect("in range");
    for number in 1..64 {
        transfer::copy(
            endpoint,
            space.slot(number).expect("in range"),
            Rights::all(),
            number,
        )
        .expect("the slot is empty");
    }
    let victim = root.slot(3).expect("in range");
    let mut calls = 0;
    while revoke::delete(victim, &mut 8) == Progress::More {
        calls += 1;
        assert!(
            calls < 64,
            "63 capabilities and the space itself, 8 steps a call"
        );
    }
    assert!(calls >= 7, "no call does more than its steps");
    assert!(victim.is_empty());
    assert!(
        derivation::first_descendant(endpoint).is_none(),
        "the copies are gone"
    );
}
