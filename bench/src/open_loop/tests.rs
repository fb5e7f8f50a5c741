use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::client::put_request;

#[test]
fn as_many_are_due_as_the_rate_says_over_all_connections() {
    for connections in [1, 3, 16] {
        let due = |elapsed| {
            let of_one = |number| Schedule::new(1000.0, connections, number).due(elapsed);
            (0..connections).map(of_one).sum::<u64>()
        };
        assert_eq!(due(Duration::ZERO), 1, "the first one is due at once");
        assert_eq!(due(Duration::from_micros(9_999_500)), 10_000);
    }
}

#[test]
fn a_request_is_due_at_its_time_and_not_before() {
    let schedule = Schedule::new(700.0, 7, 3);
    for at in [0, 1, 10, 12_345] {
        let (time, moment) = (schedule.time(at), Duration::from_nanos(2));
        assert_eq!(schedule.due(time + moment), at + 1);
        assert_eq!(schedule.due(time.saturating_sub(moment)), at);
    }
}

/// A server that answers PING, and stands still for half a second once 100 requests have come.
fn stumbling_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut buffer, mut seen, mut has_stumbled) = ([0; 4096], 0, false);
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let requests = buffer[..count].split(|byte| *byte == b'*').count() - 1;
            seen += requests;
            if seen > 100 && !has_stumbled {
                has_stumbled = true;
                let (since, still) = (Instant::now(), Duration::from_millis(500));
                while since.elapsed() < still {
                    thread::park_timeout(still.saturating_sub(since.elapsed()));
                }
            }
            stream.write_all("+PONG\r\n".repeat(requests).as_bytes()).unwrap();
        }
    });
    port
}

#[test]
fn a_server_that_stands_still_is_charged_for_what_should_have_been_sent_meanwhile() {
    let port = stumbling_server();
    let load = Load { port, connections: 1, batch: 16, rate: Some(400.0), seconds: 2 };
    let ping = |requests: &mut Vec<u8>, _| put_request(requests, &[b"PING"]);
    let outcome = run(load, ping, |_, _| Ok(())).unwrap();
    let mut all = Histogram::default();
    outcome.latencies.iter().for_each(|second| all.add(second));
    assert!(all.count() + outcome.unsent >= 800, "{} and {}", all.count(), outcome.unsent);
    // Half a second at 400 a second: 200 of 800 were late, by a quarter of a second on average.
    assert!(all.micros(0.9) > 200_000.0, "{}", all.micros(0.9));
    assert!(all.micros(0.25) < 200_000.0, "{}", all.micros(0.25));
}
