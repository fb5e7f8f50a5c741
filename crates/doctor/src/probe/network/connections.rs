//! TCP connections, summed up: where ports are taken, what is half closed, what does not get through.
//!
//! Source: `sock_diag(7)` with `INET_DIAG_INFO`, which is `struct tcp_info` of Linux `include/uapi/linux/tcp.h`. Of a socket that
//! does not listen, `idiag_wqueue` is how many bytes are not acknowledged, sent or not, and `idiag_retrans` with the timer of
//! retransmissions how often the first of them was sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_sock_diag::constants::{
    AF_INET, AF_INET6, TCP_CLOSE_WAIT, TCP_ESTABLISHED, TCP_SYN_SENT, TCP_TIME_WAIT,
};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetResponse, StateFlags, Timer};

use super::near::Routes;
use super::sockets;
use crate::probe::owner;
use crate::snapshot::{
    Connections, HalfClosed, Idle, Outgoing, Peer, Ports, Probed, Process, Stalled,
};

/// So many are looked at, at most.
const CONNECTIONS_MAX: u64 = 200_000;

/// Of each kind so many are told of, at most.
const TOLD_MAX: usize = 50;

/// One that was sent again less often is not told of: segments get lost now and then.
const RETRANSMITS_MIN: u8 = 2;

/// One over which something went since is in use.
const IDLE_MIN_MS: u64 = 1_000;

/// From so many on that are half closed it is looked for whose they are.
const HALF_CLOSED_MIN: usize = 20;

/// Of both families.
pub(super) fn look(ports: &Probed<Ports>) -> Probed<Connections> {
    let range = ports.seen().ok().map(|ports| (ports.first, ports.last));
    let mut sums = Sums { range, routes: Routes::look(), ..Sums::default() };
    let found = dump(AF_INET, &mut sums).and_then(|()| {
        dump(AF_INET6, &mut sums).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })
    });
    match found {
        Ok(()) => Probed::Seen(sums.told(ports.seen().ok())),
        Err(error) => crate::probe::unseen(&error, "sock_diag"),
    }
}

fn dump(family: u8, sums: &mut Sums) -> io::Result<()> {
    let states = StateFlags::all() - StateFlags::LISTEN - StateFlags::CLOSE - StateFlags::SYN_RECV;
    sockets::dump(family, states, ExtensionFlags::INFO, &mut |response| {
        let has_room = sums.seen < CONNECTIONS_MAX;
        if has_room {
            sums.add(&response);
        }
        sums.is_cut |= !has_room;
        has_room
    })
}

/// What is needed of `struct tcp_info`.
struct Info {
    mss: u64,
    sacked: u64,
    sent_ms: u64,
    received_ms: u64,
    silent_ms: u64,
    path_mtu: u64,
    again: u64,
    sent: Option<u64>,
}

impl Info {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let word = |at: usize| {
            let word = bytes.get(at..at + 4)?.try_into().ok()?;
            let is_little = cfg!(target_endian = "little");
            let word = if is_little { u32::from_le_bytes(word) } else { u32::from_be_bytes(word) };
            Some(u64::from(word))
        };
        Some(Self {
            mss: word(16)?,
            sacked: word(28)?,
            sent_ms: word(44)?,
            received_ms: word(52)?,
            silent_ms: word(56)?,
            path_mtu: word(60)?,
            again: word(100)?,
            sent: word(136),
        })
    }

    /// Milliseconds in which nothing went over it, in either direction.
    fn idle_ms(&self) -> u64 {
        self.silent_ms.min(self.sent_ms).min(self.received_ms)
    }
}

#[derive(Default)]
struct Sums {
    /// The ports that the kernel gives, both inclusive.
    range: Option<(u16, u16)>,
    routes: Routes,
    seen: u64,
    is_cut: bool,
    outgoing: BTreeMap<(IpAddr, SocketAddr), (u64, u64)>,
    half_closed: Vec<(u32, SocketAddr, Option<u64>)>,
    stalled: Vec<Stalled>,
    idle: Vec<Idle>,
    peers: BTreeMap<IpAddr, Peer>,
}

