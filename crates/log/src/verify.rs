//! Reads all of a log that is not open and says what of it is sound; reads its frames for a dump.
//! Changes nothing, stops at nothing.
//!
//! Knows nothing of what the commits mean.
//!
//! Invariant: a byte of the log that is not what was written is in [`Report::damage`], or behind
//! everything that is known to have been durable, in [`Report::tail`].

use std::collections::BTreeMap;

use base::{Generation, Sequence, StoreId};

use crate::chain::Chain;
use crate::error::Error;
use crate::frame::{self, Frame, FrameKind, Invalid, Link, SECTOR_BYTES};
use crate::high_water::{self, Slots};
use crate::medium::Medium;
use crate::reader::{Reader, Stretch, accept};
use crate::record::{Record, Session};
use crate::recovery::Directory;
use crate::segment::{self, SegmentFile, Unread};

/// What a log holds and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments of the log, history included.
    pub segments: u64,
    /// Sound frames in their places.
    pub frames: u64,
    /// Commits in them.
    pub commits: u64,
    /// Their length, in bytes.
    pub bytes: u64,
    /// The number of the first segment that a start may need: older ones are history. 0 if nothing says so.
    pub needed: u64,
    /// The first commit that is kept, or would be.
    pub oldest: Sequence,
    /// The last commit.
    pub last: Sequence,
    /// All up to here was durable, as far as anything says so.
    pub durable: Sequence,
    /// No generation and no space at or above this was given out, as far as anything says so.
    pub generations: Generation,
    /// Whether the log ends with a clean stop.
    pub clean: bool,
    /// What is wrong.
    pub damage: Vec<Damage>,
    /// The segment of history that is missing although older ones are there: no state is lost.
    pub gap: Option<String>,
    /// Bytes behind the last frame that nothing vouches for: the next open drops them.
    pub tail: Option<Damage>,
}

/// A range of bytes that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file's name in the log's directory.
    pub file: String,
    /// The number of the segment that it is; 0 if it is none.
    pub segment: u64,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, up to the next sound frame.
    pub bytes: u64,
    /// What is wrong at its beginning.
    pub reason: String,
    /// The first commit that it may have held.
    pub first: Sequence,
    /// The last; below `first` if it can have held none.
    pub last: Sequence,
}

/// Reads all of the log in `medium`.
pub fn verify(medium: &dyn Medium, store: &StoreId) -> Result<Report, Error> {
    verify_from(medium, store, 0, &mut |_| {})
}

/// How often [`verify`] reads the log.
pub const PASSES: u64 = 2;

/// The same, as if there were no segment before `from`, telling how many more bytes have been read after each
/// segment. All are read twice: first for how far the log was durable.
pub fn verify_from(
    medium: &dyn Medium,
    store: &StoreId,
    from: u64,
    told: &mut dyn FnMut(u64),
) -> Result<Report, Error> {
    let store = frame::store_number(store);
    let slots = Slots::read(medium, store)?;
    let mut directory = Directory::read(medium, store)?;
    directory.leave_out_before(from);
    let (durable, generations) = highest(&directory, &slots, store, told)?;
    let needed = slots.newest.map_or(0, |(_, state)| state.oldest);
    let mut report = Report { needed, durable, generations, ..Report::default() };
    report.check_slots(&slots, &directory);
    let plan = plan(&directory, &slots, &mut report);
    // There may be no commit in what is kept.
    report.last = Sequence(report.oldest.0.saturating_sub(1));
    let mut chain = None;
    for place in &plan {
        let number = place.segment.number;
        let chain = chain.get_or_insert(Chain::new(store, number));
        chain.enter(number);
        report.segments += 1;
        report.read_segment(place, chain, store)?;
        told(place.segment.bytes);
    }
    let last = plan.last().map_or(0, |place| place.segment.number);
    for segment in directory.segments.iter().filter(|segment| segment.number > last) {
        if let Some(end) = segment.written_end(0)? {
            report.end_at(segment, 0, end, Invalid::Magic);
        }
        told(segment.bytes);
    }
    Ok(report)
}

/// A segment of the log and what the next one says of it.
struct Place {
    segment: SegmentFile,
    told: Option<Link>,
    newest: bool,
}

/// How far the log is known to have been durable, and the ceiling of generations.
fn highest(
    directory: &Directory,
    slots: &Slots,
    store: u64,
    told: &mut dyn FnMut(u64),
) -> Result<(Sequence, Generation), Error> {
    let state = slots.newest.map(|(_, state)| (state.durable, state.generations));
    let (mut durable, mut generations) = state.unwrap_or_default();
    for segment in &directory.segments {
        segment.each_sound(store, 0, |frame| {
            durable = durable.max(frame.header().durable);
            generations = generations.max(frame.header().generations);
        })?;
        told(segment.bytes);
    }
    Ok((durable, generations))
}

