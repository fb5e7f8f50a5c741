//! What a directory holds after a stop, clean or not: what of it is the log, and what is a tail that
//! nothing vouches for (`docs/format.md`, "Recovery"). Only looks; [`crate::opening`] acts on it.
//!
//! Knows nothing of what the commits mean.
//!
//! Invariants:
//! 1. Everything up to the highest durable watermark is found, or the open is refused.
//! 2. Nothing is changed.

use std::collections::VecDeque;

use base::{Event, Generation, Observer, Sequence, StoreTime};

use crate::chain::{After, Chain};
use crate::error::Error;
use crate::frame::{Frame, FrameKind, Invalid, SECTOR_BYTES};
use crate::high_water::{self, HighWater, Slots};
use crate::medium::Medium;
use crate::position::Marks;
use crate::reader::{accept, corrupt};
use crate::segment::{self, Beginning, Kept, SegmentFile, Unread};

/// What was found.
pub(crate) struct Findings {
    pub(crate) slots: Slots,
    /// The segments of the log, oldest first, history included.
    pub(crate) kept: VecDeque<Kept>,
    /// Older segments that nothing leads to any more: history, as far as it is any.
    pub(crate) unlinked: VecDeque<SegmentFile>,
    /// Where in the last kept segment the frames end.
    pub(crate) end: u64,
    /// What the last frame leaves; `None` in a new log.
    pub(crate) after: Option<After>,
    /// Whether the last kept segment was begun by an open that wrote nothing to it since but marks, one
    /// sector each.
    pub(crate) bare: bool,
    /// The last commit.
    pub(crate) last: Sequence,
    /// What the sound frames say at the most, the dropped ones included.
    pub(crate) highest: Highest,
    /// Frames that nothing proves to have been synced.
    pub(crate) unvouched: Vec<Stood>,
    /// What is to be copied aside and dropped.
    pub(crate) torn: Vec<Torn>,
    /// Segments that are neither log nor tail, later than the first needed: to be removed.
    pub(crate) strays: Vec<SegmentFile>,
    /// Segments of zeros, later than all that were written to.
    pub(crate) unused: Vec<SegmentFile>,
    /// Where in the log, in bytes, commits stand.
    pub(crate) marks: Marks,
}

/// The highest of what sound frames and the high-water file say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Highest {
    pub(crate) durable: Sequence,
    pub(crate) sequence: Sequence,
    pub(crate) generations: Generation,
    pub(crate) time: StoreTime,
    pub(crate) open: u32,
    /// Whether there is any sound frame.
    pub(crate) any: bool,
}

impl Highest {
    pub(crate) fn take(&mut self, frame: &Frame) {
        let header = frame.header();
        self.durable = self.durable.max(header.durable);
        self.sequence = self.sequence.max(header.last);
        self.generations = self.generations.max(header.generations);
        self.time = self.time.max(header.time);
        self.open = self.open.max(header.open);
        self.any = true;
    }
}

/// Where a frame stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stood {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// Bytes of a segment that are to be dropped.
#[derive(Clone)]
pub(crate) struct Torn {
    pub(crate) segment: SegmentFile,
    pub(crate) from: u64,
    pub(crate) end: u64,
}

/// The segments of a directory and what their first frames say.
pub(crate) struct Directory {
    pub(crate) segments: Vec<SegmentFile>,
    pub(crate) beginnings: Vec<Option<Beginning>>,
}

impl Directory {
    pub(crate) fn read(medium: &dyn Medium, store: u64) -> Result<Self, Error> {
        let segments = SegmentFile::open_all(medium)?;
        let beginnings: Result<_, _> =
            segments.iter().map(|segment| segment.beginning(store)).collect();
        Ok(Self { segments, beginnings: beginnings? })
    }

    /// Goes on as if there were no segment before `from`.
    pub(crate) fn leave_out_before(&mut self, from: u64) {
        let count = self.segments.partition_point(|segment| segment.number < from);
        self.segments.drain(..count);
        self.beginnings.drain(..count);
    }

    pub(crate) fn begun(
        &self,
    ) -> impl DoubleEndedIterator<Item = (usize, &SegmentFile, &Beginning)> {
        let pairs = self.segments.iter().zip(&self.beginnings).enumerate();
        pairs.filter_map(|(at, (segment, beginning))| Some((at, segment, beginning.as_ref()?)))
    }

    /// Where a replay of what is above `applied` begins.
    fn start(&self, applied: Sequence) -> Option<usize> {
        let mut begun = self.begun().rev();
        begun.find(|(.., beginning)| beginning.begins_replay(applied)).map(|(at, ..)| at)
    }

