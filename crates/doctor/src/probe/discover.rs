//! Servers of this machine, by the usual ports on which something listens.

use std::collections::BTreeSet;

use super::Endpoint;
use super::network::listeners;
use crate::check::Target;

/// Port, what usually listens there, and its address on this machine as its own clients take it.
const USUAL: [(u16, Target, &str); 5] = [
    (5432, Target::Postgres, "postgres://postgres@127.0.0.1:5432/postgres"),
    (3306, Target::Mysql, "mysql://root@127.0.0.1:3306"),
    (6379, Target::Redis, "redis://127.0.0.1:6379"),
    (6432, Target::Pgbouncer, "postgres://pgbouncer@127.0.0.1:6432/pgbouncer"),
    (2379, Target::Etcd, "http://127.0.0.1:2379"),
];

/// Those of the network namespace of the calling thread; none where its sockets may not be seen.
pub fn discover() -> Vec<Endpoint> {
    let listeners = listeners::look();
    let ports: BTreeSet<u16> =
        listeners.seen().iter().flat_map(|all| all.iter()).map(|it| it.address.port()).collect();
    let found = USUAL.iter().filter(|(port, _, _)| ports.contains(port));
    found
        .map(|(_, kind, url)| Endpoint { kind: *kind, url: (*url).to_owned(), named: false })
        .collect()
}
