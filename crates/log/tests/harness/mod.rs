//! A log under test: what was appended and acknowledged is remembered, what is recovered is compared
//! with it, values included.

#![allow(dead_code, reason = "each test file takes what it needs")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Event, Generation, Sequence, StoreId, StoreTime};
use groundsill_log::{
    Error, FileLog, Group, Log, Record, Recovered, Settings, SimulatedMedium, record,
};
use parking_lot::Mutex;

pub(crate) const STORE: StoreId = StoreId(*b"a store for test");

pub(crate) fn settings() -> Settings {
    Settings {
        segment_bytes: 16 * 1024,
        history_bytes: 1 << 30,
        history_age_ms: u64::MAX,
        disk_free_bytes_min: 0,
    }
}

/// What the writers know.
#[derive(Clone, Default)]
pub(crate) struct Model {
    /// Changes of every commit that was handed to the log and may still be there.
    pub(crate) appended: BTreeMap<u64, Vec<u8>>,
    /// The last commit that was acknowledged as durable.
    pub(crate) acknowledged: u64,
    /// The last commit whose append returned.
    pub(crate) written: u64,
    /// The highest sequence that was ever shown to anyone.
    pub(crate) shown: u64,
}

impl Model {
    /// Compares what was recovered with what is known: all that was acknowledged, nothing that was
    /// never written, no hole.
    pub(crate) fn check(&self, found: &BTreeMap<u64, Vec<u8>>, last: u64) -> Result<(), String> {
        if last < self.acknowledged {
            return Err(format!("lost: ends at {last}, {} acknowledged", self.acknowledged));
        }
        for (sequence, changes) in found {
            match self.appended.get(sequence) {
                None => return Err(format!("invented: {sequence}")),
                Some(known) if known != changes => return Err(format!("altered: {sequence}")),
                Some(_) => {}
            }
        }
        let expected = self.appended.range(..=last).map(|(sequence, _)| sequence);
        if !expected.eq(found.keys()) {
            return Err(format!("a hole before {last}"));
        }
        Ok(())
    }

    /// Forgets what the power cut took.
    pub(crate) fn settle(&mut self, last: u64) {
        self.appended.split_off(&(last + 1));
        self.acknowledged = last;
        self.written = last;
    }
}

#[derive(Clone, Default)]
pub(crate) struct Events(pub(crate) Arc<Mutex<Vec<Event>>>);

impl base::Observer for Events {
    fn event(&self, event: &Event) {
        self.0.lock().push(event.clone());
    }
}

impl Events {
    pub(crate) fn count(&self, matching: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().iter().filter(|event| matching(event)).count()
    }
}

/// An open log and what its writers know.
pub(crate) struct Run {
    pub(crate) medium: SimulatedMedium,
    pub(crate) log: Arc<FileLog>,
    pub(crate) recovered: Recovered,
    pub(crate) model: Model,
    pub(crate) rng: SplitMix64,
    pub(crate) next: Sequence,
    pub(crate) now: Duration,
    pub(crate) events: Events,
}

pub(crate) fn open(
    medium: &SimulatedMedium,
    settings: Settings,
    applied: Sequence,
) -> Result<(FileLog, Recovered, Events), Error> {
    let events = Events::default();
    let observer = Arc::new(events.clone());
    let medium = Arc::new(medium.clone());
    let now = StoreTime(1_000);
    let (log, recovered) = FileLog::open(medium, settings, STORE, applied, now, observer)?;
    Ok((log, recovered, events))
}

/// All commits from `from` on, with their changes.
pub(crate) fn commits(log: &FileLog, from: Sequence) -> Result<BTreeMap<u64, Vec<u8>>, Error> {
    let mut found = BTreeMap::new();
    for frame in log.read(from)? {
        for record in frame?.records() {
            if let Record::Commit { sequence, changes, .. } = record.unwrap() {
                assert_eq!(found.insert(sequence.0, changes.bytes().to_vec()), None);
            }
        }
    }
    Ok(found)
}

impl Run {
    /// A new log.
    pub(crate) fn new(seed: u64) -> Self {
        Self::open(SimulatedMedium::new(seed), Model::default(), seed).unwrap()
    }

    /// Opens what `medium` holds and checks it against `model`.
    pub(crate) fn open(medium: SimulatedMedium, model: Model, seed: u64) -> Result<Self, Error> {
        let run = Self::open_unchecked(medium, model, seed)?;
        if let Err(fault) = run.1 {
            panic!("seed {seed}: {fault}; {:?}", run.0.recovered);
        }
        Ok(run.0)
    }

