//! What a pipeline answers is what its commands answer one by one.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base::rng::SplitMix64;
use tables::ModelTables;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wire::resp::decode_reply;

use crate::resp::serve;
use crate::resp::tests::{PATIENCE, World, ask};
use crate::server::Limits;

/// Commands of every kind beside those that join: what a series begins or ends at.
fn draw_command(rng: &mut SplitMix64) -> Vec<String> {
    let mut below = |most: u64| rng.draw() % most;
    let key = format!("k{}", below(6));
    let field = format!("f{}", below(40));
    let (number, kind) = (below(1000).to_string(), below(38));
    let long = "x".repeat(usize::try_from(below(3000)).unwrap());
    let words: &[&str] = match kind {
        0..4 => &["SET", &key, &number],
        4..8 => &["GET", &key],
        8..11 => &["INCR", &key],
        11 => &["INCRBY", &key, "9223372036854775807"],
        12 => &["APPEND", &key, &long],
        13..15 => &["HSET", &key, &field, &number],
        15 => &["HGET", &key, &field],
        16 => &["HDEL", &key, &field],
        17 => &["HSET", &key, &field, &long, "g", &number],
        18 => &["HGETALL", &key],
        19..21 => &["DEL", &key],
        21 => &["EXISTS", &key],
        22 => &["EXPIRE", &key, "100"],
        23 => &["EXPIRE", &key, "-1"],
        24 => &["TTL", &key],
        25 => &["SET", &key],
        26 => &["NOSUCH", &key],
        27 => &["MSET", "k1", &number, "k2", "v"],
        28 => &["DBSIZE"],
        29 => &["MULTI"],
        30 => &["EXEC"],
        31 => &["RENAME", &key, "k3"],
        32..35 => &["HGETALL", "large"],
        35 => &["HMGET", "large", &field, "f1", "f90", "nosuch"],
        36 => &["HSCAN", "large", "0", "COUNT", "30"],
        37 => &["LOCK.ACQUIRE", &key, "owner", "10"],
        _ => &["PING"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn request(words: &[String]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        write!(request, "${}\r\n{word}\r\n", word.len()).unwrap();
    }
    request.into_bytes()
}

/// The replies to `requests`, of which as many are sent at once as `at_once` says; and how many ran in
/// series.
async fn answers(
    world: &World,
    requests: &[Vec<u8>],
    mut at_once: impl FnMut() -> usize,
) -> (Vec<String>, u64) {
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut left, mut replies, mut bytes) = (requests, Vec::new(), Vec::new());
    while !left.is_empty() {
        let (lot, rest) = left.split_at(at_once().min(left.len()));
        left = rest;
        stream.write_all(&lot.concat()).await.unwrap();
        while replies.len() < requests.len() - left.len() {
            while let Ok(Some((_, len))) = decode_reply(&bytes, 8) {
                let reply: Vec<u8> = bytes.drain(..len).collect();
                replies.push(String::from_utf8(reply).unwrap());
            }
            if replies.len() < requests.len() - left.len() {
                timeout(PATIENCE, stream.read_buf(&mut bytes)).await.unwrap().unwrap();
            }
        }
    }
    let joined = world.server.counters.joined.get();
    world.stop.send_replace(true);
    drop(stream);
    timeout(PATIENCE, serving).await.unwrap().unwrap();
    (replies, joined)
}

#[tokio::test]
async fn a_pipeline_answers_what_its_commands_answer_one_by_one_warm_and_cold() {
    let cold = kv::Settings { objects_bytes: 0, ..kv::Settings::default() };
    for (settings, seeds) in [(kv::Settings::default(), 0..12), (cold, 12..20)] {
        for seed in seeds {
            let mut rng = SplitMix64::new(seed);
            // Of rows of its own, and so many that a few reads of all of them end a series.
            let fields = (0..300).flat_map(|n| [format!("f{n}"), format!("{n}")]);
            let large = ["HSET".to_owned(), "large".to_owned()].into_iter().chain(fields).collect();
            let commands = (0..400).map(|_| draw_command(&mut rng));
            let commands: Vec<Vec<String>> = [large].into_iter().chain(commands).collect();
            let requests: Vec<_> = commands.iter().map(|words| request(words)).collect();
            let world = || World::over(Limits::default(), settings, Arc::new(ModelTables::new()));
            let (alone, none) = answers(&world(), &requests, || 1).await;
            let lot = || usize::try_from(rng.draw() % 60).unwrap() + 1;
            let (piped, joined) = answers(&world(), &requests, lot).await;
            assert_eq!(none, 0, "a single request is no series");
            assert!(joined > 20, "seed {seed}: only {joined} commands ran in series");
            for (at, (piped, alone)) in piped.iter().zip(&alone).enumerate() {
                assert_eq!(piped, alone, "seed {seed}, command {at}: {:?}", commands[at]);
            }
        }
    }
}

#[tokio::test]
async fn where_short_times_are_asked_for_each_command_is_timed_by_itself() {
    let requests: Vec<_> = (0..40).map(|_| request(&["GET".to_owned(), "k".to_owned()])).collect();
    for (threshold, expected) in [(0, 0), (999, 0), (1000, 40), (-1, 40)] {
        let world = World::new(Limits::default());
        world.server.slowlog.threshold_us.store(threshold, Ordering::Relaxed);
        let (_, joined) = answers(&world, &requests, || 40).await;
        assert_eq!(joined, expected, "{threshold} us");
    }
}

#[tokio::test]
async fn a_series_is_held_back_once_where_the_tables_are_behind() {
    let settings = kv::Settings { backlog_bytes: 1 << 20, ..kv::Settings::default() };
    let world = World::over(Limits::default(), settings, Arc::new(ModelTables::new()));
    let set = |value: &str| request(&["SET", "k", value].map(str::to_owned));
    // It gathers for some seconds before it goes to the tables.
    let requests: Vec<_> =
        [set(&"x".repeat(700_000))].into_iter().chain(vec![set("1"); 40]).collect();
    let mut lots = [1, 40].into_iter();
    let (replies, joined) = answers(&world, &requests, || lots.next().unwrap()).await;
    assert_eq!((replies.len(), joined), (41, 40));
    // As many series as hold forty, or some more, where they come in two parts.
    let held_back = world.server.counters.held_back.get();
    assert!((3..=5).contains(&held_back), "{held_back}");
}

#[tokio::test]
async fn a_pause_of_writes_holds_back_a_write_behind_a_read_that_was_sent_with_it() {
    let world = World::new(Limits::default());
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut pauser = TcpStream::connect(address).await.unwrap();
    let mut writer = TcpStream::connect(address).await.unwrap();
    ask(&mut pauser, b"CLIENT PAUSE 60000 WRITE\r\n", b"+OK\r\n").await;
    let lot = [["GET", "k"].as_slice(), &["SET", "k", "1"], &["GET", "k"]];
    let owned = |words: &&[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let lot: Vec<_> = lot.iter().map(|words| request(&owned(words))).collect();
    ask(&mut writer, &lot.concat(), b"$-1\r\n").await;
    ask(&mut pauser, b"GET k\r\nCLIENT UNPAUSE\r\n", b"$-1\r\n+OK\r\n").await;
    ask(&mut writer, b"", b"+OK\r\n$1\r\n1\r\n").await;
    world.stop.send_replace(true);
    drop((pauser, writer));
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}
