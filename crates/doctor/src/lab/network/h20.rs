//! A queue of a processor that is made very short, and a transfer between programs that another processor takes in.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::link::{Setting, number};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};

/// So much is sent at once, and so often at most.
const CHUNK: usize = 1 << 20;
const ROUNDS_MAX: usize = 2_000;

/// Both of the first two processors take in what comes over the loopback.
const SPREAD: &str = "echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h20")?;
    lab::run("ip", &["netns", "exec", space.name(), "sh", "-c", SPREAD])?;
    // With segments as they go over a wire, so that there are many.
    lab::run("ip", &["-n", space.name(), "link", "set", "lo", "mtu", "1500"])?;
    let least = stage.draw(5, 10);
    let before = dropped()?;
    let lowered = Setting::set("net.core.netdev_max_backlog", "0")?;
    let found = stage.between(|| space.inside(|| transfer(before + least)))?;
    drop(lowered);
    let grown = dropped()? - before;
    let record = failing(&found, "host")
        .ok_or_else(|| format!("{grown} were dropped; the check says {found:?}"))?;
    let told = number(&record.observed)?;
    if told < least || told > grown {
        return Err(format!("{grown} were dropped; the check says {record:?}").into());
    }
    let seen = record.observed.clone();
    let mended = stage.between(|| Ok(()))?;
    match failing(&mended, "host") {
        None => Ok(seen),
        Some(record) => Err(format!("nothing is dropped; the check says {record:?}").into()),
    }
}

/// Sends and reads until so many packets were dropped in all.
fn transfer(until: u64) -> Result<(), Stop> {
    let listener = TcpListener::bind("127.0.0.1:5000").map_err(failed("listen"))?;
    let mut client = TcpStream::connect("127.0.0.1:5000").map_err(failed("connect"))?;
    let (mut server, _) = listener.accept().map_err(failed("accept"))?;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut buffer = vec![0; CHUNK];
            while server.read(&mut buffer).is_ok_and(|len| len > 0) {}
        });
        let mut outcome = Err("the queue is never longer than one packet here".into());
        for _ in 0..ROUNDS_MAX {
            if dropped()? >= until {
                outcome = Ok(());
                break;
            }
            client.write_all(&vec![0; CHUNK]).map_err(failed("send"))?;
        }
        drop(client);
        let _ended = reader.join();
        outcome
    })
}

/// Packets that all processors have dropped: the second column.
fn dropped() -> Result<u64, Stop> {
    let text = std::fs::read_to_string("/proc/net/softnet_stat");
    let text = text.map_err(failed("read softnet_stat"))?;
    let second = |line: &str| u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok();
    Ok(text.lines().filter_map(second).sum())
}
