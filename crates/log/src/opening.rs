//! Acts on what [`crate::recovery`] found: sets the tail aside, makes sure of the rest, and begins a
//! segment of its own.
//!
//! Knows nothing of what the commits mean.
//!
//! Invariants:
//! 1. Stopped at any point, the next open finds the same commits: nothing of the old segments is
//!    changed or removed before the new segment vouches for what is kept.
//!    But for the zeros behind its frames, of which nothing is missed.
//! 2. What is kept is on the medium before the new segment says that it is durable. Frames that
//!    nothing proves to have been synced are written again first: after a sync that failed, caches
//!    show bytes that the medium does not hold.

use std::io;

use base::limits::UNCLEAN_SEQUENCE_GAP;
use base::{Event, Kind, Observer, Sequence, StoreTime};

use crate::error::Error;
use crate::file_log::{Dropped, Recovered, Settings};
use crate::first_segment::{self, FirstSegment};
use crate::frame::FrameKind;
use crate::high_water::{HighWater, HighWaterFile};
use crate::medium::Medium;
use crate::recovery::{self, Findings, Stood, Torn};
use crate::segment::{self, SegmentFile, ZEROS, as_len};
use crate::sessions::OpenSessions;
use crate::tail::Tail;

/// The file that is being filled to become a segment.
pub(crate) const FILLING: &str = "filling";

/// The directory that dropped tails are copied to.
const TORN: &str = "torn";

/// At most so many copies of dropped tails are kept, and those of the last drop.
const TORN_COPIES_MAX: usize = 16;

/// An open log, before threads come to it.
pub(crate) struct Opening {
    pub(crate) tail: Tail,
    pub(crate) high_water: HighWaterFile,
    pub(crate) recovered: Recovered,
}

/// Opens the log in `medium`.
pub(crate) fn open(
    medium: &dyn Medium,
    settings: &Settings,
    store: u64,
    applied: Sequence,
    now: StoreTime,
    observer: &dyn Observer,
) -> Result<Opening, Error> {
    let mut findings = recovery::examine(medium, store, applied, observer)?;
    let dropped = set_aside(medium, &findings, now, observer)?;
    make_sure(&findings)?;
    let mut high_water = HighWaterFile::open(medium, store, &findings.slots)?;
    let (clean, last, highest) = (findings.clean(), findings.last, findings.highest);
    let next = if clean {
        findings.after.map_or(Sequence(1), |after| after.next)
    } else {
        Sequence(highest.sequence.0.saturating_add(UNCLEAN_SEQUENCE_GAP))
    };
    let FirstSegment { segment, again, standby, useless, next_number } =
        first_segment::choose(medium, settings, &mut findings)?;
    let removable: Vec<SegmentFile> =
        findings.strays.iter().cloned().chain(dropped_segments(&findings)).chain(useless).collect();
    let filled = segment.bytes;
    let mut tail = Tail {
        store,
        open: highest.open.saturating_add(1),
        kept: findings.kept,
        unlinked: findings.unlinked,
        standby,
        next_number,
        end: findings.end,
        capacity: filled,
        filled: 0,
        frames_in_segment: 0,
        frames: 0,
        rotations: 0,
        checksum: again.or(findings.after.map(|after| after.checksum)).unwrap_or(0),
        next,
        last,
        generations: highest.generations,
        time: highest.time.max(now),
        stated: last,
        sessions: OpenSessions::default(),
        marks: findings.marks,
        trimmed: applied,
        retired: Vec::new(),
        dirty: false,
        names_dirty: false,
        closed: false,
        holds: 0,
        scratch: Vec::new(),
    };
    let (replay_bytes, needed) = (tail.marks.bytes_after(applied, last), tail.oldest_needed());
    let files = tail.kept.iter().map(|kept| &kept.segment).filter(|file| file.number >= needed);
    let files_bytes = files.map(|file| file.bytes).sum();
    observer.event(&Event::SegmentStarted { segment: segment.number });
    match again {
        Some(_) => tail.begin_again(last)?,
        None => tail.begin_segment(FrameKind::Opened, segment, filled, last)?,
    }
    if let Some(unsynced) = tail.take_unsynced() {
        unsynced.sync(medium)?;
    }
    let (oldest, generations) = (tail.oldest_needed(), tail.generations);
    high_water.write(HighWater { durable: last, oldest, generations })?;
    remove(medium, &removable)?;
    let recovered = Recovered {
        last,
        next,
        generations,
        time: tail.time,
        clean,
        open: tail.open,
        dropped,
        replay_bytes,
        files_bytes,
    };
    Ok(Opening { tail, high_water, recovered })
}

/// Copies the tail, durably, to where the operator can look at it. On a full disk there is no copy: what
/// nobody was told of keeps no store from its start.
fn set_aside(
    medium: &dyn Medium,
    findings: &Findings,
    now: StoreTime,
    observer: &dyn Observer,
) -> Result<Option<Dropped>, Error> {
    let Some(first) = findings.torn.first() else { return Ok(None) };
    let copy = match copy_aside(medium, &findings.torn, now) {
        Err(error) if error.kind() == Kind::Limit => None,
        copied => Some(copied?),
    };
    let dropped = Dropped {
        file: first.segment.name(),
        offset: first.from,
        bytes: findings.torn.iter().map(|torn| torn.end - torn.from).sum(),
        copy,
    };
    observer.event(&Event::TornTailDropped {
        file: dropped.file.clone(),
        offset: dropped.offset,
        bytes: dropped.bytes,
        kept: findings.last,
        copy: dropped.copy.clone(),
    });
    Ok(Some(dropped))
}

