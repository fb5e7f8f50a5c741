//! What goes over the network, in the namespace of the calling thread.

use crate::snapshot::Network;

mod counters;
mod datagrams;
pub(super) mod listeners;

/// Looks at it.
pub(super) fn look(_deep: bool) -> Network {
    Network {
        listeners: listeners::look(),
        tcp_ext: counters::tcp_ext(),
        udp: counters::udp(),
        datagrams: datagrams::look(),
        somaxconn: super::number("/proc/sys/net/core/somaxconn"),
    }
}
