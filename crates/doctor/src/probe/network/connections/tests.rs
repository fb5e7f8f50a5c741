use netlink_packet_sock_diag::constants::{IPPROTO_TCP, TCP_ESTABLISHED};
use netlink_packet_sock_diag::inet::{InetResponseHeader, SocketId};
use std::time::Duration;

use super::*;

fn response(
    state: u8,
    ports: (u16, u16),
    timer: Option<Timer>,
    info: &[(usize, u32)],
) -> InetResponse {
    let mut bytes = vec![0; 232];
    for (at, word) in info {
        bytes[*at..at + 4].copy_from_slice(&if cfg!(target_endian = "little") {
            word.to_le_bytes()
        } else {
            word.to_be_bytes()
        });
    }
    let socket_id = SocketId {
        source_address: [10, 0, 0, 1].into(),
        source_port: ports.0,
        destination_address: [10, 0, 0, 2].into(),
        destination_port: ports.1,
        ..SocketId::new_v4()
    };
    let header = InetResponseHeader {
        family: AF_INET,
        state,
        timer,
        socket_id,
        recv_queue: 0,
        send_queue: 20_000,
        uid: 0,
        inode: u32::from(IPPROTO_TCP),
    };
    let nlas = std::iter::once(Nla::TcpInfo(bytes)).filter(|_| state != TCP_TIME_WAIT).collect();
    InetResponse { header, nlas }
}

fn told(responses: &[InetResponse]) -> Connections {
    let ports = Ports { first: 40_000, last: 40_009, reserved: 0 };
    let mut sums = Sums { range: Some((40_000, 40_009)), ..Sums::default() };
    for response in responses {
        sums.add(response);
    }
    sums.told(Some(&ports))
}

#[test]
fn ports_count_by_both_ends_and_only_those_that_the_kernel_gives() {
    let of = |state, port| response(state, (port, 5432), None, &[]);
    let found = told(&[
        of(TCP_ESTABLISHED, 40_000),
        of(TCP_TIME_WAIT, 40_009),
        of(TCP_TIME_WAIT, 40_010),
        response(TCP_ESTABLISHED, (40_000, 80), None, &[]),
    ]);
    let of = |port| found.outgoing.iter().find(|it| it.destination.port() == port).unwrap();
    assert_eq!((of(5432).count, of(5432).time_wait), (2, 1));
    assert_eq!(of(80).count, 1);
    assert_eq!(found.seen, 4);
}

#[test]
fn one_that_was_sent_again_is_stalled_and_another_to_the_same_is_heard_of() {
    let timer = |count| Some(Timer::Retransmit(Duration::from_millis(800), count));
    let info = [(16, 1_448), (28, 1), (56, 3_100), (60, 1_500), (100, 3), (136, 12)];
    let found = told(&[
        response(TCP_ESTABLISHED, (40_000, 80), timer(3), &info),
        response(TCP_ESTABLISHED, (40_001, 80), timer(1), &[(56, 40), (100, 1), (136, 100)]),
    ]);
    let wanted = Stalled {
        local: ([10, 0, 0, 1], 40_000).into(),
        peer: ([10, 0, 0, 2], 80).into(),
        is_opening: false,
        retransmits: 3,
        unacknowledged: 20_000,
        mss: 1_448,
        path_mtu: 1_500,
        sacked: 1,
        silent_ms: 3_100,
    };
    assert_eq!(found.stalled, [wanted]);
    let peer = Peer {
        address: [10, 0, 0, 2].into(),
        connections: 2,
        sent: 112,
        again: 4,
        heard_ms: Some(40),
    };
    assert_eq!(found.peers, [peer]);
}

#[test]
fn those_that_are_half_closed_are_told_with_the_one_that_is_so_for_longest() {
    let found = told(&[
        response(TCP_CLOSE_WAIT, (40_000, 80), None, &[(56, 5_000)]),
        response(TCP_CLOSE_WAIT, (40_001, 81), None, &[(56, 9_000)]),
    ]);
    let [it] = &found.half_closed[..] else { panic!("{found:?}") };
    assert_eq!((it.count, it.longest_ms, it.peer.port()), (2, Some(9_000), 81));
}

#[test]
fn of_those_with_others_it_is_told_for_how_long_nothing_went_over_them() {
    let keep = |ms| Some(Timer::KeepAlive(Duration::from_millis(ms)));
    let idle = [(44, 9_000), (52, 8_000), (56, 7_000)];
    let found = told(&[
        response(TCP_ESTABLISHED, (40_000, 80), None, &idle),
        response(
            TCP_ESTABLISHED,
            (40_001, 80),
            keep(60_000),
            &[(44, 9_000), (52, 9_000), (56, 9_000)],
        ),
        response(TCP_ESTABLISHED, (40_002, 80), None, &[(44, 999), (52, 9_000), (56, 9_000)]),
        response(TCP_CLOSE_WAIT, (40_003, 80), None, &idle),
    ]);
    let of = |it: &Idle| (it.local.port(), it.idle_ms, it.probe_ms);
    let idle: Vec<_> = found.idle.iter().flatten().map(of).collect();
    assert_eq!(idle, [(40_001, 9_000, Some(60_000)), (40_000, 7_000, None)]);
}
