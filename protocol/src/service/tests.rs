//! Every service over an in-memory transport: what goes in comes out, and nothing that comes in does harm.

use super::*;
use crate::abi::message::MESSAGE_LEN_MAX;

/// Answers everything with fixed or echoed values.
#[derive(Default)]
struct Echo {
    seen: String,
    caps: Vec<Slot>,
}

/// A transport that dispatches to a server in the same process.
macro_rules! wire {
    ($service:ident, $server:ident) => {
        $service::Client::new(|message: &mut Message| {
            let unclaimed = $service::dispatch(&mut $server, Caller(7), message);
            assert_eq!(unclaimed, Unclaimed::default());
            Ok(())
        })
    };
}

impl hello::Server for Echo {
    fn greet(&mut self, caller: Caller, name: &str) -> Result<Text<128>, hello::Error> {
        assert_eq!(caller, Caller(7));
        if name.is_empty() {
            Err(hello::Error::EmptyName)
        } else {
            Ok(text(format_args!("<{name}>")))
        }
    }
    fn crash(&mut self, _: Caller, kind: hello::CrashKind) -> Result<(), hello::Error> {
        self.seen = format!("{kind:?}");
        Ok(())
    }
}

impl console::Server for Echo {
    fn write(&mut self, _: Caller, bytes: &[u8]) -> Result<(), console::Error> {
        self.seen = String::from_utf8_lossy(bytes).into_owned();
        Ok(())
    }
    fn read(
        &mut self,
        _: Caller,
        len_max: u16,
    ) -> Result<Bytes<{ console::CHUNK_LEN_MAX }>, console::Error> {
        let mut bytes = Bytes::new();
        bytes
            .resize(usize::from(len_max), b'x')
            .map_err(|_full| console::Error::TooLong)?;
        Ok(bytes)
    }
    fn listen(&mut self, _: Caller, caps: [Slot; 1]) -> Result<(), console::Error> {
        self.caps = caps.to_vec();
        Ok(())
    }
}

impl input::Server for Echo {
    fn take_events(
        &mut self,
        _: Caller,
    ) -> Result<List<input::Event, { input::EVENTS_MAX }>, input::Error> {
        let event = input::Event::Key {
            usage: 4,
            character: Some('a'),
            modifiers: 7,
            is_down: true,
        };
        let mut events = List::new();
        while events.push(event).is_ok() {}
        Ok(events)
    }
    fn listen(&mut self, _: Caller, caps: [Slot; 1]) -> Result<(), input::Error> {
        self.caps = caps.to_vec();
        Ok(())
    }
}

impl compositor::Server for Echo {
    fn screen_size(&mut self, _: Caller) -> Result<compositor::Size, compositor::Error> {
        Ok(compositor::Size {
            width: 1280,
            height: 800,
        })
    }
    fn clear(&mut self, _: Caller, color: u32) -> Result<(), compositor::Error> {
        self.seen = format!("{color:#x}");
        Ok(())
    }
    fn rect(
        &mut self,
        _: Caller,
        rect: compositor::Rect,
        color: u32,
        style: compositor::Style,
    ) -> Result<(), compositor::Error> {
        self.seen = format!("{rect:?} {color:#x} {style:?}");
        Ok(())
    }
    fn circle(
        &mut self,
        _: Caller,
        center: compositor::Point,
        radius: u32,
        color: u32,
        style: compositor::Style,
    ) -> Result<(), compositor::Error> {
        self.seen = format!("{center:?} {radius} {color:#x} {style:?}");
        Ok(())
    }
    fn line(
        &mut self,
        _: Caller,
        from: compositor::Point,
        to: compositor::Point,
        color: u32,
    ) -> Result<(), compositor::Error> {
        self.seen = format!("{from:?} {to:?} {color:#x}");
        Ok(())
    }
    fn triangle(
        &mut self,
        _: Caller,
        a: compositor::Point,
        b: compositor::Point,
        c: compositor::Point,
        color: u32,
        style: compositor::Style,
    ) -> Result<(), compositor::Error> {
        self.seen = format!("{a:?} {b:?} {c:?} {color:#x} {style:?}");
        Ok(())
    }
    fn pixel(
        &mut self,
        _: Caller,
        at: compositor::Point,
        color: u32,
    ) -> Result<(), compositor::Error> {
        self.seen = format!("{at:?} {color:#x}");
        Ok(())
    }
    fn text(
        &mut self,
        _: Caller,
        _at: compositor::Point,
        scale: u8,
        _color: u32,
        text: &str,
    ) -> Result<(), compositor::Error> {
        self.seen = format!("{scale} {text}");
        if text.len() > compositor::TEXT_LEN_MAX {
            Err(compositor::Error::TextTooLong)
        } else {
            Ok(())
        }
    }
    fn create_surface(
        &mut self,
        _: Caller,
        _at: compositor::Point,
        _size: compositor::Size,
        caps: [Slot; 1],
    ) -> Result<compositor::SurfaceId, compositor::Error> {
        Ok(compositor::SurfaceId(caps[0].0))
    }
    fn commit(
        &mut self,
        _: Caller,
        surface: compositor::SurfaceId,
        _damage: compositor::Rect,
    ) -> Result<(), compositor::Error> {
        if surface.0 == 9 {
            Ok(())
        } else {
            Err(compositor::Error::UnknownSurface)
        }
    }
    fn destroy_surface(
        &mut self,
        _: Caller,
        _: compositor::SurfaceId,
    ) -> Result<(), compositor::Error> {
        Ok(())
    }
}