impl Sums {
    fn add(&mut self, response: &InetResponse) {
        self.seen += 1;
        let header = &response.header;
        let id = &header.socket_id;
        let local = SocketAddr::from((id.source_address.to_canonical(), id.source_port));
        let peer = SocketAddr::from((id.destination_address.to_canonical(), id.destination_port));
        let (first, last) = self.range.unwrap_or((1, 0));
        if (first..=last).contains(&local.port()) {
            let (count, time_wait) = self.outgoing.entry((local.ip(), peer)).or_default();
            *count += 1;
            *time_wait += u64::from(header.state == TCP_TIME_WAIT);
        }
        let info = response.nlas.iter().find_map(|nla| match nla {
            Nla::TcpInfo(bytes) => Info::parse(bytes),
            _ => None,
        });
        if header.state == TCP_CLOSE_WAIT {
            let silent_ms = info.as_ref().map(|info| info.silent_ms);
            self.half_closed.push((header.inode, peer, silent_ms));
        }
        let Some(info) = info else { return };
        let is_away =
            !peer.ip().is_loopback() && peer.ip() != local.ip() && !self.routes.is_near(peer.ip());
        if header.state == TCP_ESTABLISHED && is_away && info.idle_ms() >= IDLE_MIN_MS {
            let probe_ms = match header.timer {
                Some(Timer::KeepAlive(time)) => u64::try_from(time.as_millis()).ok(),
                _ => None,
            };
            self.idle.push(Idle { local, peer, idle_ms: info.idle_ms(), probe_ms });
        }
        let retransmits = match header.timer {
            Some(Timer::Retransmit(_, retransmits)) => retransmits,
            _ => 0,
        };
        let sum = self.peers.entry(peer.ip()).or_insert_with(|| Peer {
            address: peer.ip(),
            connections: 0,
            sent: 0,
            again: 0,
            heard_ms: None,
        });
        sum.connections += 1;
        sum.sent += info.sent.unwrap_or(0);
        sum.again += info.again;
        if retransmits < RETRANSMITS_MIN {
            // One that is being opened was never acknowledged.
            let heard_ms = (header.state != TCP_SYN_SENT).then_some(info.silent_ms);
            sum.heard_ms = sum.heard_ms.into_iter().chain(heard_ms).min();
            return;
        }
        self.stalled.push(Stalled {
            local,
            peer,
            is_opening: header.state == TCP_SYN_SENT,
            retransmits: u64::from(retransmits),
            unacknowledged: u64::from(header.send_queue),
            mss: info.mss,
            path_mtu: info.path_mtu,
            sacked: info.sacked,
            silent_ms: info.silent_ms,
        });
    }

    fn told(mut self, ports: Option<&Ports>) -> Connections {
        let available = ports.map_or(u64::MAX, Ports::available);
        let mut outgoing: Vec<_> = self
            .outgoing
            .into_iter()
            // A tenth of what there is comes near no bound.
            .filter(|(_, (count, _))| count.saturating_mul(10) >= available)
            .map(|((source, destination), (count, time_wait))| Outgoing {
                source,
                destination,
                count,
                time_wait,
            })
            .collect();
        outgoing.sort_by_key(|it| std::cmp::Reverse(it.count));
        outgoing.truncate(TOLD_MAX);
        self.stalled.sort_by_key(|it| std::cmp::Reverse(it.retransmits));
        self.stalled.truncate(TOLD_MAX);
        self.idle.sort_by_key(|it| std::cmp::Reverse(it.idle_ms));
        self.idle.truncate(TOLD_MAX);
        let stalled: BTreeSet<IpAddr> = self.stalled.iter().map(|it| it.peer.ip()).collect();
        let mut peers: Vec<Peer> = self.peers.into_values().collect();
        // Those of connections that are stalled are told of in any case.
        peers.retain(|it| it.again > 0 || stalled.contains(&it.address));
        peers.sort_by_key(|it| (!stalled.contains(&it.address), std::cmp::Reverse(it.again)));
        peers.truncate(2 * TOLD_MAX);
        Connections {
            seen: self.seen,
            is_cut: self.is_cut,
            outgoing,
            half_closed: half_closed(&self.half_closed),
            stalled: self.stalled,
            idle: Some(self.idle),
            peers,
        }
    }
}

/// By process, those with most first.
fn half_closed(sockets: &[(u32, SocketAddr, Option<u64>)]) -> Vec<HalfClosed> {
    let inodes: Vec<u32> = sockets.iter().map(|(inode, ..)| *inode).collect();
    let owners = if sockets.len() < HALF_CLOSED_MIN {
        vec![None; sockets.len()]
    } else {
        owner::of(&inodes)
    };
    let mut by_process: BTreeMap<Option<u32>, HalfClosed> = BTreeMap::new();
    for ((_, peer, silent_ms), process) in sockets.iter().zip(owners) {
        let pid = process.as_ref().map(|process: &Process| process.pid);
        let sum = by_process.entry(pid).or_insert_with(|| HalfClosed {
            process,
            count: 0,
            longest_ms: None,
            peer: *peer,
        });
        sum.count += 1;
        if *silent_ms > sum.longest_ms {
            (sum.longest_ms, sum.peer) = (*silent_ms, *peer);
        }
    }
    let mut found: Vec<_> = by_process.into_values().collect();
    found.sort_by_key(|it| std::cmp::Reverse(it.count));
    found.truncate(TOLD_MAX);
    found
}

#[cfg(test)]
mod tests;
