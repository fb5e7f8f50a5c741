//! A machine for tests of rules and reports.

use crate::snapshot::{Descriptors, FORMAT, Host, Network, Probed, Snapshot};

/// One of which this was seen, and nothing else.
pub(crate) fn host(network: Network, descriptors: Probed<Descriptors>) -> Host {
    let (name, kernel) = ("db-3".to_owned(), "6.1".to_owned());
    Host { name, kernel, cpus: 16, memory_bytes: 64 << 30, network, descriptors }
}

/// The same at a time.
pub(crate) fn snapshot(at_ms: u64, network: Network) -> Snapshot {
    Snapshot { format: FORMAT, at_ms, host: host(network, Probed::default()) }
}