impl evolution::Server for Echo {
    fn attach(&mut self, _: Caller, caps: [Slot; 1]) -> Result<(), evolution::Error> {
        self.caps = caps.to_vec();
        Ok(())
    }
    fn compile(&mut self, _: Caller, len: u32) -> Result<evolution::Compiled, evolution::Error> {
        if len == 0 {
            return Err(evolution::Error::NotAModule { at: 3 });
        }
        let mut exports = List::new();
        while exports.push(u32::MAX).is_ok() {}
        Ok(evolution::Compiled {
            hash: evolution::ModuleHash([0xab; 32]),
            gate: u64::MAX,
            exports,
            code_len: u32::MAX,
            compile_us: u32::MAX,
            is_cached: false,
        })
    }
}

impl healing::Server for Echo {
    fn reserve(&mut self, _: Caller, body_len: u32) -> Result<healing::Installed, healing::Error> {
        Ok(healing::Installed {
            place: healing::PlaceId(1),
            gate: 2,
            body: u64::from(body_len),
        })
    }
    fn install(
        &mut self,
        _: Caller,
        place: healing::PlaceId,
        hash: evolution::ModuleHash,
        caps: [Slot; 2],
    ) -> Result<healing::Installed, healing::Error> {
        self.caps = caps.to_vec();
        Ok(healing::Installed {
            place,
            gate: u64::from(hash.0[0]),
            body: 0,
        })
    }
    fn swap(
        &mut self,
        _: Caller,
        _: healing::PlaceId,
        _: healing::PlaceId,
    ) -> Result<(), healing::Error> {
        Err(healing::Error::UnknownPlace)
    }
    fn roll_back(&mut self, _: Caller, _: healing::PlaceId) -> Result<(), healing::Error> {
        Err(healing::Error::NothingToRollBack)
    }
    fn status(&mut self, _: Caller) -> Result<healing::Status, healing::Error> {
        Ok(healing::Status {
            places: 1,
            bytes: 2,
            swaps: 3,
            rollbacks: 4,
        })
    }
}

fn record() -> supervisor::Record {
    supervisor::Record {
        name: text(format_args!("{}", "n".repeat(supervisor::NAME_LEN_MAX))),
        state: supervisor::State::Running,
        core: 2,
        restarts: u32::MAX,
        mem_kib: u32::MAX,
    }
}

