//! What of a damaged log can still be trusted, written as a log of its own: what `groundsill repair` makes.
//!
//! Knows nothing of what the commits mean; where it reads it changes nothing.
//!
//! Invariants:
//! 1. What is taken is what was committed from behind the tables on, up to the first commit that is missing
//!    or cannot be read: no commit stands behind a gap.
//! 2. A place that is bad is passed only where the frames around it show that it held no commit that the
//!    tables lack: sequences are given once, so the next one proves that there was none between.
//! 3. The new log gives out no sequence, generation or open number that the old one may have given.

use std::collections::BTreeMap;

use base::limits::UNCLEAN_SEQUENCE_GAP;
use base::{Generation, Sequence, StoreId, StoreTime};

use crate::chain::Chain;
use crate::error::Error;
use crate::frame::{self, Frame, FrameKind, Invalid, Link, SECTOR_BYTES};
use crate::high_water::Slots;
use crate::medium::Medium;
use crate::reader::accept;
use crate::record::{Record, put_session};
use crate::recovery::{Directory, Highest};
use crate::segment::{SegmentFile, Unread};

mod write;

/// A log that was looked at, and what of it is to be taken.
#[expect(missing_debug_implementations, reason = "open files, and nothing that a test would show")]
pub struct Salvage {
    places: Vec<Place>,
    store: u64,
    applied: Sequence,
    highest: Highest,
    taken: Taken,
    lost: Option<Lost>,
}

/// A segment, and what the one behind it says of it.
struct Place {
    segment: SegmentFile,
    told: Option<Link>,
}

/// What can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The commit that the first one taken follows.
    pub base: Sequence,
    /// The last commit, in the tables or taken.
    pub last: Sequence,
    /// How many commits are taken.
    pub commits: u64,
    /// The length of their frames, in bytes.
    pub bytes: u64,
    /// When the last was made, by what can be read; zero if none can.
    pub time: StoreTime,
    /// Of the numbers, times and records of all that is taken.
    pub checksum: u32,
    /// Whether the log reaches back to where it was to begin.
    pub reaches_back: bool,
}

impl Taken {
    /// Whether two hold the same commits, wherever these stand.
    #[must_use]
    pub fn holds_the_same(&self, other: &Self) -> bool {
        let commits = |taken: &Self| (taken.base, taken.last, taken.commits, taken.checksum);
        commits(self) == commits(other)
    }
}

/// What was committed and cannot be trusted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The first commit that is missing or cannot be read.
    pub first: Sequence,
    /// The last commit that anything tells of.
    pub last: Sequence,
    /// All up to here was durable; of what is behind, nobody knows.
    pub durable: Sequence,
    /// Of the lost commits, how many stand in sound frames, but behind what is missing.
    pub sound: u64,
    /// When the last of them that is known was made, at the latest; zero if none can be read.
    pub until: StoreTime,
    /// Where the log stopped being what was written: file, offset in bytes, reason.
    pub place: Option<(String, u64, String)>,
}

impl Salvage {
    /// Looks at all of the log in `medium`, of which `applied` is what sound tables hold.
    ///
    /// # Errors
    /// [`Error::Io`] where the medium does not give its bytes, [`Error::Newer`] for frames of a later format.
    pub fn examine(medium: &dyn Medium, store: &StoreId, applied: Sequence) -> Result<Self, Error> {
        let store = frame::store_number(store);
        let directory = Directory::read(medium, store)?;
        let mut highest = Highest::default();
        for segment in &directory.segments {
            segment.each_sound(store, 0, |frame| {
                highest.take(frame);
                highest.time = highest.time.max(frame.check_records().unwrap_or_default());
            })?;
        }
        if let Some((_, state)) = Slots::read(medium, store)?.newest {
            highest.durable = highest.durable.max(state.durable);
            highest.generations = highest.generations.max(state.generations);
        }
        // What was given out within a second before the end, in frames that cannot be read, may be in the tables.
        let ceiling = highest.generations.0.saturating_add(UNCLEAN_SEQUENCE_GAP);
        highest.generations = Generation(ceiling);
        highest.durable = highest.durable.max(applied);
        highest.sequence = highest.sequence.max(highest.durable);
        let places = places(&directory);
        let (taken, lost) = (Taken::default(), None);
        let mut salvage = Self { places, store, applied, highest, taken, lost };
        let walk = salvage.walk(&mut |_, _| Ok(()))?;
        salvage.taken = walk.taken;
        let lost = salvage.count_lost(walk)?;
        if lost.sound > 0 || salvage.taken.last < lost.durable {
            salvage.lost = Some(lost);
        }
        Ok(salvage)
    }

