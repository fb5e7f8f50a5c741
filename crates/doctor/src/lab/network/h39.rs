//! A process that holds the lock of iptables, and others that wait for it; then a namespace with very many rules.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::lab::netns::Netns;
use crate::lab::{self, Folder, PAUSE, Stage, Stop, failed, failing};
use crate::record::Record;

const LOCK: &str = "/run/xtables.lock";

/// Longer than the check takes for a moment, in milliseconds.
const HELD_MS: u64 = 1_100;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let made = Made(!Path::new(LOCK).exists());
    let holder = Held::start()?;
    let target = format!(" pid {}", holder.0.id());
    stage.until("the lock is held", |records| {
        records.iter().any(|it| it.observed.contains(&format!("pid {} ", holder.0.id())))
    })?;
    let count = stage.draw(1, 4);
    let waiting: Vec<Held> = (0..count).map(|_| Held::start()).collect::<Result<_, _>>()?;
    let found = stage.between(|| {
        let began_ms = (stage.now)().up_ms;
        while (stage.now)().up_ms - began_ms < HELD_MS {
            std::thread::sleep(PAUSE);
        }
        Ok(())
    })?;
    let record = failing(&found, &target).ok_or_else(|| format!("the check says {found:?}"))?;
    if !record.observed.ends_with(&format!("; {count} wait for it")) {
        return Err(format!("{count} wait for the lock; the check says {record:?}").into());
    }
    drop(waiting);
    drop(holder);
    stage
        .until("nothing is wrong once it is free", |records| failing(records, &target).is_none())?;
    drop(made);
    Ok(format!("{}; {}", record.observed, many(stage)?))
}

/// More rules than are few, in a namespace.
fn many(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h39")?;
    let count = stage.draw(5_001, 500);
    let folder = Folder::new("h39")?;
    let file = folder.path().join("rules");
    let rule = |at| format!("add rule ip lab in ip saddr 10.9.{}.{} drop", at / 256, at % 256);
    let tables = ["add table ip lab", "add chain ip lab in"].map(str::to_owned);
    let text = tables.into_iter().chain((0..count).map(rule)).collect::<Vec<_>>().join("\n");
    fs::write(&file, text + "\n").map_err(failed("write rules"))?;
    space.inside(|| {
        lab::run("nft", &["-f", &file.to_string_lossy()])?;
        let listed = lab::run("nft", &["list", "ruleset"])?;
        let listed = listed.lines().filter(|line| line.contains("ip saddr")).count() as u64;
        let is_told = |it: &&Record| it.aspect == Some("rules");
        let found = stage.until("there are many rules", |it| it.iter().any(|it| is_told(&it)))?;
        let record = found.iter().find(is_told).ok_or("it was found")?;
        if listed != count || record.observed != format!("nftables has {listed} rules here") {
            return Err(format!("nft lists {listed} of {count}; the check says {record:?}").into());
        }
        lab::run("nft", &["flush", "ruleset"])?;
        stage.until("there are none", |it| !it.iter().any(|it| is_told(&it)))?;
        Ok(record.observed.clone())
    })
}

/// The file, if the lab made it.
struct Made(bool);

impl Drop for Made {
    fn drop(&mut self) {
        if self.0 {
            // Nobody else has it: it was not there.
            let _gone = fs::remove_file(LOCK);
        }
    }
}

/// A program that holds the lock, or waits for it, for as long as this is there.
struct Held(Child);

impl Held {
    fn start() -> Result<Self, Stop> {
        let program =
            Command::new("flock").args(["--no-fork", LOCK, "cat"]).stdin(Stdio::piped()).spawn();
        program.map(Self).map_err(failed("run flock, of the package util-linux"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}