    /// The segment that follows `number`: the newest that says so, because a later open overrules a
    /// tail that an earlier one dropped.
    fn follower(&self, number: u64) -> Option<(usize, &Beginning)> {
        let mut begun = self.begun().rev();
        let found = begun.find(|(_, segment, beginning)| {
            beginning.link.segment == number && segment.number > number
        });
        found.map(|(at, _, beginning)| (at, beginning))
    }

    /// Whether the store was opened after `number` was written to. Then all frames before that were
    /// synced.
    fn opened_after(&self, number: u64) -> bool {
        self.begun().any(|(_, segment, beginning)| beginning.opened && segment.number > number)
    }

    /// The kept segments before `start`, oldest first, and the older ones that nothing leads to.
    pub(crate) fn history(&self, start: usize) -> (VecDeque<Kept>, VecDeque<SegmentFile>) {
        let mut kept = VecDeque::new();
        let mut wanted =
            self.beginnings.get(start).and_then(|begun| Some(begun.as_ref()?.link.segment));
        let mut unlinked = VecDeque::new();
        for (segment, beginning) in self.segments.iter().zip(&self.beginnings).take(start).rev() {
            match beginning {
                Some(beginning) if wanted == Some(segment.number) => {
                    wanted = Some(beginning.link.segment);
                    kept.push_front(Kept { segment: segment.clone(), beginning: *beginning });
                }
                _ => unlinked.push_front(segment.clone()),
            }
        }
        (kept, unlinked)
    }
}

/// Looks at all of a log that may hold what is above `applied`.
pub(crate) fn examine(
    medium: &dyn Medium,
    store: u64,
    applied: Sequence,
    observer: &dyn Observer,
) -> Result<Findings, Error> {
    let slots = Slots::read(medium, store)?;
    let directory = Directory::read(medium, store)?;
    let start = directory.start(applied);
    let mut highest = survey(&directory, store, start.unwrap_or(0), observer)?;
    let high_water = check_slots(&slots, highest.any)?;
    highest.durable = highest.durable.max(high_water.durable).max(applied);
    highest.generations = highest.generations.max(high_water.generations);
    let walk = if let Some(start) = start {
        walk(&directory, store, start, highest.durable)?
    } else {
        check_new(&high_water, &highest)?;
        Walk::default()
    };
    highest.time = highest.time.max(walk.time);
    highest.sequence = highest.sequence.max(highest.durable);
    let (mut kept, unlinked) = start.map(|at| directory.history(at)).unwrap_or_default();
    kept.extend(walk.kept);
    let mut findings = Findings {
        slots,
        kept,
        unlinked,
        end: walk.end,
        after: walk.after,
        bare: walk.bare,
        last: walk.last,
        highest,
        unvouched: walk.unvouched,
        torn: Vec::new(),
        strays: Vec::new(),
        unused: Vec::new(),
        marks: walk.marks,
    };
    findings.sort_rest(directory.segments.get(start.unwrap_or(0)..).unwrap_or_default())?;
    Ok(findings)
}

/// Reads every sound frame from the segment `start` on, wherever it stands.
fn survey(
    directory: &Directory,
    store: u64,
    start: usize,
    observer: &dyn Observer,
) -> Result<Highest, Error> {
    let segments = directory.segments.get(start..).unwrap_or_default();
    let of = segments.iter().map(|segment| segment.bytes).sum();
    let mut highest = Highest::default();
    let mut bytes = 0;
    for segment in segments {
        segment.each_sound(store, 0, |frame| highest.take(frame))?;
        bytes += segment.bytes;
        observer.event(&Event::RecoveryProgress { bytes, of });
    }
    Ok(highest)
}

/// What the high-water file says; damage if it says nothing beside a log that has frames.
fn check_slots(slots: &Slots, any_frame: bool) -> Result<HighWater, Error> {
    match slots.newest {
        Some((_, high_water)) => Ok(high_water),
        None if !any_frame && slots.bad == 0 => Ok(HighWater::default()),
        None => Err(Error::Corrupt {
            file: high_water::NAME.to_owned(),
            offset: 0,
            first: Sequence(1),
            last: Sequence::ZERO,
            reason: "none of its slots can be read".to_owned(),
        }),
    }
}

/// Whether a directory without a segment to begin with can be that of a new log.
fn check_new(high_water: &HighWater, highest: &Highest) -> Result<(), Error> {
    if high_water.oldest == 0 && highest.durable == Sequence::ZERO {
        return Ok(());
    }
    Err(Error::Corrupt {
        file: segment::name(high_water.oldest.max(1)),
        offset: 0,
        first: Sequence(1),
        last: highest.durable,
        reason: "the segment is missing or its first frame cannot be read".to_owned(),
    })
}