/// The segments of the log, oldest first: from the newest with a sound first frame back along the
/// links, over segments whose own first frame is damaged too.
fn plan(directory: &Directory, slots: &Slots, report: &mut Report) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let Some((mut at, ..)) = directory.begun().next_back() else { return places };
    let mut told = None;
    while let Some(segment) = directory.segments.get(at) {
        places.push(Place { segment: segment.clone(), told, newest: places.is_empty() });
        let beginning = directory.beginnings.get(at).copied().flatten();
        let previous = if let Some(beginning) = beginning {
            report.oldest = beginning.link.last.next();
            told = Some(beginning.link);
            beginning.link.segment
        } else {
            told = None;
            at.checked_sub(1).and_then(|at| directory.segments.get(at)).map_or(0, |s| s.number)
        };
        let found = directory.segments.iter().position(|segment| segment.number == previous);
        match found {
            Some(found) if found < at => at = found,
            _ => {
                // History goes from its oldest end on, so where there is something older it was not let go.
                let oldest = slots.newest.map_or(0, |(_, state)| state.oldest);
                let is_needed = previous >= oldest;
                let has_older = directory.begun().any(|(older, ..)| older < at);
                let file = segment::name(previous);
                if previous != 0 && is_needed {
                    let last = Sequence(report.oldest.0.saturating_sub(1));
                    let reason = "the segment is missing".to_owned();
                    let first = Sequence(1);
                    report.damage.push(Damage {
                        file,
                        segment: previous,
                        offset: 0,
                        bytes: 0,
                        reason,
                        first,
                        last,
                    });
                } else if previous != 0 && has_older {
                    report.gap = Some(file);
                }
                break;
            }
        }
    }
    places.reverse();
    places
}

impl Report {
    /// Where something is wrong, and only with history: the segment behind the last that is damaged or missing, from
    /// which on the log is whole.
    #[must_use]
    pub fn sound_history(&self) -> Option<u64> {
        let damaged = self.damage.iter().map(|damage| damage.segment);
        let is_history = |segment| segment != 0 && segment < self.needed;
        if !damaged.clone().all(is_history) {
            return None;
        }
        let missing = self.gap.as_deref().and_then(segment::number);
        damaged.chain(missing).max().map(|last| last + 1)
    }

    fn check_slots(&mut self, slots: &Slots, directory: &Directory) {
        let missing = slots.newest.is_none() && directory.begun().next().is_some();
        if slots.bad > 0 || missing {
            self.damage.push(Damage {
                file: high_water::NAME.to_owned(),
                segment: 0,
                offset: 0,
                bytes: 2 * SECTOR_BYTES as u64,
                reason: format!(
                    "{} of its slots cannot be read",
                    slots.bad.max(u32::from(missing))
                ),
                first: Sequence(1),
                last: Sequence::ZERO,
            });
        }
    }

    fn read_segment(&mut self, place: &Place, chain: &mut Chain, store: u64) -> Result<(), Error> {
        let segment = &place.segment;
        let end = place.told.map_or(segment.bytes, |link| link.end);
        while chain.offset() < end {
            let offset = chain.offset();
            let followed = segment.frame(offset, end).and_then(|frame| {
                accept(chain, &frame)?;
                Ok(frame)
            });
            let invalid = match followed {
                Ok(frame) => {
                    self.count(&frame);
                    continue;
                }
                Err(Unread::Medium(error)) => return Err(error),
                Err(Unread::Invalid(invalid)) => invalid,
            };
            let next = self.next_sound(segment, chain, offset, end, store)?;
            if let Some(next) = next {
                let bytes = next.offset() - offset;
                self.damaged(
                    segment,
                    offset,
                    bytes,
                    invalid,
                    Sequence(next.header().first.0.saturating_sub(1)),
                );
                chain.resume(next.offset());
                continue;
            }
            let written = segment.written_end(offset)?;
            match (place.told, written) {
                (Some(link), _) => self.damaged(segment, offset, end - offset, invalid, link.last),
                (None, None) if !place.newest => {}
                (None, Some(written)) => self.end_at(segment, offset, written, invalid),
                (None, None) if self.last < self.durable => {
                    self.end_at(segment, offset, end, invalid);
                }
                (None, None) => {}
            }
            chain.resume(end);
        }
        Ok(())
    }

