//! The log in files: segments on a [`Medium`], a high-water file beside them (`docs/format.md`, "The
//! log").
//!
//! Knows neither threads nor clocks: whoever has them calls [`Log::append`], [`Log::sync`] and
//! [`Log::maintain`], each from a thread of its own if it likes.
//!
//! Invariants:
//! 1. No lock that another verb needs is held through a sync or through filling with zeros.
//! 2. `durable` rises only after every byte up to it was synced without an error.
//! 3. After a failed write or sync nothing is written, synced or acknowledged again.
//!
//! Lock order: `upkeep`, `syncing`, `tail`.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Event, Generation, Kind, Monotonic, Observer, Sequence, StoreId, StoreTime, limits};
use parking_lot::Mutex;

use crate::error::Error;
use crate::frame::{self, FrameKind, PAYLOAD_BYTES_MAX, SECTOR_BYTES};
use crate::group::Group;
use crate::log::{Frames, Log, Room, Upkeep};
use crate::medium::Medium;
use crate::opening;
use crate::reader::{Reader, Stretch};
use crate::tail::{Tail, Unsynced, usable};

mod extent;
mod upkeep;

pub use extent::{Extent, Hold};

/// The shortest segment, in bytes.
pub(crate) const SEGMENT_BYTES_MIN: u64 = 8 * SECTOR_BYTES as u64;

/// Segments that are for deletes and expiry alone once no more can be filled.
const RESERVE_SEGMENTS: u64 = 2;

/// The bounds of a log in files.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Length of a segment, in bytes; rounded up to sectors, at least eight of them.
    pub segment_bytes: u64,
    /// Trimmed segments are kept as history up to this many bytes.
    pub history_bytes: u64,
    /// Trimmed segments are kept as history up to this age in store time, in milliseconds.
    pub history_age_ms: u64,
    /// Segments are filled in advance only while at least this much of the disk stays free, in bytes.
    pub disk_free_bytes_min: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segment_bytes: limits::LOG_SEGMENT_BYTES,
            history_bytes: limits::LOG_HISTORY_BYTES,
            history_age_ms: limits::LOG_HISTORY_AGE_MS,
            disk_free_bytes_min: limits::DISK_FREE_BYTES_MIN,
        }
    }
}

/// What an open found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The last commit that is kept; zero if there is none. All up to it is durable.
    pub last: Sequence,
    /// The sequence that the next group begins with.
    pub next: Sequence,
    /// Generations and spaces go on from here: none at or above it has been given out.
    pub generations: Generation,
    /// The latest time in the log, or the time that the open was given if that is later.
    pub time: StoreTime,
    /// Whether the log ended with a clean stop, or is new.
    pub clean: bool,
    /// How many times the store was opened, this time included.
    pub open: u32,
    /// The tail that nothing vouched for, if there was one.
    pub dropped: Option<Dropped>,
    /// Bytes of log that are to be replayed; at most 1 MiB and a frame too many.
    pub replay_bytes: u64,
    /// Bytes that the segments take on disk in which they stand: each whole, however little is in it.
    pub files_bytes: u64,
}

/// A tail that was copied aside and dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The file name of the segment that it begins in.
    pub file: String,
    /// Where in it the tail begins, in bytes.
    pub offset: u64,
    /// How many bytes were dropped, over all segments.
    pub bytes: u64,
    /// Where the copy of that segment's part is, relative to the log's directory; none if the disk had no space.
    pub copy: Option<String>,
}

/// A log in files of a [`Medium`].
pub struct FileLog {
    medium: Arc<dyn Medium>,
    settings: Settings,
    observer: Arc<dyn Observer>,
    tail: Mutex<Tail>,
    syncing: Mutex<()>,
    upkeep: Mutex<upkeep::State>,
    durable: AtomicU64,
    room: AtomicU64,
    /// Bytes of sessions that the next segment begins with.
    repeated: AtomicU64,
    /// See [`Room::beyond`].
    beyond: AtomicU64,
    exhausted: AtomicBool,
    /// See [`Log::leave_free`].
    left_free: AtomicU64,
    /// See [`Log::shortage`].
    shortage: Mutex<Option<Arc<str>>>,
    poison: OnceLock<Arc<str>>,
}