/// Where the first copy is.
fn copy_aside(medium: &dyn Medium, torn: &[Torn], now: StoreTime) -> Result<String, Error> {
    let directory = medium.subdirectory(TORN).map_err(Error::io("make", TORN))?;
    let mut copies = Vec::new();
    for torn in torn {
        copies.push(copy(&*directory, torn, now)?);
    }
    directory.sync().map_err(Error::io("sync", TORN))?;
    medium.sync().map_err(Error::io("sync", "the log's directory"))?;
    let kept = directory.list().map_err(Error::io("list", TORN))?;
    let surplus = kept.len().saturating_sub(TORN_COPIES_MAX.max(copies.len()));
    for old in kept.iter().filter(|name| !copies.contains(name)).take(surplus) {
        directory.remove(old).map_err(Error::io("remove", old))?;
    }
    Ok(format!("{TORN}/{}", copies.first().map_or("", String::as_str)))
}

/// Copies one segment's part; half a copy does not stay.
fn copy(directory: &dyn Medium, torn: &Torn, now: StoreTime) -> Result<String, Error> {
    let name = format!("{:020}-{:020}-{:012}", now.0, torn.segment.number, torn.from);
    let copied = copy_to(directory, torn, &name);
    if copied.is_err() {
        remove_if_there(directory, &name)?;
    }
    copied.map(|()| name)
}

fn copy_to(directory: &dyn Medium, torn: &Torn, name: &str) -> Result<(), Error> {
    remove_if_there(directory, name)?;
    let file = directory.create(name).map_err(Error::io("create", name))?;
    let mut until_end = torn.segment.clone();
    until_end.bytes = torn.end;
    until_end.each_stride(torn.from, |offset, bytes| {
        file.write_at(offset - torn.from, bytes).map_err(Error::io("write", name))
    })?;
    file.sync().map_err(Error::io("sync", name))
}

/// Writes what nothing vouches for again, where it stands, and syncs it.
fn make_sure(findings: &Findings) -> Result<(), Error> {
    for kept in &findings.kept {
        let SegmentFile { number, file, .. } = &kept.segment;
        let name = segment::name(*number);
        let mut again =
            findings.unvouched.iter().filter(|stood| stood.segment == *number).peekable();
        if again.peek().is_none() {
            continue;
        }
        for Stood { offset, bytes, .. } in again {
            let mut frame = vec![0; as_len(*bytes)];
            kept.segment.read(*offset, &mut frame)?;
            file.write_at(*offset, &frame).map_err(Error::io("write", &name))?;
        }
        file.sync().map_err(Error::io("sync", &name))?;
    }
    Ok(())
}

/// The segments whose every byte is dropped.
fn dropped_segments(findings: &Findings) -> impl Iterator<Item = SegmentFile> {
    findings.torn.iter().filter(|torn| torn.from == 0).map(|torn| torn.segment.clone())
}

fn remove(medium: &dyn Medium, segments: &[SegmentFile]) -> Result<(), Error> {
    for segment in segments {
        let name = segment.name();
        medium.remove(&name).map_err(Error::io("remove", &name))?;
    }
    Ok(())
}

pub(crate) fn remove_if_there(medium: &dyn Medium, name: &str) -> Result<(), Error> {
    match medium.remove(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", name)(error))
        }
        _ => Ok(()),
    }
}

/// A segment in the making: a file of zeros under another name.
pub(crate) struct Filling {
    file: std::sync::Arc<dyn crate::medium::File>,
    filled: u64,
    bytes: u64,
}

impl Filling {
    /// Makes the file.
    pub(crate) fn begin(medium: &dyn Medium, bytes: u64) -> Result<Self, Error> {
        remove_if_there(medium, FILLING)?;
        let file = medium
            .create(FILLING)
            .map_err(Error::io("make, for the next segment of the log, the file", FILLING))?;
        Ok(Self { file, filled: 0, bytes })
    }

    /// Writes and syncs a few MiB more; true when all is filled.
    pub(crate) fn step(&mut self) -> Result<bool, Error> {
        const STRIDES: u64 = 4;
        for _ in 0..STRIDES {
            let left = as_len((self.bytes - self.filled).min(ZEROS.len() as u64));
            let zeros = ZEROS.get(..left).unwrap_or_default();
            self.file
                .write_at(self.filled, zeros)
                .map_err(Error::io("write zeros for the next segment of the log to", FILLING))?;
            self.filled += left as u64;
            if self.filled == self.bytes {
                break;
            }
        }
        self.file.sync().map_err(Error::io("sync the next segment of the log in", FILLING))?;
        Ok(self.filled == self.bytes)
    }

    /// Makes the filled file the segment `number`. Its name is durable after a sync of the directory.
    pub(crate) fn become_segment(
        &self,
        medium: &dyn Medium,
        from: &str,
        number: u64,
    ) -> Result<SegmentFile, Error> {
        medium.rename(from, &segment::name(number)).map_err(Error::io("rename", from))?;
        Ok(SegmentFile { number, file: std::sync::Arc::clone(&self.file), bytes: self.bytes })
    }

    pub(crate) fn fill_all(
        mut self,
        medium: &dyn Medium,
        number: u64,
    ) -> Result<SegmentFile, Error> {
        while !self.step()? {}
        self.become_segment(medium, FILLING, number)
    }
}
