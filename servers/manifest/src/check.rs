//! What names refer to, who may have what, and the order of the start.

use heapless::Vec as List;
use protocol::manifest::{
    Authority, Device, INFERENCE_CORE, LIST_MAX, MANIFEST_VERSION, Manifest, Name, Restart,
    SERVERS_MAX, Server,
};

use crate::Kind;
use crate::read::{At, Found, Written};

/// The only server that core 3 takes.
const INFERENCE: &str = "inference";
/// Restarts in a row where the file says nothing.
const RESTARTS_MAX_DEFAULT: u8 = 8;

/// The checked manifest in start order. `None` if `found` has something new.
pub fn topology(servers: &[Written], found: &mut Found) -> Option<Manifest> {
    let before = found.len();
    if servers.len() > SERVERS_MAX {
        let at = servers[SERVERS_MAX].name.at;
        found.push((
            at,
            Kind::TooMany {
                what: "servers".to_string(),
                max: SERVERS_MAX,
            },
        ));
    }
    if !servers.iter().any(|server| server.name.value == "init") {
        found.push((0, Kind::NoInit));
    }
    for (index, server) in servers.iter().enumerate() {
        names(servers, index, server, found);
        limits(server, found);
    }
    let order = start_order(servers, found);
    if found.len() > before {
        return None;
    }
    let mut manifest = Manifest {
        version: MANIFEST_VERSION,
        servers: List::new(),
    };
    for &index in &order {
        let pushed = manifest
            .servers
            .push(lower(servers, &order, &servers[index]));
        assert!(pushed.is_ok(), "the number of servers was checked");
    }
    Some(manifest)
}

fn names(servers: &[Written], index: usize, server: &Written, found: &mut Found) {
    let earlier = &servers[..index];
    let own = &server.name;
    if earlier.iter().any(|other| other.name.value == own.value) {
        found.push((own.at, Kind::DuplicateServer(own.value.clone())));
    }
    let has = |list: &[At<String>], name: &str| list.iter().any(|entry| entry.value == name);
    let mut refuse = |entry: &At<String>, kind: fn(String) -> Kind| {
        found.push((entry.at, kind(entry.value.clone())));
    };
    let is_service = |name: &str| {
        protocol::service::ALL
            .iter()
            .any(|service| service.name == name)
    };
    for service in &server.provides {
        if !is_service(&service.value) {
            refuse(service, Kind::UnknownService);
        } else if earlier
            .iter()
            .any(|other| has(&other.provides, &service.value))
        {
            refuse(service, Kind::ProvidedTwice);
        }
    }
    for service in &server.calls {
        if !is_service(&service.value) {
            refuse(service, Kind::UnknownService);
        } else if has(&server.provides, &service.value) {
            refuse(service, Kind::CallsItself);
        } else if !servers
            .iter()
            .any(|other| has(&other.provides, &service.value))
        {
            refuse(service, Kind::NotProvided);
        }
    }
    for device in &server.devices {
        if self::device(&device.value).is_none() {
            refuse(device, Kind::UnknownDevice);
        } else if earlier
            .iter()
            .any(|other| has(&other.devices, &device.value))
        {
            refuse(device, Kind::DeviceTwice);
        }
    }
    for authority in &server.authorities {
        if self::authority(&authority.value).is_none() {
            refuse(authority, Kind::UnknownAuthority);
        }
    }
    for other in &server.after {
        if !servers
            .iter()
            .any(|server| server.name.value == other.value)
        {
            refuse(other, Kind::UnknownServer);
        }
    }
}

fn limits(server: &Written, found: &mut Found) {
    if server.budget_us.value > server.period_us {
        found.push((server.budget_us.at, Kind::BudgetOverPeriod));
    }
    if (server.core.value == INFERENCE_CORE) != (server.name.value == INFERENCE) {
        found.push((
            server.core.at,
            Kind::InferenceCore(server.name.value.clone()),
        ));
    }
    let policy = server.restart.value.as_str();
    if !["never", "backoff", "reboot"].contains(&policy) {
        found.push((server.restart.at, Kind::BadRestart(policy.to_string())));
    } else if let Some(restarts) = &server.restarts_max
        && policy != "backoff"
    {
        found.push((restarts.at, Kind::RestartsWithoutBackoff));
    }
    if let [first, ..] = server.after.as_slice()
        && server.name.value == "init"
    {
        found.push((first.at, Kind::InitNotFirst));
    }
}

/// Indexes of `servers` so that each comes after those that it waits for; `init` first, else in the file's order.
fn start_order(servers: &[Written], found: &mut Found) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let position = |name: &str| servers.iter().position(|server| server.name.value == name);
    order.extend(position("init").filter(|&init| servers[init].after.is_empty()));
    loop {
        let is_ready = |&index: &usize| {
            !order.contains(&index)
                // An unknown name is a problem of its own and holds nobody up.
                && servers[index].after.iter().filter_map(|other| position(&other.value)).all(|other| order.contains(&other))
        };
        match (0..servers.len()).find(is_ready) {
            Some(next) => order.push(next),
            None => break,
        }
    }
    let stuck = (0..servers.len()).find(|index| !order.contains(index));
    if let Some(stuck) = stuck {
        // Each stuck server waits for a stuck one: following that walks into the cycle.
        let mut path: Vec<usize> = vec![stuck];
        loop {
            let last = *path.last().expect("it starts with one");
            let next = servers[last]
                .after
                .iter()
                .filter_map(|other| position(&other.value))
                .find(|other| !order.contains(other))
                .expect("a server that does not start waits for one that does not");
            if let Some(start) = path.iter().position(|&index| index == next) {
                path.drain(..start);
                path.push(next);
                break;
            }
            path.push(next);
        }
        let at = servers[path[0]].name.at;
        let names = path
            .iter()
            .map(|&index| servers[index].name.value.clone())
            .collect();
        found.push((at, Kind::StartCycle(names)));
    }
    order
}

fn device(name: &str) -> Option<Device> {
    Device::ALL.into_iter().find(|device| device.name() == name)
}

fn authority(name: &str) -> Option<Authority> {
    Authority::ALL
        .into_iter()
        .find(|authority| authority.name() == name)
}

fn name(text: &str) -> Name {
    Name::try_from(text).expect("the length of names was checked")
}

fn list<T>(entries: &[At<String>], lower: impl Fn(&str) -> T) -> List<T, LIST_MAX> {
    entries.iter().map(|entry| lower(&entry.value)).collect()
}

fn lower(servers: &[Written], order: &[usize], server: &Written) -> Server {
    const CHECKED: &str = "names were checked";
    let place = |other: &str| {
        let found = order
            .iter()
            .position(|&index| servers[index].name.value == other);
        found
            .and_then(|place| u8::try_from(place).ok())
            .expect(CHECKED)
    };
    Server {
        name: name(&server.name.value),
        core: server.core.value,
        priority: server.priority,
        budget_us: server.budget_us.value,
        period_us: server.period_us,
        memory_kib: server.memory_kib,
        provides: list(&server.provides, name),
        calls: list(&server.calls, name),
        devices: list(&server.devices, |text| device(text).expect(CHECKED)),
        authorities: list(&server.authorities, |text| authority(text).expect(CHECKED)),
        after: list(&server.after, place),
        restart: match server.restart.value.as_str() {
            "never" => Restart::Never,
            "reboot" => Restart::Reboot,
            _ => Restart::Backoff {
                attempts_max: server
                    .restarts_max
                    .as_ref()
                    .map_or(RESTARTS_MAX_DEFAULT, |max| max.value),
            },
        },
    }
}