impl supervisor::Server for Echo {
    fn list(&mut self, _: Caller, from: u16) -> Result<supervisor::Page, supervisor::Error> {
        let mut page = supervisor::Page {
            next: Some(from + 16),
            ..Default::default()
        };
        while page.records.push(record()).is_ok() {}
        Ok(page)
    }
    fn status(&mut self, _: Caller, name: &str) -> Result<supervisor::Record, supervisor::Error> {
        if name == "hello" {
            Ok(record())
        } else {
            Err(supervisor::Error::UnknownServer)
        }
    }
    fn kill(&mut self, _: Caller, name: &str) -> Result<(), supervisor::Error> {
        self.seen = name.to_string();
        Ok(())
    }
    fn restart(&mut self, _: Caller, _: &str) -> Result<(), supervisor::Error> {
        Err(supervisor::Error::NotAllowed)
    }
    fn crash(
        &mut self,
        _: Caller,
        name: &str,
        kind: hello::CrashKind,
    ) -> Result<(), supervisor::Error> {
        self.seen = format!("{name} {kind:?}");
        Ok(())
    }
    fn caps(
        &mut self,
        _: Caller,
        _: &str,
        _: u16,
    ) -> Result<supervisor::CapPage, supervisor::Error> {
        let mut page = supervisor::CapPage::default();
        let name = record().name;
        while page
            .records
            .push(supervisor::CapRecord {
                name: name.clone(),
                object: 2,
                rights: 31,
            })
            .is_ok()
        {}
        Ok(page)
    }
    fn log(
        &mut self,
        _: Caller,
        _: &str,
        from: u32,
    ) -> Result<supervisor::LogPage, supervisor::Error> {
        Ok(supervisor::LogPage {
            text: text(format_args!("{}", "l".repeat(2000))),
            next: Some(from),
        })
    }
}

impl platform::Server for Echo {
    fn power_off(&mut self, _: Caller) -> Result<(), platform::Error> {
        Err(platform::Error::NotSupported)
    }
    fn reboot(&mut self, _: Caller) -> Result<(), platform::Error> {
        Ok(())
    }
}

#[test]
fn hello_round_trips() {
    let mut server = Echo::default();
    let mut client = wire!(hello, server);
    assert_eq!(client.greet("Ada").expect("greeted"), "<Ada>");
    assert_eq!(client.greet(""), Err(hello::Error::EmptyName));
    client.crash(hello::CrashKind::Stack).expect("taken");
    assert_eq!(server.seen, "Stack");
}

#[test]
fn console_carries_full_chunks_and_a_capability() {
    let mut server = Echo::default();
    let chunk = [b'w'; console::CHUNK_LEN_MAX];
    let mut client = wire!(console, server);
    client.write(&chunk).expect("written");
    assert_eq!(client.read(900).expect("read").len(), 900);
    assert_eq!(client.read(901), Err(console::Error::TooLong));
    client.listen([Slot(5)]).expect("listens");
    let too_long = [0; MESSAGE_LEN_MAX];
    assert_eq!(
        client.write(&too_long),
        Err(console::Error::Refused(Refusal::TooLong))
    );
    assert_eq!(server.seen.len(), console::CHUNK_LEN_MAX);
    assert_eq!(server.caps, [Slot(5)]);
}

#[test]
fn input_fits_its_largest_answer() {
    let mut server = Echo::default();
    let mut client = wire!(input, server);
    assert_eq!(
        client.take_events().expect("events").len(),
        input::EVENTS_MAX
    );
    client.listen([Slot(1)]).expect("listens");
}

#[test]
fn compositor_round_trips() {
    use compositor::{Point, Rect, Size, Style, SurfaceId};
    let mut server = Echo::default();
    {
        let mut client = wire!(compositor, server);
        assert_eq!(
            client.screen_size(),
            Ok(Size {
                width: 1280,
                height: 800
            })
        );
        client.clear(1).expect("drawn");
        let rect = Rect {
            x: i32::MIN,
            y: -1,
            width: u32::MAX,
            height: 3,
        };
        client.rect(rect, 0xff0000, Style::Outline).expect("drawn");
        let (a, b) = (
            Point { x: 1, y: -2 },
            Point {
                x: i32::MAX,
                y: i32::MIN,
            },
        );
        client.circle(a, u32::MAX, 2, Style::Filled).expect("drawn");
        client.line(a, b, 3).expect("drawn");
        client.triangle(a, b, a, 4, Style::Filled).expect("drawn");
        client.pixel(b, 5).expect("drawn");
        let long = "x".repeat(compositor::TEXT_LEN_MAX);
        client.text(a, 1, 6, &long).expect("drawn");
        assert_eq!(
            client.text(a, 1, 6, &(long + "x")),
            Err(compositor::Error::TextTooLong)
        );
        assert_eq!(
            client.create_surface(a, Size::default(), [Slot(9)]),
            Ok(SurfaceId(9))
        );
        client.commit(SurfaceId(9), rect).expect("committed");
        assert_eq!(
            client.commit(SurfaceId(1), rect),
            Err(compositor::Error::UnknownSurface)
        );
        client.destroy_surface(SurfaceId(9)).expect("gone");
        client.pixel(a, 0xabcdef).expect("drawn");
    }
    assert_eq!(server.seen, "Point { x: 1, y: -2 } 0xabcdef");
}