    /// What can be trusted.
    #[must_use]
    pub const fn taken(&self) -> Taken {
        self.taken
    }

    /// What is lost; `None` if nothing is that was durable, or that can be read.
    #[must_use]
    pub const fn lost(&self) -> Option<&Lost> {
        self.lost.as_ref()
    }

    /// Calls `see` with each sound frame, in the order of the segments, and whether its commits are lost.
    pub fn each_sound(&self, see: &mut dyn FnMut(&Frame, bool)) -> Result<(), Error> {
        let kept = self.taken.last;
        self.places.iter().try_for_each(|place| {
            place.segment.each_sound(self.store, 0, |frame| {
                let header = frame.header();
                see(frame, header.has_commits() && header.first > kept);
            })
        })
    }

    /// Calls `take` with each frame that is to be in the new log, and the sessions that were open before it.
    fn walk(&self, take: &mut Take<'_>) -> Result<Walk, Error> {
        let mut walk = Walk::new(self);
        for place in &self.places {
            if !walk.segment(place, take)? {
                break;
            }
        }
        Ok(walk)
    }

    fn count_lost(&self, walk: Walk) -> Result<Lost, Error> {
        let kept = walk.taken.last;
        let mut lost = Lost {
            first: walk.next,
            last: walk.durable,
            durable: walk.durable,
            sound: 0,
            until: StoreTime::default(),
            place: walk.stopped,
        };
        for place in &self.places {
            place.segment.each_sound(self.store, 0, |frame| {
                let header = frame.header();
                if header.has_commits() && header.first > kept {
                    lost.sound += header.commits();
                    lost.last = lost.last.max(header.last);
                    lost.until = lost.until.max(frame.check_records().unwrap_or(header.time));
                }
            })?;
        }
        lost.first = lost.first.min(lost.last);
        Ok(lost)
    }
}

/// The segments of the log, oldest first: back along the links, and where a link is not to be had, by number.
fn places(directory: &Directory) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut told = None;
    let mut next = directory.segments.len().checked_sub(1);
    while let Some(at) = next
        && let Some(segment) = directory.segments.get(at)
    {
        places.push(Place { segment: segment.clone(), told });
        told = None;
        next = at.checked_sub(1);
        if let Some(Some(beginning)) = directory.beginnings.get(at) {
            let link = beginning.link;
            if link.segment == 0 {
                break;
            }
            let older = directory.segments.get(..at).unwrap_or_default();
            next = older.iter().rposition(|segment| segment.number <= link.segment);
            let named = next.and_then(|at| directory.segments.get(at));
            told = named.filter(|named| named.number == link.segment).map(|_named| link);
        }
    }
    places.reverse();
    places
}

type Take<'a> = dyn FnMut(&BTreeMap<u64, Vec<u8>>, &Frame) -> Result<(), Error> + 'a;

/// A walk along what can be trusted.
struct Walk {
    store: u64,
    chain: Option<Chain>,
    /// What the next commit is called.
    next: Sequence,
    /// All up to here was durable.
    durable: Sequence,
    /// The last commit that was seen.
    seen: Sequence,
    open: u32,
    is_started: bool,
    /// Those that are open where the taking starts.
    sessions: BTreeMap<u64, Vec<u8>>,
    taken: Taken,
    stopped: Option<(String, u64, String)>,
}

impl Walk {
    fn new(salvage: &Salvage) -> Self {
        let applied = salvage.applied;
        Self {
            store: salvage.store,
            chain: None,
            next: applied.next(),
            durable: salvage.highest.durable,
            seen: Sequence::ZERO,
            open: 0,
            is_started: false,
            sessions: BTreeMap::new(),
            taken: Taken { base: applied, last: applied, ..Taken::default() },
            stopped: None,
        }
    }

