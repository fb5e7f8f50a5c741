//! What goes over the network, as one namespace has it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Probed, Process};
use crate::check::Blind;

/// A network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// TCP sockets that listen.
    #[serde(default)]
    pub listeners: Probed<Vec<Listener>>,
    /// The counters of `TcpExt`, by name.
    #[serde(default)]
    pub tcp_ext: Probed<BTreeMap<String, u64>>,
    /// The counters of UDP, by name.
    #[serde(default)]
    pub udp: Probed<BTreeMap<String, u64>>,
    /// UDP sockets that have lost datagrams.
    #[serde(default)]
    pub datagrams: Probed<Vec<Datagrams>>,
    /// `net.core.somaxconn`: what a backlog is cut to.
    #[serde(default)]
    pub somaxconn: Probed<u64>,
    /// The counters of `Tcp`, by name.
    #[serde(default)]
    pub tcp: Probed<BTreeMap<String, u64>>,
    /// Settings that hold one number, by the name that sysctl has for them.
    #[serde(default)]
    pub settings: BTreeMap<String, Probed<u64>>,
    /// What TCP takes of the memory of the machine.
    #[serde(default)]
    pub tcp_memory: Probed<TcpMemory>,
    /// Which ports the kernel gives to connections that do not ask for one.
    #[serde(default)]
    pub ports: Probed<Ports>,
    /// TCP connections, summed up.
    #[serde(default)]
    pub connections: Probed<Connections>,
    /// What each processor took in from the network.
    #[serde(default)]
    pub softnet: Probed<Vec<Softnet>>,
    /// Connections that netfilter keeps track of, in the namespaces of all processes.
    #[serde(default)]
    pub conntrack: Probed<Conntrack>,
    /// Interfaces, by name.
    #[serde(default)]
    pub interfaces: Probed<BTreeMap<String, Interface>>,
    /// Neighbours on the links of IPv4.
    #[serde(default)]
    pub neighbours: Probed<Vec<Neighbour>>,
    /// The table of neighbours of IPv4, which all namespaces share.
    #[serde(default)]
    pub neighbour_table: Probed<NeighbourTable>,
    /// Who holds the lock under which iptables changes its rules.
    #[serde(default)]
    pub xtables: Probed<Xtables>,
    /// How many rules nftables has, with those of iptables on it.
    #[serde(default)]
    pub rules: Probed<u64>,
    /// Tunnels over UDP, and what is received with a wrong checksum where there are any.
    #[serde(default)]
    pub tunnels: Probed<Tunnels>,
    /// Queues of what comes in over cards, of the namespace that `/sys` is of.
    #[serde(default)]
    pub queues: Probed<Vec<Queues>>,
    /// Interfaces that lie over others of this namespace.
    #[serde(default)]
    pub layers: Probed<Vec<Layer>>,
}

impl Network {
    /// A setting that holds one number.
    pub fn setting(&self, name: &str) -> Result<u64, Blind> {
        let absent = || Blind::Absent(format!("setting {name} in this snapshot"));
        self.settings.get(name).ok_or_else(absent)?.seen().copied()
    }
}

/// A TCP socket that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// Connections that are established and wait to be accepted.
    pub waiting: u32,
    /// More than so many may not wait.
    pub backlog: u32,
    /// Whose it is; looked for where more wait than may.
    pub process: Option<Process>,
}

/// A UDP socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Datagrams {
    /// Where.
    pub address: SocketAddr,
    /// By what it is told from another with the same address.
    pub inode: u32,
    /// Datagrams that it has lost since it was opened.
    pub dropped: u64,
    /// Whose it is.
    pub process: Option<Process>,
}

/// What TCP takes of the memory of the machine: `/proc/net/sockstat` and `net.ipv4.tcp_mem`, both in pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TcpMemory {
    /// Pages that buffers of TCP take, over all namespaces.
    pub pages: u64,
    /// Sockets of this namespace or, before Linux 5.10, of all, that no process holds any more and that are not closed yet.
    pub orphans: u64,
    /// From so many pages on TCP saves memory: the second of `tcp_mem`.
    pub pressure: u64,
    /// More pages it does not take: the third of `tcp_mem`.
    pub most: u64,
}

/// Which ports the kernel gives to connections that do not ask for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// The first of `net.ipv4.ip_local_port_range`.
    pub first: u16,
    /// The last of it, which is given, too.
    pub last: u16,
    /// How many of these `net.ipv4.ip_local_reserved_ports` takes out.
    pub reserved: u64,
}