impl std::fmt::Debug for FileLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let durable = self.durable();
        f.debug_struct("FileLog").field("durable", &durable).finish_non_exhaustive()
    }
}

impl FileLog {
    /// Opens the log that `medium` holds, or begins one in an empty directory. Of it, `applied` is
    /// what the tables hold durably; read on from there. Refuses with [`Error::Corrupt`], and changes
    /// nothing, if anything above `applied` that was durable cannot be read.
    ///
    /// The caller has made sure that no other process uses the directory.
    pub fn open(
        medium: Arc<dyn Medium>,
        mut settings: Settings,
        store: StoreId,
        applied: Sequence,
        now: StoreTime,
        observer: Arc<dyn Observer>,
    ) -> Result<(Self, Recovered), Error> {
        let sectors = settings.segment_bytes.div_ceil(SECTOR_BYTES as u64);
        settings.segment_bytes = (sectors * SECTOR_BYTES as u64).max(SEGMENT_BYTES_MIN);
        let store = frame::store_number(&store);
        let opened = opening::open(&*medium, &settings, store, applied, now, &*observer)?;
        let log = Self {
            medium,
            settings,
            observer,
            room: AtomicU64::new(opened.tail.room()),
            repeated: AtomicU64::new(0),
            beyond: AtomicU64::new(0),
            tail: Mutex::new(opened.tail),
            syncing: Mutex::new(()),
            upkeep: Mutex::new(upkeep::State::new(opened.high_water)),
            durable: AtomicU64::new(opened.recovered.last.0),
            exhausted: AtomicBool::new(false),
            left_free: AtomicU64::new(0),
            shortage: Mutex::default(),
            poison: OnceLock::new(),
        };
        log.measure_free();
        Ok((log, opened.recovered))
    }

    /// How far the log is durable.
    #[must_use]
    pub fn durable(&self) -> Sequence {
        Sequence(self.durable.load(Ordering::Acquire))
    }

    /// The oldest commit that can still be read.
    #[must_use]
    pub fn oldest(&self) -> Sequence {
        let tail = self.tail.lock();
        tail.kept.front().map_or(tail.next, |kept| kept.beginning.link.last.next())
    }

    fn check(&self) -> Result<(), Error> {
        match self.poison.get() {
            Some(reason) => Err(Error::Poisoned { reason: Arc::clone(reason) }),
            None => Ok(()),
        }
    }

    /// Ends the log for good because of `cause`, or of what ended it before.
    fn poison(&self, cause: &Error) -> Error {
        let mut first = false;
        let reason = self.poison.get_or_init(|| {
            first = true;
            let source = std::error::Error::source(cause).map(|source| format!(": {source}"));
            Arc::from(format!("{cause}{}", source.unwrap_or_default()))
        });
        if first {
            self.observer.event(&Event::Poisoned { reason: reason.to_string() });
        }
        Error::Poisoned { reason: Arc::clone(reason) }
    }

    /// Takes note of what can be appended, after the tail has changed.
    fn note_room(&self, tail: &Tail) {
        let repeated = tail.sessions.repeated_bytes(self.settings.segment_bytes);
        self.repeated.store(repeated, Ordering::Release);
        self.room.store(tail.room(), Ordering::Release);
    }

    fn make_durable(&self, unsynced: &Unsynced) -> Result<(), Error> {
        unsynced.sync(&*self.medium).map_err(|error| self.poison(&error))?;
        self.durable.fetch_max(unsynced.through.0, Ordering::AcqRel);
        Ok(())
    }

    /// The frames from the newest kept segment that begins before `from` to what is written.
    fn stretches(&self, from: Sequence) -> Result<Reader, Error> {
        let tail = self.tail.lock();
        let before =
            |at: &usize| tail.kept.get(*at).is_some_and(|kept| kept.beginning.link.last < from);
        let Some(start) = (0..tail.kept.len()).rev().find(before) else {
            let oldest =
                tail.kept.front().map_or(tail.next, |kept| kept.beginning.link.last.next());
            return Err(Error::Trimmed { oldest });
        };
        let ends = tail.kept.iter().skip(start + 1).map(|next| next.beginning.link.end);
        let stretches = tail.kept.iter().skip(start).zip(ends.chain([tail.end]));
        let stretches = stretches.map(|(kept, end)| {
            let segment = kept.segment.clone();
            Stretch { segment, end, open_ended: false, last: tail.last }
        });
        Ok(Reader::new(stretches.collect(), tail.store, from, tail.last))
    }
}

