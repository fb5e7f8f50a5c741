//! What goes over the network, in the namespace of the calling thread.

use crate::snapshot::{Network, Probed};

mod connections;
mod conntrack;
mod counters;
mod datagrams;
mod features;
mod interfaces;
mod links;
pub(super) mod listeners;
mod near;
mod neighbours;
mod netlink;
mod queues;
mod rules;
mod settings;
mod sockets;
mod softnet;
mod spaces;
mod tunnels;
mod xtables;

/// Looks at it.
pub(super) fn look(_deep: bool) -> Network {
    let ports = settings::ports();
    let connections = connections::look(&ports);
    let stalled = connections.seen().map(|it| it.stalled.iter().map(|it| it.peer.ip()).collect());
    let interfaces = interfaces::look();
    let links = links::look()
        .map_or_else(|error| super::unseen(&error, "links by rtnetlink"), Probed::Seen);
    Network {
        listeners: listeners::look(),
        tcp_ext: counters::tcp_ext(),
        udp: counters::udp(counters::OWN),
        datagrams: datagrams::look(),
        somaxconn: super::number("/proc/sys/net/core/somaxconn"),
        tcp: counters::tcp(counters::OWN),
        settings: settings::numbers(),
        tcp_memory: settings::tcp_memory(),
        ports,
        neighbours: neighbours::look(&stalled.unwrap_or_default()),
        connections,
        softnet: softnet::look(),
        conntrack: conntrack::look(),
        layers: links.clone().map(|links| links::layers(&links)),
        tunnels: links.map(|links| tunnels::look(&links, interfaces.seen().ok())),
        interfaces,
        neighbour_table: neighbours::table(),
        xtables: xtables::look(),
        rules: rules::look(),
        queues: queues::look(),
    }
}