impl Ports {
    /// How many the kernel has to give.
    pub fn available(&self) -> u64 {
        (u64::from(self.last) + 1).saturating_sub(u64::from(self.first) + self.reserved)
    }
}

/// TCP connections, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    /// Connections that were looked at.
    pub seen: u64,
    /// Whether there are more than are looked at.
    pub is_cut: bool,
    /// Where most ports of this side are taken, by both ends.
    pub outgoing: Vec<Outgoing>,
    /// Those that the other side has closed and this one has not, by process.
    pub half_closed: Vec<HalfClosed>,
    /// Those that sent the same again and again without an answer.
    pub stalled: Vec<Stalled>,
    /// The fifty over which nothing went for longest, established with machines on other networks than this one is on; none if this was
    /// not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<Vec<Idle>>,
    /// The other sides to which most was sent again.
    pub peers: Vec<Peer>,
}

/// Connections from one address to one port of another that take a port which the kernel gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    /// From where.
    pub source: IpAddr,
    /// To where.
    pub destination: SocketAddr,
    /// How many there are, in any state.
    pub count: u64,
    /// How many of these are closed and only wait for stray segments: `TIME_WAIT`.
    pub time_wait: u64,
}

/// Connections in `CLOSE_WAIT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfClosed {
    /// Whose they are; none if it was not found, or if no process has accepted them yet.
    pub process: Option<Process>,
    /// How many.
    pub count: u64,
    /// Milliseconds since the last segment came on the one that is so for longest; none if the kernel does not say.
    pub longest_ms: Option<u64>,
    /// The other side of one of them.
    pub peer: SocketAddr,
}

/// A connection that sent the same again and again without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stalled {
    /// This side.
    pub local: SocketAddr,
    /// The other side.
    pub peer: SocketAddr,
    /// Whether it is not established yet.
    pub is_opening: bool,
    /// How often it was sent again.
    pub retransmits: u64,
    /// Bytes that are not acknowledged.
    pub unacknowledged: u64,
    /// The most that goes into a segment, in bytes.
    pub mss: u64,
    /// What it takes for the path's largest packet, in bytes.
    pub path_mtu: u64,
    /// Segments that came although one before them did not.
    pub sacked: u64,
    /// Milliseconds since the last acknowledgement.
    pub silent_ms: u64,
}

/// A connection with a machine on another network over which nothing went for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// This side.
    pub local: SocketAddr,
    /// The other side.
    pub peer: SocketAddr,
    /// Milliseconds since the last segment in either direction.
    pub idle_ms: u64,
    /// Milliseconds until the kernel asks whether the other side is still there; none if it will not: `SO_KEEPALIVE` is not set.
    pub probe_ms: Option<u64>,
}

/// The other side of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Connections with it.
    pub connections: u64,
    /// Segments that were sent on these.
    pub sent: u64,
    /// Segments that were sent again.
    pub again: u64,
    /// Milliseconds since any of these that is not stalled was last acknowledged; none if all are stalled.
    pub heard_ms: Option<u64>,
}

/// What a processor took in from the network since it was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Softnet {
    /// Which processor.
    pub cpu: u64,
    /// Packets that it handled.
    pub processed: u64,
    /// Packets for which its queue had no room.
    pub dropped: u64,
    /// How often it had to stop with packets left.
    pub squeezed: u64,
}

/// Connections that netfilter keeps track of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conntrack {
    /// `net.netfilter.nf_conntrack_max`, of each namespace.
    pub max: u64,
    /// One for each namespace.
    pub spaces: Vec<Tracked>,
    /// Processes whose namespace could not be looked at.
    pub unseen: u64,
}

/// The table of one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracked {
    /// Which, as `net:[4026531840]`; by a process of it where that may not be seen.
    pub space: String,
    /// A process in it; none of that of the doctor itself.
    pub process: Option<Process>,
    /// Entries now.
    pub count: u64,
    /// Packets that were dropped as there was no room for an entry, since the namespace was made.
    pub dropped: u64,
    /// Entries that had to go before their time to make room.
    pub evicted: u64,
    /// Entries that could not be put in, most often as there was one of the same already.
    pub collided: u64,
}

