//! Every check, one in a file, by what it looks at.

use crate::check::Check;

mod boundary;
mod cgroups;
mod clock;
pub(crate) mod disks;
mod etcd;
mod memory;
mod mysql;
mod names;
mod network;
mod pgbouncer;
mod postgres;
mod processes;
mod redis;
mod system;
mod tls;

/// The groups, in an order of which the report knows nothing.
const GROUPS: [&[&Check]; 15] = [
    boundary::ALL,
    cgroups::ALL,
    clock::ALL,
    disks::ALL,
    etcd::ALL,
    memory::ALL,
    mysql::ALL,
    names::ALL,
    network::ALL,
    pgbouncer::ALL,
    postgres::ALL,
    processes::ALL,
    redis::ALL,
    system::ALL,
    tls::ALL,
];

/// All of them, in the order of their ids.
pub fn all() -> Vec<&'static Check> {
    let mut all: Vec<_> = GROUPS.into_iter().flatten().copied().collect();
    all.sort_by_key(|check| (check.target(), check.id));
    all
}

/// The one with this id, however it is written.
pub fn find(id: &str) -> Option<&'static Check> {
    let mut all = GROUPS.into_iter().flatten();
    all.find(|check| check.id.eq_ignore_ascii_case(id)).copied()
}

#[cfg(test)]
mod tests;
