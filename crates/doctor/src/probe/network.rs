//! What goes over the network, in the namespace of the calling thread.

use crate::snapshot::Network;

mod connections;
mod conntrack;
mod counters;
mod datagrams;
mod interfaces;
pub(super) mod listeners;
mod neighbours;
mod settings;
mod sockets;
mod softnet;
mod xtables;

/// Looks at it.
pub(super) fn look(_deep: bool) -> Network {
    let ports = settings::ports();
    let connections = connections::look(&ports);
    let stalled = connections.seen().map(|it| it.stalled.iter().map(|it| it.peer.ip()).collect());
    Network {
        listeners: listeners::look(),
        tcp_ext: counters::tcp_ext(),
        udp: counters::udp(),
        datagrams: datagrams::look(),
        somaxconn: super::number("/proc/sys/net/core/somaxconn"),
        tcp: counters::tcp(),
        settings: settings::numbers(),
        tcp_memory: settings::tcp_memory(),
        ports,
        neighbours: neighbours::look(&stalled.unwrap_or_default()),
        connections,
        softnet: softnet::look(),
        conntrack: conntrack::look(),
        interfaces: interfaces::look(),
        neighbour_table: neighbours::table(),
        xtables: xtables::look(),
    }
}
