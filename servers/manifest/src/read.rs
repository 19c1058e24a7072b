//! From TOML to servers: types, ranges and known keys. What a name refers to is [`check`](crate::check())'s business.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Kind;

/// Where something stands in the file (a byte offset), and what is wrong there.
pub type Found = Vec<(usize, Kind)>;

/// A value and its place in the file.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// Byte offset.
    pub at: usize,
    /// The value.
    pub value: T,
}

/// A server as written, with everything in its range.
#[derive(Clone, Debug)]
pub struct Written {
    pub name: At<String>,
    pub core: At<u8>,
    pub priority: u8,
    pub budget_us: At<u32>,
    pub period_us: u32,
    pub memory_kib: u32,
    pub provides: Vec<At<String>>,
    pub calls: Vec<At<String>>,
    pub devices: Vec<At<String>>,
    pub authorities: Vec<At<String>>,
    pub after: Vec<At<String>>,
    pub restart: At<String>,
    pub restarts_max: Option<At<u8>>,
}

const KEYS: [&str; 13] = [
    "name",
    "core",
    "priority",
    "budget_us",
    "period_us",
    "memory_kib",
    "provides",
    "calls",
    "devices",
    "authorities",
    "after",
    "restart",
    "restarts_max",
];

/// The servers that could be read. `None` if the file is not TOML.
pub fn servers(text: &str, found: &mut Found) -> Option<Vec<Written>> {
    let root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            found.push((at, Kind::Syntax(message)));
            return None;
        }
    };
    let mut servers = Vec::new();
    for (key, value) in &root {
        if key.get_ref() != "server" {
            found.push((
                key.span().start,
                Kind::UnknownKey(key.get_ref().to_string()),
            ));
            continue;
        }
        let tables = value.get_ref().as_array();
        let Some(tables) = tables else {
            wrong_type(found, value, "server", "[[server]] tables");
            continue;
        };
        for table in tables.iter() {
            match table.get_ref().as_table() {
                Some(fields) => servers.extend(server(fields, table.span().start, found)),
                None => wrong_type(found, table, "server", "[[server]] tables"),
            }
        }
    }
    Some(servers)
}

fn server(fields: &DeTable<'_>, at: usize, found: &mut Found) -> Option<Written> {
    for key in fields.keys() {
        if !KEYS.contains(&key.get_ref().as_ref()) {
            found.push((
                key.span().start,
                Kind::UnknownKey(key.get_ref().to_string()),
            ));
        }
    }
    let mut reader = Reader { fields, at, found };
    // All are read before any is missed, so that every problem is reported.
    let name = reader.name();
    let core = reader.number("core", (0, 3));
    let priority = reader.number("priority", (0, 255));
    let budget_us = reader.number("budget_us", (1, 10_000_000));
    let period_us = reader.number("period_us", (1, 10_000_000));
    let memory_kib = reader.number("memory_kib", (16, 1 << 22));
    let [provides, calls, devices, authorities, after] =
        ["provides", "calls", "devices", "authorities", "after"].map(|key| reader.list(key));
    let restart = reader
        .required("restart")
        .and_then(|value| reader.string("restart", value));
    let restarts_max = match reader.find("restarts_max") {
        Some(_) => reader.number("restarts_max", (1, 100)),
        None => None,
    };
    Some(Written {
        name: name?,
        core: narrow(core?),
        priority: narrow(priority?).value,
        budget_us: narrow(budget_us?),
        period_us: narrow(period_us?).value,
        memory_kib: narrow(memory_kib?).value,
        provides,
        calls,
        devices,
        authorities,
        after,
        restart: restart?,
        restarts_max: restarts_max.map(narrow),
    })
}

/// A number that was checked against a range that lies in `T`.
fn narrow<T: TryFrom<i64>>(number: At<i64>) -> At<T> {
    let value = T::try_from(number.value)
        .ok()
        .expect("the range was checked and lies in the type");
    At {
        at: number.at,
        value,
    }
}

fn wrong_type(found: &mut Found, value: &Spanned<DeValue<'_>>, key: &str, takes: &'static str) {
    found.push((
        value.span().start,
        Kind::WrongType {
            key: key.to_string(),
            takes,
        },
    ));
}

/// Reads the fields of one server.
struct Reader<'a, 'd> {
    fields: &'a DeTable<'d>,
    at: usize,
    found: &'a mut Found,
}

impl<'a, 'd> Reader<'a, 'd> {
    fn find(&self, key: &str) -> Option<&'a Spanned<DeValue<'d>>> {
        let found = self.fields.iter().find(|(name, _)| name.get_ref() == key);
        found.map(|(_, value)| value)
    }

    fn required(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'d>>> {
        let value = self.find(key);
        if value.is_none() {
            self.found.push((self.at, Kind::MissingKey(key)));
        }
        value
    }

    fn string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<At<String>> {
        let Some(text) = value.get_ref().as_str() else {
            wrong_type(self.found, value, key, "a string");
            return None;
        };
        Some(At {
            at: value.span().start,
            value: text.to_string(),
        })
    }

    fn name(&mut self) -> Option<At<String>> {
        let value = self.required("name")?;
        let name = self.string("name", value)?;
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let len = name.value.len();
        if len == 0 || len > protocol::manifest::NAME_LEN_MAX || !name.value.bytes().all(is_allowed)
        {
            self.found.push((name.at, Kind::BadName(name.value)));
            return None;
        }
        Some(name)
    }

    fn number(&mut self, key: &'static str, range: (i64, i64)) -> Option<At<i64>> {
        let value = self.required(key)?;
        let Some(written) = value.get_ref().as_integer() else {
            wrong_type(self.found, value, key, "a number");
            return None;
        };
        let number = i64::from_str_radix(written.as_str(), written.radix()).ok();
        match number.filter(|number| (range.0..=range.1).contains(number)) {
            Some(number) => Some(At {
                at: value.span().start,
                value: number,
            }),
            None => {
                self.found
                    .push((value.span().start, Kind::OutOfRange { key, range }));
                None
            }
        }
    }

    fn list(&mut self, key: &'static str) -> Vec<At<String>> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let Some(entries) = value.get_ref().as_array() else {
            wrong_type(self.found, value, key, "a list of strings");
            return Vec::new();
        };
        let mut list: Vec<At<String>> = Vec::new();
        for entry in entries.iter() {
            let Some(entry) = self.string(key, entry) else {
                continue;
            };
            if list.iter().any(|other| other.value == entry.value) {
                self.found
                    .push((entry.at, Kind::DuplicateEntry(entry.value)));
            } else {
                list.push(entry);
            }
        }
        let max = protocol::manifest::LIST_MAX;
        if list.len() > max {
            let what = format!("entries in `{key}`");
            self.found
                .push((value.span().start, Kind::TooMany { what, max }));
            list.truncate(max);
        }
        list
    }
}