    /// The next frame of this log behind a bad place: sound, and beginning where no earlier one of
    /// the tail would. Behind everything durable there is none: what follows there is tail.
    fn next_sound(
        &self,
        segment: &SegmentFile,
        chain: &Chain,
        offset: u64,
        end: u64,
        store: u64,
    ) -> Result<Option<Frame>, Error> {
        let open = chain.after().map_or(0, |after| after.open);
        let mut at = offset + SECTOR_BYTES as u64;
        while at < end && self.last < self.durable {
            if let Some(frame) = segment.sound(store, at)?
                && frame.header().open >= open
                && frame.header().first > self.last
            {
                return Ok(Some(frame));
            }
            at += SECTOR_BYTES as u64;
        }
        Ok(None)
    }

    fn count(&mut self, frame: &Frame) {
        let header = frame.header();
        self.frames += 1;
        self.commits += header.commits();
        self.bytes += header.span();
        if header.has_commits() {
            self.last = header.last;
        }
        self.clean = header.kind == FrameKind::Closed;
    }

    fn damaged(
        &mut self,
        segment: &SegmentFile,
        offset: u64,
        bytes: u64,
        invalid: Invalid,
        last: Sequence,
    ) {
        self.clean = false;
        self.damage.push(Damage {
            file: segment.name(),
            segment: segment.number,
            offset,
            bytes,
            reason: invalid.to_string(),
            first: self.last.next(),
            last,
        });
    }

    /// Notes that the log's frames end at `offset`, with bytes up to `end` behind them.
    fn end_at(&mut self, segment: &SegmentFile, offset: u64, end: u64, invalid: Invalid) {
        if self.last < self.durable {
            self.damaged(segment, offset, end - offset, invalid, self.durable);
            return;
        }
        self.clean = false;
        if let Some(tail) = &mut self.tail {
            tail.bytes += end - offset;
            return;
        }
        self.tail = Some(Damage {
            file: segment.name(),
            segment: segment.number,
            offset,
            bytes: end - offset,
            reason: invalid.to_string(),
            first: self.last.next(),
            last: self.last,
        });
    }
}

/// All frames of the log in `medium` that are kept, history included, with the records of every kind
/// of frame; ends where the log ends. Behind an error of damage ([`Error::Corrupt`]), which names the commits that cannot be
/// read, it goes on. It begins at a segment's beginning, so that [`Sessions`] can
/// name who made each commit.
pub fn dump(medium: &dyn Medium, store: &StoreId) -> Result<crate::Frames, Error> {
    let store = frame::store_number(store);
    let slots = Slots::read(medium, store)?;
    let directory = Directory::read(medium, store)?;
    let (through, _) = highest(&directory, &slots, store, &mut |_| {})?;
    let mut report = Report::default();
    let places = plan(&directory, &slots, &mut report);
    let stretches = places.into_iter().map(|place| Stretch {
        end: place.told.map_or(place.segment.bytes, |link| link.end),
        open_ended: place.newest,
        last: place.told.map_or(through, |link| link.last),
        segment: place.segment,
    });
    let reader = Reader::new(stretches.collect(), store, Sequence::ZERO, through);
    Ok(Box::new(reader.going_on()))
}

/// Who the sessions of a dump are.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    open: BTreeMap<u64, SessionNames>,
}

/// What a session said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionNames {
    /// The user that it authenticated as.
    pub user: Vec<u8>,
    /// The name that the client gave itself.
    pub client: Vec<u8>,
    /// The address that it came from.
    pub address: Vec<u8>,
    /// The protocol that it spoke.
    pub protocol: Vec<u8>,
}

impl Sessions {
    /// Takes note that a frame begins, before its records: no session outlives an open. The segments of one open repeat
    /// a part of those that are open, so what was told before holds.
    pub fn frame(&mut self, frame: &Frame) {
        if frame.kind() == FrameKind::Opened {
            self.open.clear();
        }
    }

    /// Takes note of a record, in the order of the log.
    pub fn record(&mut self, record: &Record<'_>) {
        match *record {
            Record::Session(Session { number, user, client, address, protocol }) => {
                let names = SessionNames {
                    user: user.to_vec(),
                    client: client.to_vec(),
                    address: address.to_vec(),
                    protocol: protocol.to_vec(),
                };
                self.open.insert(number, names);
            }
            Record::SessionEnd { number } => {
                self.open.remove(&number);
            }
            Record::Commit { .. } => {}
        }
    }

    /// Who a session is; `None` for the store itself, and for one that the log as far as it is kept does not name.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&SessionNames> {
        self.open.get(&number)
    }
}