/// An interface: counters since it was made, of `/proc/net/dev`, and settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Interface {
    /// Packets that came.
    pub received: u64,
    /// Those that came damaged, or found the ring full, or else could not be taken: `errs`.
    pub receive_errors: u64,
    /// Those for which the ring had no room: `fifo`.
    pub receive_overruns: u64,
    /// Those that nobody here wanted, or for which there was no memory: `drop`.
    pub receive_drops: u64,
    /// Packets that went.
    pub sent: u64,
    /// Those that could not be sent: `errs`.
    pub send_errors: u64,
    /// Those that were dropped before they were sent: `drop`.
    pub send_drops: u64,
    /// Those for which there was no carrier, or no path of a tunnel: `carrier`.
    pub carrier_losses: u64,
    /// `net.ipv4.conf.NAME.rp_filter`, or that of `all` if it is higher: 1 is strict. None if it may not be read.
    pub reverse_path: Option<u64>,
    /// Whether a route of IPv4 goes over it.
    pub is_routed: bool,
    /// Routes of IPv4 to everywhere that go over it.
    pub default_routes: u64,
}

/// A neighbour on a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// The address on the link that the kernel sends to.
    pub link_address: String,
    /// Over which interface.
    pub interface: String,
    /// Whether someone set it for good.
    pub is_permanent: bool,
}

/// A table of neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighbourTable {
    /// Entries now, over all namespaces.
    pub entries: u64,
    /// How often there was no room for one since the machine was started; none before Linux 4.1.
    pub fulls: Option<u64>,
    /// `net.ipv4.neigh.default.gc_thresh3`: more it does not take.
    pub most: Probed<u64>,
}

/// The lock under which iptables changes its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Xtables {
    /// Who holds it; none if nobody does.
    pub holder: Option<LockHolder>,
    /// How many wait for it.
    pub waiting: u64,
}

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockHolder {
    /// The process.
    pub process: Process,
    /// For how long it runs already, in milliseconds; none if that may not be seen.
    pub running_ms: Option<u64>,
}

/// Tunnels over UDP, of the kinds vxlan and geneve, that are up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tunnels {
    /// In the order of the kernel.
    pub found: Vec<Tunnel>,
    /// What came into the namespaces of all processes; empty where there is no tunnel.
    pub spaces: Vec<Received>,
    /// Processes whose namespace could not be looked at.
    pub unseen: u64,
}

/// A tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tunnel {
    /// Of the interface.
    pub name: String,
    /// `vxlan` or `geneve`.
    pub kind: String,
    /// The port of UDP that it sends to; none if the kernel does not say.
    pub port: Option<u16>,
    /// Whether it leaves the checksums of what it sends to what is below it.
    pub leaves_checksums: Probed<bool>,
    /// The cards that it goes over: of the link that it names, else those with a route to everywhere.
    pub cards: Vec<Card>,
}

/// A card, or what a virtual machine has instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Of the interface.
    pub name: String,
    /// Its driver; none of one that has no device, such as a veth, or if `/sys` is of another namespace.
    pub driver: Option<String>,
    /// The version that the driver has of its own; most have that of the kernel.
    pub version: Option<String>,
    /// Whether it makes checksums.
    pub leaves_checksums: Probed<bool>,
}

/// Packets that came into a namespace since it was made: `/proc/PID/net/snmp`, and `snmp6` for UDP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// Which, as `net:[4026531840]`; by a process of it where that may not be seen.
    pub space: String,
    /// A process in it; none of that of the doctor itself.
    pub process: Option<Process>,
    /// Segments of TCP: `InSegs`.
    pub segments: u64,
    /// Those with a wrong checksum: `InCsumErrors`; none before Linux 3.10.
    pub wrong_segments: Option<u64>,
    /// Datagrams of UDP: `InDatagrams` and `InErrors`.
    pub datagrams: u64,
    /// Those with a wrong checksum; none before Linux 3.10.
    pub wrong_datagrams: Option<u64>,
}

/// Queues of what comes in over a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queues {
    /// Of the interface.
    pub interface: String,
    /// How many it has.
    pub count: u64,
    /// Of how many other processors take over what comes (RPS): those whose `rps_cpus` is not zero.
    pub steered: u64,
}

/// An interface that lies over another of this namespace: a tunnel, a vlan, or a bridge over one of its ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Of the interface.
    pub name: String,
    /// Such as `vxlan`, `gre`, `vlan` or `bridge`.
    pub kind: String,
    /// The largest packet that it takes, in bytes.
    pub mtu: u64,
    /// Of the interface below.
    pub below: String,
    /// The largest packet that that takes.
    pub below_mtu: u64,
}
