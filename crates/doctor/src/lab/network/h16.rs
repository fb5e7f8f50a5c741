//! A table of tracked connections of drawn size, filled with entries that may not go, and datagrams beyond them.

use std::fmt::Write;
use std::net::{Ipv4Addr, UdpSocket};

use super::link::{Setting, number};
use crate::lab::netns::Netns;
use crate::lab::{self, Folder, Stage, Stop, failed, failing};
use crate::record::Severity;

const TRACKED: &str = "add table ip lab; add chain ip lab out { type filter hook output priority 0; }; add rule ip lab out ct state invalid drop";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h16")?;
    let folder = Folder::new("h16")?;
    let most = stage.draw(1_000, 2_000);
    let _restored = Setting::set("net.netfilter.nf_conntrack_max", &most.to_string())?;
    space.inside(|| {
        lab::run("nft", &[TRACKED])?;
        let file = folder.path().join("entries");
        // Four in five, and then all.
        fill(&file, 0, most * 4 / 5)?;
        let found = stage
            .until("most of the table is taken", |records| failing(records, "host").is_some())?;
        let warning = failing(&found, "host").ok_or("it is gone again")?;
        if warning.severity != Severity::Warning || number(&warning.observed)? != count()? {
            return Err(format!("conntrack counts {}; the check says {warning:?}", count()?).into());
        }
        fill(&file, most * 4 / 5, most)?;
        let lost = stage.draw(10, 50);
        let found = stage.between(|| overflow(lost))?;
        let record =
            failing(&found, "host").ok_or("the table is full, and the check says nothing")?;
        let wanted = format!(
            "{} of {most} tracked connections, 100 %; {} packets dropped",
            count()?,
            dropped()?
        );
        if record.severity != Severity::Critical || !record.observed.starts_with(&wanted) {
            return Err(format!("{wanted}; the check says {record:?}").into());
        }
        lab::run("conntrack", &["-F"])?;
        stage.until("nothing is wrong once it is empty", |records| {
            failing(records, "host").is_none()
        })?;
        Ok(record.observed.clone())
    })
}

/// Puts in entries of connections that are established and were answered.
fn fill(file: &std::path::Path, from: u64, to: u64) -> Result<(), Stop> {
    let mut lines = String::new();
    for at in from..to {
        let (high, low) = (at / 250, at % 250 + 1);
        let _fits = writeln!(
            lines,
            "-I -p tcp -s 10.94.{high}.{low} -d 10.95.0.1 --sport 1024 --dport 80 --state ESTABLISHED -u SEEN_REPLY,ASSURED -t 600"
        );
    }
    std::fs::write(file, lines).map_err(failed("write the entries"))?;
    lab::run("conntrack", &["-R", &file.to_string_lossy()]).map(drop)
}

/// Sends datagrams of which each is a new connection.
fn overflow(count: u64) -> Result<(), Stop> {
    for _ in 0..count {
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("bind"))?;
        if client.send_to(&[0], (Ipv4Addr::LOCALHOST, 9)).is_ok() {
            return Err("the table is full, and a datagram of a new connection went out".into());
        }
    }
    Ok(())
}

/// Entries, as conntrack counts them.
fn count() -> Result<u64, Stop> {
    number(&lab::run("conntrack", &["-C"])?)
}

/// Packets that were dropped, as conntrack counts them, of all processors.
fn dropped() -> Result<u64, Stop> {
    let text = lab::run("conntrack", &["-S"])?;
    let of = |word: &str| word.strip_prefix("drop=").and_then(|it| it.parse::<u64>().ok());
    Ok(text.split_whitespace().filter_map(of).sum())
}