impl Log for FileLog {
    fn append(&self, group: &mut Group) -> Result<(), Error> {
        if group.bytes() > PAYLOAD_BYTES_MAX {
            let (bytes, bytes_max) = (group.bytes() as u64, PAYLOAD_BYTES_MAX as u64);
            return Err(Error::TooLarge { bytes, bytes_max });
        }
        let mut tail = self.tail.lock();
        self.check()?;
        if tail.closed {
            return Err(Error::Closed);
        }
        if group.first() != tail.next {
            return Err(Error::Fenced { expected: tail.next, found: group.first() });
        }
        if group.is_empty() {
            return Ok(());
        }
        let durable = self.durable();
        let bytes = frame::span(group.bytes());
        let segment_bytes = self.settings.segment_bytes;
        let appended = tail
            .make_place(bytes, segment_bytes, durable, &*self.medium, &*self.observer)
            .and_then(|()| tail.append(group, durable));
        appended.map_err(|error| self.poison(&error))?;
        if tail.end > tail.filled {
            // Upkeep measures again; until then nobody is to count on what this has taken.
            let less = |beyond: u64| Some(beyond.saturating_sub(bytes));
            let _before = self.beyond.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        }
        self.note_room(&tail);
        Ok(())
    }

    fn sync(&self) -> Result<Sequence, Error> {
        let _turn = self.syncing.lock();
        self.check()?;
        let unsynced = self.tail.lock().take_unsynced();
        if let Some(unsynced) = unsynced {
            self.make_durable(&unsynced)?;
        }
        Ok(self.durable())
    }

    fn read(&self, from: Sequence) -> Result<Frames, Error> {
        self.check()?;
        Ok(Box::new(self.stretches(from.max(Sequence(1)))?))
    }

    fn trim(&self, through: Sequence) -> Result<(), Error> {
        self.check()?;
        let mut tail = self.tail.lock();
        tail.trimmed = tail.trimmed.max(through.min(self.durable()));
        let trimmed = tail.trimmed;
        tail.marks.trim(trimmed);
        Ok(())
    }

    fn bytes_after(&self, after: Sequence) -> u64 {
        let tail = self.tail.lock();
        tail.marks.bytes_after(after, tail.last)
    }

    fn room(&self) -> Room {
        let exhausted = self.exhausted.load(Ordering::Acquire);
        let repeated = self.repeated.load(Ordering::Acquire);
        let frame = usable(self.settings.segment_bytes).saturating_sub(repeated);
        Room {
            bytes: self.room.load(Ordering::Acquire),
            reserve: RESERVE_SEGMENTS * frame,
            frame,
            // What the disk says it has is not believed once it could not be had.
            beyond: if exhausted { 0 } else { self.beyond.load(Ordering::Acquire) },
            exhausted,
        }
    }

    fn leave_free(&self, bytes: u64) {
        self.left_free.store(bytes, Ordering::Relaxed);
    }

    fn shortage(&self) -> Option<Arc<str>> {
        self.shortage.lock().clone()
    }

    fn maintain(&self, now: Monotonic) -> Result<Upkeep, Error> {
        self.check()?;
        let mut state = self.upkeep.lock();
        self.one_piece(&mut state, now)
    }

    fn close(&self) -> Result<(), Error> {
        let mut state = self.upkeep.lock();
        let durable = self.sync()?;
        {
            let mut tail = self.tail.lock();
            if tail.closed {
                return Ok(());
            }
            let bytes = frame::span(0);
            let segment_bytes = self.settings.segment_bytes;
            let written = tail
                .make_place(bytes, segment_bytes, durable, &*self.medium, &*self.observer)
                .and_then(|()| tail.write_mark(FrameKind::Closed, durable));
            match written {
                // On a full disk only the mark is missing: the next open leaves a gap, and loses nothing.
                Err(error) if error.kind() == Kind::Limit => {}
                written => written.map_err(|error| self.poison(&error))?,
            }
            tail.closed = true;
        }
        self.sync()?;
        self.keep_high_water(&mut state)
    }
}