#[test]
fn evolution_fits_its_largest_answer() {
    let mut server = Echo::default();
    let mut client = wire!(evolution, server);
    client.attach([Slot(3)]).expect("attached");
    let compiled = client.compile(1).expect("compiled");
    assert_eq!(compiled.exports.len(), evolution::EXPORTS_MAX);
    assert_eq!(
        client.compile(0),
        Err(evolution::Error::NotAModule { at: 3 })
    );
}

#[test]
fn healing_takes_two_frames() {
    let mut server = Echo::default();
    {
        let mut client = wire!(healing, server);
        let place = client.reserve(4096).expect("reserved").place;
        let hash = evolution::ModuleHash([5; 32]);
        assert_eq!(
            client
                .install(place, hash, [Slot(1), Slot(2)])
                .expect("installed")
                .gate,
            5
        );
        assert_eq!(client.swap(place, place), Err(healing::Error::UnknownPlace));
        assert_eq!(
            client.roll_back(place),
            Err(healing::Error::NothingToRollBack)
        );
        assert_eq!(client.status().expect("status").rollbacks, 4);
    }
    assert_eq!(server.caps, [Slot(1), Slot(2)]);
}

#[test]
fn supervisor_fits_its_largest_answers() {
    let mut server = Echo::default();
    let mut client = wire!(supervisor, server);
    let page = client.list(0).expect("page");
    assert_eq!(
        (page.records.len(), page.next),
        (supervisor::RECORDS_MAX, Some(16))
    );
    assert_eq!(client.status("hello"), Ok(record()));
    assert_eq!(client.status("?"), Err(supervisor::Error::UnknownServer));
    assert_eq!(
        client.caps("hello", 0).expect("caps").records.len(),
        supervisor::CAPS_MAX
    );
    assert_eq!(
        client.log("hello", 0).expect("log").text.len(),
        supervisor::LOG_LEN_MAX
    );
    client.kill("hello").expect("killed");
    assert_eq!(client.restart("hello"), Err(supervisor::Error::NotAllowed));
    client
        .crash("hello", hello::CrashKind::Null)
        .expect("crashed");
}

#[test]
fn platform_round_trips() {
    let mut server = Echo::default();
    let mut client = wire!(platform, server);
    assert_eq!(client.power_off(), Err(platform::Error::NotSupported));
    client.reboot().expect("rebooted");
}

fn refused_as(message: &Message) -> Option<Refusal> {
    (message.label == REPLY_REFUSED).then(|| message.decode().expect("a refusal"))
}

fn request(label: u16, payload: &[u8], caps: &[Slot]) -> Message {
    let mut message = Message::new();
    message.label = label;
    message.fill(payload.len(), |bytes| bytes.copy_from_slice(payload));
    message.set_caps(caps);
    message
}

#[test]
fn hostile_messages_are_refused_with_their_reason() {
    let mut server = Echo::default();
    let cases = [
        (request(0x0105, &[], &[]), Refusal::UnknownMethod),
        (request(0x0200, &[], &[]), Refusal::WrongVersion),
        (request(0x0100, &[], &[]), Refusal::Undecodable),
        (request(0x0100, &[200, 1, b'x'], &[]), Refusal::Undecodable),
        (request(0x0100, &[1, 0xff], &[]), Refusal::Undecodable),
        (request(0x0100, &[1, b'x', 0], &[]), Refusal::TrailingBytes),
        (request(0x0101, &[99], &[]), Refusal::Undecodable),
        (
            request(0x0100, &[1, b'x'], &[Slot(4)]),
            Refusal::WrongCapabilities,
        ),
    ];
    for (mut message, expected) in cases {
        let sent = message.caps.clone();
        let Unclaimed(unclaimed) = hello::dispatch(&mut server, Caller(7), &mut message);
        assert_eq!(refused_as(&message), Some(expected));
        assert_eq!(unclaimed, sent);
        assert!(message.caps.is_empty());
    }
    let mut dropped = request(0x0102, &[], &[Slot(0)]);
    assert_eq!(
        console::dispatch(&mut server, Caller(7), &mut dropped),
        Unclaimed(dropped_slots())
    );
    assert_eq!(refused_as(&dropped), Some(Refusal::WrongCapabilities));
}