    /// Walks through one segment. False if nothing beyond a place in it can be taken.
    fn segment(&mut self, place: &Place, take: &mut Take<'_>) -> Result<bool, Error> {
        let segment = &place.segment;
        let end = place.told.map_or(segment.bytes, |link| link.end);
        let mut chain = self.chain.take().unwrap_or_else(|| Chain::new(self.store, segment.number));
        chain.enter(segment.number);
        while chain.offset() < end {
            let offset = chain.offset();
            let followed = segment.frame(offset, end).and_then(|frame| {
                let latest = accept(&mut chain, &frame)?;
                Ok((frame, latest))
            });
            let invalid = match followed {
                Ok((frame, latest)) => {
                    if self.admit(&frame, latest, take)? {
                        continue;
                    }
                    self.stopped.get_or_insert_with(|| {
                        let reason = "commits before it are missing".to_owned();
                        (segment.name(), offset, reason)
                    });
                    return Ok(false);
                }
                Err(Unread::Medium(error)) => return Err(error),
                Err(Unread::Invalid(Invalid::Format(found))) => {
                    return Err(Error::Newer { file: segment.name(), offset, found });
                }
                Err(Unread::Invalid(invalid)) => invalid,
            };
            if invalid == Invalid::Records
                && let Some(frame) = segment.sound(self.store, offset)?
            {
                // No crash leaves a right checksum over wrong bytes: it was a frame, and had commits.
                self.durable = self.durable.max(frame.last());
            }
            if place.told.is_none() && self.taken.last >= self.durable {
                break;
            }
            self.stopped = Some((segment.name(), offset, invalid.to_string()));
            let next = self.next_sound(segment, offset, end)?;
            chain.resume(next.unwrap_or(end));
        }
        self.chain = Some(chain);
        Ok(true)
    }

    /// Where behind a bad place the next frame is that can be of this log.
    fn next_sound(
        &self,
        segment: &SegmentFile,
        offset: u64,
        end: u64,
    ) -> Result<Option<u64>, Error> {
        let mut at = offset + SECTOR_BYTES as u64;
        while at < end {
            if let Some(frame) = segment.sound(self.store, at)? {
                let header = frame.header();
                let is_later = header.open >= self.open && header.first > self.seen;
                if is_later && !header.kind.begins_segment() {
                    return Ok(Some(at));
                }
            }
            at += SECTOR_BYTES as u64;
        }
        Ok(None)
    }

    /// Takes a sound frame, or passes it where the tables have what it holds. False if commits before it are
    /// missing.
    fn admit(
        &mut self,
        frame: &Frame,
        latest: StoreTime,
        take: &mut Take<'_>,
    ) -> Result<bool, Error> {
        let header = *frame.header();
        let link = frame.link();
        // An open may leap; what was committed before it is what its frame says.
        let follows = link.map_or(header.first <= self.next, |link| link.last < self.next);
        if !follows || (self.is_started && header.first < self.next) {
            return Ok(false);
        }
        let is_wanted = match header.kind {
            FrameKind::Opened | FrameKind::Continued => self.is_started || header.first > self.next,
            FrameKind::Commits => {
                self.is_started || (header.has_commits() && header.last >= self.next)
            }
            FrameKind::Idle | FrameKind::Closed => false,
        };
        if is_wanted {
            take(&self.sessions, frame)?;
            self.note_taken(frame);
        } else {
            self.note_sessions(frame);
        }
        if header.has_commits() {
            self.taken.time = self.taken.time.max(latest);
        }
        self.taken.reaches_back = true;
        self.open = header.open;
        self.seen = self.seen.max(header.last);
        Ok(true)
    }

    fn note_taken(&mut self, frame: &Frame) {
        let header = *frame.header();
        if !self.is_started {
            let before = Sequence(header.first.0.saturating_sub(1));
            self.taken.base = self.taken.base.min(before);
            self.is_started = true;
        }
        self.next = header.last.next();
        self.taken.bytes += header.span();
        self.stopped = None;
        if header.has_commits() {
            self.taken.last = header.last;
            self.taken.commits += header.commits();
            for field in [header.first.0, header.last.0, header.time.0] {
                let checksum = self.taken.checksum;
                self.taken.checksum = crc32c::crc32c_append(checksum, &field.to_le_bytes());
            }
            self.taken.checksum = crc32c::crc32c_append(self.taken.checksum, frame.record_bytes());
        }
    }

    fn note_sessions(&mut self, frame: &Frame) {
        if frame.kind() == FrameKind::Opened {
            self.sessions.clear();
        }
        for record in frame.records().flatten() {
            match record {
                Record::Session(session) => {
                    let mut bytes = Vec::new();
                    put_session(&mut bytes, &session);
                    self.sessions.insert(session.number, bytes);
                }
                Record::SessionEnd { number } => drop(self.sessions.remove(&number)),
                Record::Commit { .. } => {}
            }
        }
    }
}