    /// Opens what `medium` holds, and returns what the check against `model` found.
    pub(crate) fn open_unchecked(
        medium: SimulatedMedium,
        mut model: Model,
        seed: u64,
    ) -> Result<(Self, Result<(), String>), Error> {
        let (log, recovered, events) = open(&medium, settings(), Sequence::ZERO)?;
        let found = commits(&log, Sequence(1))?;
        let mut checked = model.check(&found, recovered.last.0);
        if recovered.next.0 <= model.shown {
            checked = Err(format!("{} is to be given again", recovered.next));
        }
        model.settle(recovered.last.0);
        let next = recovered.next;
        let (log, rng) = (Arc::new(log), SplitMix64::new(seed));
        let run = Self { medium, log, recovered, model, rng, next, now: Duration::ZERO, events };
        Ok((run, checked))
    }

    /// Appends a group of `commits` with values of about `bytes` bytes in all.
    pub(crate) fn append(&mut self, commits: u64, bytes: u64) -> Result<(), Error> {
        let mut group = self.group(commits, bytes);
        self.log.append(&mut group)?;
        self.appended(group.next());
        Ok(())
    }

    /// Notes that a group was appended, after which `next` is next.
    pub(crate) fn appended(&mut self, next: Sequence) {
        self.model.written = next.0 - 1;
        self.model.shown = self.model.shown.max(next.0 - 1);
        self.next = next;
    }

    /// A group that may be appended next; the model already knows its commits.
    pub(crate) fn group(&mut self, commits: u64, bytes: u64) -> Group {
        let mut group = Group::new(self.next, StoreTime(2_000 + self.next.0 % 1_000));
        group.set_generations(Generation(self.next.0 / 2));
        for writer in 0..commits {
            let mut changes = Vec::new();
            let length = bytes / commits + self.rng.below(64);
            let value: Vec<u8> =
                (0..length.div_ceil(8)).flat_map(|_| (self.rng.draw() | 1).to_le_bytes()).collect();
            record::put(&mut changes, &group.next().0.to_be_bytes(), &value);
            record::add(&mut changes, b"count", writer.cast_signed() - 3);
            let count = group.next().0 % 100;
            let sequence = group.push_commit(StoreTime(2_500), writer, count, 7, &changes);
            self.model.appended.insert(sequence.0, changes);
        }
        group
    }

    /// A sync during which another group is appended: it must not be counted as durable.
    pub(crate) fn sync_while_appending(&mut self) -> Result<(), Error> {
        let group = self.group(2, 700);
        let (first, next) = (group.first(), group.next());
        let waiting = Arc::new(Mutex::new(Some(group)));
        let (taken, log) = (Arc::clone(&waiting), Arc::downgrade(&self.log));
        self.medium.on_sync(move |_| {
            if let (Some(mut group), Some(log)) = (taken.lock().take(), log.upgrade()) {
                log.append(&mut group).unwrap();
            }
        });
        let durable = self.log.sync();
        self.medium.on_sync(|_| {});
        if waiting.lock().is_some() {
            self.model.appended.split_off(&first.0);
            return durable.map(drop);
        }
        self.appended(next);
        let durable = durable?;
        assert!(durable < first, "a sync vouches for what was appended before it, no more");
        self.model.acknowledged = self.model.acknowledged.max(durable.0);
        Ok(())
    }

    /// A group of random size: mostly a sector or two, at times pages, at times beyond a segment.
    pub(crate) fn append_any(&mut self) -> Result<(), Error> {
        let bytes = match self.rng.below(20) {
            0 => 40_000,
            1..=4 => 9_000,
            5..=8 => 3_000,
            _ => 100,
        };
        let commits = 1 + self.rng.below(4);
        self.append(commits, bytes)
    }

    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        let durable = self.log.sync()?;
        self.model.acknowledged = self.model.acknowledged.max(durable.0);
        Ok(())
    }

    pub(crate) fn maintain(&mut self, passed: Duration) -> Result<(), Error> {
        self.now += passed;
        self.log.maintain(self.now).map(drop)
    }

    /// Upkeep until there is none.
    pub(crate) fn settle(&mut self) {
        self.now += Duration::from_millis(10);
        while self.log.maintain(self.now).unwrap() == groundsill_log::Upkeep::Again {}
        self.now += Duration::from_millis(10);
        while self.log.maintain(self.now).unwrap() == groundsill_log::Upkeep::Again {}
    }

    /// The name of the segment that is written to, and where it ends.
    pub(crate) fn newest_segment(&self) -> String {
        let names = groundsill_log::Medium::list(&self.medium).unwrap();
        let mut written: Vec<String> = names
            .into_iter()
            .filter(|name| {
                name.len() == "00000000000000000001.seg".len()
                    && self.medium.bytes(name).unwrap().starts_with(b"GSFR")
            })
            .collect();
        written.pop().unwrap()
    }
}

/// Where the frames of a segment stand: offset and length.
pub(crate) fn frames_in(bytes: &[u8]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(Ok((header, _))) = bytes.get(at..).map(groundsill_log::frame::decode) {
        found.push((at as u64, header.span()));
        at += usize::try_from(header.span()).unwrap();
    }
    found
}

pub(crate) fn is_segment(name: &str) -> bool {
    name.strip_suffix(".seg").is_some()
}
