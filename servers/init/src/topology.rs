//! The server table: who exists, on which core, with which patience, and who must run before whom.

use alloc::string::String;
use alloc::vec::Vec;

/// Servers at most: far above the default system, and the order is found in the square of it.
pub const SERVERS_MAX: usize = 64;

/// A server's position in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub usize);

/// How a server is supervised. Times are in ticks of the caller's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Deaths in a row after which it is given up.
    pub restarts_max: u32,
    /// Pause after the first death; it doubles with each further one.
    pub backoff_first: u64,
    /// The longest pause.
    pub backoff_max: u64,
    /// Time running after which the deaths before are forgotten.
    pub stable_after: u64,
    /// Time from start to the first sign of life.
    pub start_max: u64,
    /// Time between signs of life while running; `None`: it promised none.
    pub heartbeat_max: Option<u64>,
}

/// A server as the manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// Its name, unique.
    pub name: String,
    /// The core it runs on.
    pub core: u8,
    /// Names of the servers that must run before it starts.
    pub needs: Vec<String>,
    /// How it is supervised.
    pub policy: Policy,
}

/// Why a table is refused. Servers are given by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// More than [`SERVERS_MAX`] servers.
    TooMany(usize),
    /// The name of an earlier server, or none at all.
    BadName(usize),
    /// The server needs one that is not in the table.
    UnknownNeed(usize),
    /// The server needs itself, directly or through others.
    Cycle(usize),
}

/// A checked table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    specs: Vec<ServerSpec>,
    needs: Vec<Vec<ServerId>>,
    order: Vec<ServerId>,
}

impl Table {
    /// Checks `specs` and finds the order of starting: needs first, else as listed.
    pub fn new(specs: Vec<ServerSpec>) -> Result<Self, TableError> {
        if specs.len() > SERVERS_MAX {
            return Err(TableError::TooMany(specs.len()));
        }
        let find = |name: &str| specs.iter().position(|spec| spec.name == name);
        let mut needs = Vec::with_capacity(specs.len());
        for (index, spec) in specs.iter().enumerate() {
            if spec.name.is_empty() || find(&spec.name) != Some(index) {
                return Err(TableError::BadName(index));
            }
            let found = spec.needs.iter().map(|need| find(need).map(ServerId));
            let found: Option<Vec<ServerId>> = found.collect();
            needs.push(found.ok_or(TableError::UnknownNeed(index))?);
        }
        let mut order: Vec<ServerId> = Vec::with_capacity(specs.len());
        while order.len() < specs.len() {
            let is_open = |id: &ServerId| !order.contains(id);
            let mut open = (0..specs.len()).map(ServerId).filter(is_open);
            let stuck = open.clone().next().map_or(0, |id| id.0);
            let next = open.find(|id| needs[id.0].iter().all(|need| order.contains(need)));
            order.push(next.ok_or(TableError::Cycle(stuck))?);
        }
        Ok(Self {
            specs,
            needs,
            order,
        })
    }

    /// The servers, in the order of starting.
    pub fn order(&self) -> &[ServerId] {
        &self.order
    }

    /// The description of `id`, if there is such a server.
    pub fn spec(&self, id: ServerId) -> Option<&ServerSpec> {
        self.specs.get(id.0)
    }

    /// The servers that must run before `id` starts.
    pub fn needs(&self, id: ServerId) -> &[ServerId] {
        self.needs.get(id.0).map_or(&[], Vec::as_slice)
    }

    /// The server of this name.
    pub fn find(&self, name: &str) -> Option<ServerId> {
        self.specs
            .iter()
            .position(|spec| spec.name == name)
            .map(ServerId)
    }

    /// Servers in the table.
    pub fn len(&self) -> usize {
        self.specs.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const POLICY: Policy = Policy {
        restarts_max: 3,
        backoff_first: 10,
        backoff_max: 25,
        stable_after: 1000,
        start_max: 100,
        heartbeat_max: Some(50),
    };

    pub(crate) fn table(servers: &[(&str, &[&str])]) -> Result<Table, TableError> {
        let spec = |(name, needs): &(&str, &[&str])| ServerSpec {
            name: (*name).into(),
            core: 0,
            needs: needs.iter().map(|need| (*need).into()).collect(),
            policy: POLICY,
        };
        Table::new(servers.iter().map(spec).collect())
    }

    #[test]
    fn needs_come_first_and_the_list_decides_the_rest() {
        let table = table(&[("c", &["a", "b"]), ("b", &["a"]), ("a", &[]), ("d", &[])]).unwrap();
        let order: Vec<usize> = table.order().iter().map(|id| id.0).collect();
        assert_eq!(order, [2, 1, 0, 3]);
    }

    #[test]
    fn impossible_tables_are_refused() {
        assert_eq!(table(&[("a", &["x"])]), Err(TableError::UnknownNeed(0)));
        assert_eq!(
            table(&[("a", &[]), ("a", &[])]),
            Err(TableError::BadName(1))
        );
        assert_eq!(table(&[("", &[])]), Err(TableError::BadName(0)));
        assert_eq!(table(&[("a", &["a"])]), Err(TableError::Cycle(0)));
        let ring: &[(&str, &[&str])] = &[("o", &[]), ("a", &["b"]), ("b", &["a"])];
        assert_eq!(table(ring), Err(TableError::Cycle(1)));
        let names: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        let many: Vec<(&str, &[&str])> =
            names.iter().map(|name| (name.as_str(), &[][..])).collect();
        assert_eq!(table(&many), Err(TableError::TooMany(65)));
    }
}