/// The log as far as it can be followed.
#[derive(Default)]
struct Walk {
    kept: Vec<Kept>,
    end: u64,
    after: Option<After>,
    bare: bool,
    last: Sequence,
    time: StoreTime,
    unvouched: Vec<Stood>,
    marks: Marks,
}

/// Why a walk went no further in a segment.
struct Stop {
    offset: u64,
    reason: Invalid,
}

fn walk(directory: &Directory, store: u64, start: usize, durable: Sequence) -> Result<Walk, Error> {
    let mut walk = Walk::default();
    let mut at = start;
    let first = directory.segments.get(start).map_or(0, |segment| segment.number);
    let mut chain = Chain::new(store, first);
    loop {
        let (Some(segment), Some(Some(beginning))) =
            (directory.segments.get(at), directory.beginnings.get(at))
        else {
            return Ok(walk);
        };
        if walk.kept.is_empty() {
            walk.last = beginning.link.last;
            walk.marks = Marks::new(beginning.link.last);
        }
        walk.kept.push(Kept { segment: segment.clone(), beginning: *beginning });
        walk.bare = beginning.opened;
        chain.enter(segment.number);
        let follower = directory.follower(segment.number);
        let end = follower.map_or(segment.bytes, |(_, next)| next.link.end);
        let mut stop = walk.segment(&mut chain, segment, end, durable)?;
        if stop.is_none() && chain.offset() != end {
            stop = Some(Stop { offset: end, reason: Invalid::Place });
        }
        walk.end = stop.as_ref().map_or(end, |stop| stop.offset);
        if let (None, Some((next, beginning))) = (&stop, follower) {
            if beginning.link.last == walk.last {
                at = next;
                continue;
            }
            stop = Some(Stop { offset: end, reason: Invalid::Previous });
        }
        let unreadable = stop.as_ref().is_some_and(|stop| stop.reason == Invalid::Records);
        if walk.last < durable || unreadable || directory.opened_after(segment.number) {
            let reason = stop.map_or(Invalid::Empty, |stop| stop.reason);
            return Err(corrupt(segment, walk.end, walk.last.next(), durable, reason));
        }
        if let Some(Stop { offset, reason: Invalid::Format(found) }) = stop {
            return Err(Error::Newer { file: segment.name(), offset, found });
        }
        return Ok(walk);
    }
}

impl Walk {
    /// Follows the frames of one segment up to `end`; says where and why it stopped before.
    fn segment(
        &mut self,
        chain: &mut Chain,
        segment: &SegmentFile,
        end: u64,
        durable: Sequence,
    ) -> Result<Option<Stop>, Error> {
        while chain.offset() < end {
            let offset = chain.offset();
            let followed = segment.frame(offset, end).and_then(|frame| {
                let latest = accept(chain, &frame)?;
                Ok((frame, latest))
            });
            let (frame, latest) = match followed {
                Ok(followed) => followed,
                Err(Unread::Invalid(reason)) => return Ok(Some(Stop { offset, reason })),
                Err(Unread::Medium(error)) => return Err(error),
            };
            let header = frame.header();
            self.time = self.time.max(latest);
            self.after = chain.after();
            let bytes = header.span();
            self.bare &= header.kind != FrameKind::Commits && bytes == SECTOR_BYTES as u64;
            self.unvouched.push(Stood { segment: segment.number, offset, bytes });
            if header.has_commits() {
                self.last = header.last;
                if header.last <= durable {
                    self.unvouched.clear();
                }
            }
            self.marks.advance(bytes, self.last);
        }
        Ok(None)
    }
}

impl Findings {
    /// Sorts what is not the log, from the segment on that the walk began with: the tail, what a
    /// former open dropped and did not come to remove, and segments that were never used.
    fn sort_rest(&mut self, segments: &[SegmentFile]) -> Result<(), Error> {
        let last = self.kept.back().map_or(0, |kept| kept.segment.number);
        for segment in segments {
            let kept = self.kept.iter().any(|kept| kept.segment.number == segment.number);
            if kept && segment.number != last {
                continue;
            }
            let from = if kept { self.end } else { 0 };
            let written = segment.written_end(from)?;
            match written {
                Some(_) if segment.number < last => self.strays.push(segment.clone()),
                Some(end) => {
                    self.torn.push(Torn { segment: segment.clone(), from, end });
                    self.strays.append(&mut self.unused);
                }
                None if kept => {}
                None if segment.number < last => self.strays.push(segment.clone()),
                None => self.unused.push(segment.clone()),
            }
        }
        Ok(())
    }

    /// Whether the log ended with a clean stop, or is new.
    pub(crate) fn clean(&self) -> bool {
        let closed = self.after.is_some_and(|after| after.kind == FrameKind::Closed);
        let new = self.after.is_none() && !self.highest.any;
        self.torn.is_empty() && (closed || new)
    }
}
