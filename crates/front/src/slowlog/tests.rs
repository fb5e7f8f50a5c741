use std::net::Ipv4Addr;

use wire::resp::ArgsBuf;

use super::*;

fn entry(micros: u64) -> Entry {
    Entry {
        id: 0,
        at: StoreTime(0),
        took: Duration::from_micros(micros),
        args: Vec::new(),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
        name: Vec::new(),
    }
}

#[test]
fn the_oldest_entries_go_and_numbers_are_not_used_again() {
    let log = Slowlog::default();
    log.entries_max.store(2, Ordering::Relaxed);
    (0..3).for_each(|micros| log.push(entry(micros)));
    assert_eq!(log.latest(9).iter().map(|entry| entry.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(log.latest(1).len(), 1);
    log.clear();
    log.push(entry(3));
    assert_eq!(log.latest(9).iter().map(|entry| entry.id).collect::<Vec<_>>(), [3]);
    log.entries_max.store(0, Ordering::Relaxed);
    log.push(entry(4));
    assert_eq!(log.len(), 0);
}

#[test]
fn the_threshold_is_within_what_is_kept_and_a_negative_one_keeps_nothing() {
    let log = Slowlog::default();
    assert!(log.wants(Duration::from_millis(10)) && !log.wants(Duration::from_micros(9_999)));
    log.threshold_us.store(0, Ordering::Relaxed);
    assert!(log.wants(Duration::ZERO));
    log.threshold_us.store(-1, Ordering::Relaxed);
    assert!(!log.wants(Duration::MAX));
}

#[test]
fn long_and_many_arguments_are_cut_short_and_say_so() {
    let args: ArgsBuf = (0..33).map(|_| vec![b'x'; 129]).collect();
    let short = shorten(args.as_args());
    assert_eq!(short.len(), 32);
    assert_eq!(short[0], [&[b'x'; 128][..], b"... (1 more bytes)"].concat());
    assert_eq!(short[31], b"... (2 more arguments)");
    let args: ArgsBuf = (0..32).map(|_| vec![b'x'; 128]).collect();
    assert_eq!(shorten(args.as_args()), vec![vec![b'x'; 128]; 32]);
}