fn dropped_slots() -> Slots {
    Slots::from_slice(&[Slot(0)]).expect("one fits")
}

#[test]
fn no_bytes_panic_any_service() {
    // A fixed seed: a failure repeats.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let dispatches: [fn(&mut Echo, Caller, &mut Message) -> Unclaimed; 8] = [
        hello::dispatch,
        console::dispatch,
        input::dispatch,
        compositor::dispatch,
        evolution::dispatch,
        healing::dispatch,
        supervisor::dispatch,
        platform::dispatch,
    ];
    let mut server = Echo::default();
    for round in 0..40_000_usize {
        let len = next() as usize
            % if round % 8 == 0 {
                MESSAGE_LEN_MAX + 1
            } else {
                24
            };
        let payload: Vec<u8> = (0..len)
            .map(|_| next() as u8 & if round % 2 == 0 { 0xff } else { 3 })
            .collect();
        let label = if round % 16 == 0 {
            next() as u16
        } else {
            0x0100 | (next() as u16 % 12)
        };
        let caps = vec![Slot(next() as u32 % 3); next() as usize % 5];
        let mut message = request(label, &payload, &caps);
        let Unclaimed(unclaimed) = dispatches[round % 8](&mut server, Caller(7), &mut message);
        assert!(message.label <= REPLY_REFUSED, "every message has a reply");
        assert!(unclaimed.len() <= caps.len());
    }
}

#[test]
fn hostile_replies_are_errors() {
    for (label, payload, expected) in [
        (9_u16, &[][..], Refusal::UnknownReply),
        (REPLY_OK, &[200, 1][..], Refusal::Undecodable),
        (REPLY_OK, &[1, b'x', b'y'][..], Refusal::TrailingBytes),
        (REPLY_ERROR, &[77][..], Refusal::Undecodable),
        (REPLY_REFUSED, &[77][..], Refusal::Undecodable),
    ] {
        let mut client = hello::Client::new(|message: &mut Message| {
            *message = request(label, payload, &[]);
            Ok(())
        });
        assert_eq!(client.greet("Ada"), Err(hello::Error::Refused(expected)));
    }
}

#[test]
fn a_restart_repeats_idempotent_requests_only() {
    let mut calls = 0;
    let mut client = hello::Client::new(|_: &mut Message| {
        calls += 1;
        Err(CallError::Restarted {
            generation: 3,
            is_delivered: true,
        })
    });
    assert_eq!(
        client.crash(hello::CrashKind::Null),
        Err(hello::Error::Restarted { generation: 3 })
    );
    assert_eq!(
        client.greet("Ada"),
        Err(hello::Error::Restarted { generation: 3 })
    );
    assert_eq!(calls, 1 + 1 + REPLAYS_MAX);
}

#[test]
fn a_request_until_effect_is_repeated_while_it_was_not_delivered() {
    let mut calls = 0;
    let mut client = healing::Client::new(|_: &mut Message| {
        calls += 1;
        Err(CallError::Restarted {
            generation: 1,
            is_delivered: calls == 2,
        })
    });
    assert!(client.reserve(1).is_err());
    assert_eq!(calls, 2);
}

#[test]
fn names_and_labels_are_unique() {
    for (index, service) in ALL.iter().enumerate() {
        assert!(ALL[..index].iter().all(|other| other.name != service.name));
        for (index, method) in service.methods.iter().enumerate() {
            assert_eq!(service.method(method.label), Some(&service.methods[index]));
        }
    }
}

#[test]
fn text_is_cut_between_characters() {
    assert_eq!(text::<4>(format_args!("ab{}", "é€")), "abé");
    assert_eq!(text::<3>(format_args!("ab{}c", "é")), "ab");
}
