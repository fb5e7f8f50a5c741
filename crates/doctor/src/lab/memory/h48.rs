//! Datagrams that pass thousands of rules as they are taken in, all on one processor.

use std::fmt::Write as _;
use std::net::UdpSocket;

use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};

use crate::lab::netns::Netns;
use crate::lab::{self, Folder, PAUSE, Stage, Stop, failed, failing};

/// Longer than the check asks for, in milliseconds.
const WINDOW_MS: u64 = 2_500;

/// What two readers of the same counters, one shortly after the other, may differ by, in percent.
const APART: u64 = 10;

/// So many are sent before the time is looked at.
const BURST: u64 = 50;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u64);
    if cpus < 2 {
        return Err(Stop::Missing("a second processor".to_owned()));
    }
    let (space, folder) = (Netns::new("h48")?, Folder::new("h48")?);
    let file = folder.path().join("rules");
    std::fs::write(&file, rules(stage.draw(15_000, 1_000)))
        .map_err(|error| format!("write rules: {error}"))?;
    space.inside(|| lab::run("nft", &["-f", &file.to_string_lossy()]).map(drop))?;
    let cpu = stage.draw(0, cpus);
    let mut by_lab = 0;
    let found = stage.between(|| {
        let before = interrupts(cpu)?;
        space.inside(|| flood(stage, cpu))?;
        let after = interrupts(cpu)?;
        by_lab = (after.0 - before.0) * 100 / (after.1 - before.1).max(1);
        Ok(())
    })?;
    let target = format!(" CPU {cpu}");
    let record = failing(&found, &target)
        .ok_or_else(|| format!("CPU {cpu} spent {by_lab} %; the check says {found:?}"))?;
    let told = record.observed.split_whitespace().nth(3).and_then(|it| it.parse::<u64>().ok());
    if told.is_none_or(|told| told.abs_diff(by_lab) > APART) {
        return Err(format!("CPU {cpu} spent {by_lab} %; the check says {record:?}").into());
    }
    let seen = record.observed.clone();
    let mended = stage.between(|| {
        let began_ms = (stage.now)().up_ms;
        while (stage.now)().up_ms - began_ms < WINDOW_MS {
            std::thread::sleep(PAUSE);
        }
        Ok(())
    })?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("nothing comes; the check says {record:?}").into()),
    }
}

/// None of them is about what is sent; then it is dropped.
fn rules(count: u64) -> String {
    let mut text =
        "add table ip lab\nadd chain ip lab in { type filter hook input priority 0; }\n".to_owned();
    for at in 0..count {
        let _written =
            writeln!(text, "add rule ip lab in ip saddr 10.66.{}.{} drop", at / 250, at % 250 + 1);
    }
    text.push_str("add rule ip lab in udp dport 9 drop\n");
    text
}

/// Sends from one processor to itself: what is sent over the loopback is taken in before the call returns.
fn flood(stage: &Stage<'_>, cpu: u64) -> Result<(), Stop> {
    let refused = |error| Stop::Failed(format!("choose a processor: {error}"));
    let old = sched_getaffinity(None).map_err(refused)?;
    let mut one = CpuSet::new();
    one.set(usize::try_from(cpu).unwrap_or(0));
    sched_setaffinity(None, &one).map_err(refused)?;
    // Before anything else that wants to run, as others would have their share of the processor.
    schedule("-f", "1")?;
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(failed("bind"))?;
    let began_ms = (stage.now)().up_ms;
    let mut sent = Ok(());
    while sent.is_ok() && (stage.now)().up_ms - began_ms < WINDOW_MS {
        for _ in 0..BURST {
            sent = sent.and(socket.send_to(&[0; 10], "127.0.0.1:9").map(drop));
        }
    }
    schedule("-o", "0")?;
    sched_setaffinity(None, &old).map_err(refused)?;
    sent.map_err(failed("send"))
}

/// How this thread is scheduled, by `chrt` of the package util-linux.
fn schedule(policy: &str, priority: &str) -> Result<(), Stop> {
    let thread = gettid().as_raw_nonzero().to_string();
    lab::run("chrt", &[policy, "-p", priority, &thread]).map(drop)
}

/// Ticks that a processor spent with interrupts, and in all: its line of `/proc/stat`.
fn interrupts(cpu: u64) -> Result<(u64, u64), Stop> {
    let text = std::fs::read_to_string("/proc/stat").map_err(failed("read /proc/stat"))?;
    let name = format!("cpu{cpu} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    let line = line.ok_or_else(|| format!("there is no {name}in /proc/stat"))?;
    let ticks: Vec<u64> =
        line.split_whitespace().filter_map(|it| it.parse().ok()).take(8).collect();
    let of = |at: usize| ticks.get(at).copied().unwrap_or(0);
    Ok((of(5) + of(6), ticks.iter().sum()))
}
