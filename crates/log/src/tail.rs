//! Where the log grows: the last segment, what waits behind it, and what of all that is unsynced.
//!
//! Knows neither threads nor upkeep: its owner holds a lock while it calls, and never through a sync.
//!
//! Invariants:
//! 1. Frames stand one after the other; a segment is left only for the next.
//! 2. Bytes that were written and not captured for a sync are in `retired` or in the last segment.

use std::collections::VecDeque;
use std::sync::Arc;

use base::limits::GROUP_BYTES;
use base::{Event, Generation, Observer, Sequence, StoreTime};

use crate::error::Error;
use crate::frame::{self, FrameKind, HEADER_BYTES, Header, Link};
use crate::group::Group;
use crate::medium::{File, Medium};
use crate::position::Marks;
use crate::segment::{self, Beginning, Kept, SegmentFile};
use crate::sessions::OpenSessions;

/// At the end of the last segment so many bytes are left to marks, and to be cut off for the next open.
const END_BYTES: u64 = 64 * 1024;

/// The growing end of a log.
pub(crate) struct Tail {
    pub(crate) store: u64,
    pub(crate) open: u32,
    /// The segments of the log, oldest first; frames go to the last.
    pub(crate) kept: VecDeque<Kept>,
    /// Older segments that nothing leads to: dropped first when history is over its bounds.
    pub(crate) unlinked: VecDeque<SegmentFile>,
    /// Segments of zeros, synced, names and all, to be used in this order.
    pub(crate) standby: VecDeque<SegmentFile>,
    /// Numbers from here on were never given to a segment.
    pub(crate) next_number: u64,
    /// Where in the last segment the next frame begins.
    pub(crate) end: u64,
    /// How long the last segment is to become.
    pub(crate) capacity: u64,
    /// How much of it was filled in advance.
    pub(crate) filled: u64,
    /// Frames in the last segment.
    pub(crate) frames_in_segment: u64,
    /// Frames written since the open.
    pub(crate) frames: u64,
    /// Segments begun since the open.
    pub(crate) rotations: u64,
    pub(crate) checksum: u32,
    pub(crate) next: Sequence,
    pub(crate) last: Sequence,
    pub(crate) generations: Generation,
    pub(crate) time: StoreTime,
    /// The durable watermark that the last frame states.
    pub(crate) stated: Sequence,
    pub(crate) sessions: OpenSessions,
    pub(crate) marks: Marks,
    pub(crate) trimmed: Sequence,
    /// Segments that were left with unsynced bytes in them.
    pub(crate) retired: Vec<SegmentFile>,
    /// Whether the last segment has unsynced bytes.
    pub(crate) dirty: bool,
    /// Whether a segment's name may not be durable yet.
    pub(crate) names_dirty: bool,
    pub(crate) closed: bool,
    /// While there is any, no segment is removed.
    pub(crate) holds: u32,
    pub(crate) scratch: Vec<u8>,
}

/// What a sync has to make durable.
pub(crate) struct Unsynced {
    pub(crate) segments: Vec<SegmentFile>,
    pub(crate) names: bool,
    /// The last commit in them.
    pub(crate) through: Sequence,
}

impl Tail {
    /// Begins a segment with a frame of `kind`. `filled` says how much of it was filled in advance.
    pub(crate) fn begin_segment(
        &mut self,
        kind: FrameKind,
        segment: SegmentFile,
        filled: u64,
        durable: Sequence,
    ) -> Result<(), Error> {
        let before = self.kept.back().map_or(0, |kept| kept.segment.number);
        let link = Link { last: self.last, segment: before, end: self.end };
        self.begin(kind, link, segment, filled, durable)
    }

    /// Begins the last segment once more: it holds the first frame of an open, one sector long, and zeros
    /// after it. That frame is written over by another that says the same of what is before it.
    pub(crate) fn begin_again(&mut self, durable: Sequence) -> Result<(), Error> {
        let Some(Kept { segment, beginning }) = self.kept.pop_back() else {
            return Err(Error::Closed);
        };
        let filled = segment.bytes;
        self.begin(FrameKind::Opened, beginning.link, segment, filled, durable)
    }

    fn begin(
        &mut self,
        kind: FrameKind,
        link: Link,
        segment: SegmentFile,
        filled: u64,
        durable: Sequence,
    ) -> Result<(), Error> {
        let beginning = Beginning { link, opened: kind == FrameKind::Opened, time: self.time };
        self.capacity = self.capacity.max(filled);
        self.filled = filled;
        self.kept.push_back(Kept { segment, beginning });
        (self.end, self.frames_in_segment) = (0, 0);
        self.rotations += 1;
        let mut buffer = self.blank();
        link.put(&mut buffer);
        for session in self.sessions.repeated(self.capacity) {
            buffer.extend_from_slice(session);
        }
        self.write_buffer(kind, buffer, durable)
    }

    /// Writes a frame without a payload.
    pub(crate) fn write_mark(&mut self, kind: FrameKind, durable: Sequence) -> Result<(), Error> {
        let buffer = self.blank();
        self.write_buffer(kind, buffer, durable)
    }

    fn blank(&mut self) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.scratch);
        buffer.clear();
        buffer.resize(HEADER_BYTES, 0);
        buffer
    }

    fn write_buffer(
        &mut self,
        kind: FrameKind,
        mut buffer: Vec<u8>,
        durable: Sequence,
    ) -> Result<(), Error> {
        let before_next = Sequence(self.next.0.saturating_sub(1));
        let header = self.header(kind, self.next, before_next, durable, self.time);
        let checksum = frame::seal(&header, &mut buffer);
        let written = self.write(&buffer);
        let bytes = buffer.len() as u64;
        self.scratch = buffer;
        written?;
        self.wrote(bytes, checksum, durable);
        Ok(())
    }

    /// Appends a group whose first sequence has been checked.
    pub(crate) fn append(&mut self, group: &mut Group, durable: Sequence) -> Result<(), Error> {
        self.generations = self.generations.max(group.generations());
        let header =
            self.header(FrameKind::Commits, group.first(), group.last(), durable, group.time());
        let (checksum, written) = group.write_under(&header, |bytes| self.write(bytes));
        written?;
        self.next = group.next();
        if group.has_commits() {
            self.last = group.last();
        }
        self.time = self.time.max(group.latest());
        for (number, record) in group.session_changes() {
            self.sessions.note(number, record);
        }
        self.wrote(frame::span(group.bytes()), checksum, durable);
        Ok(())
    }

    fn header(
        &self,
        kind: FrameKind,
        first: Sequence,
        last: Sequence,
        durable: Sequence,
        time: StoreTime,
    ) -> Header {
        Header {
            checksum: 0,
            kind,
            payload_bytes: 0,
            store: self.store,
            segment: self.kept.back().map_or(0, |kept| kept.segment.number),
            open: self.open,
            previous: self.checksum,
            first,
            last,
            durable,
            generations: self.generations,
            time,
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let Some(Kept { segment, .. }) = self.kept.back() else { return Err(Error::Closed) };
        segment.file.write_at(self.end, bytes).map_err(Error::io("write", &segment.name()))
    }

    fn wrote(&mut self, bytes: u64, checksum: u32, durable: Sequence) {
        self.end += bytes;
        if let Some(Kept { segment, .. }) = self.kept.back_mut() {
            segment.bytes = segment.bytes.max(self.end);
        }
        self.checksum = checksum;
        self.stated = durable;
        self.frames += 1;
        self.frames_in_segment += 1;
        self.dirty = true;
        self.marks.advance(bytes, self.last);
    }

    /// Goes on to the next segment if a frame of `bytes` does not fit this one. A frame that would
    /// not fit an empty one either is written where it is, and the segment grows.
    pub(crate) fn make_place(
        &mut self,
        bytes: u64,
        segment_bytes: u64,
        durable: Sequence,
        medium: &dyn Medium,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        // On a full disk an open may have begun a segment that is shorter than those that stand by.
        let longer = self.standby.front().is_some_and(|next| next.bytes > self.capacity);
        if self.end + bytes <= self.capacity || (self.frames_in_segment <= 1 && !longer) {
            return Ok(());
        }
        let (segment, filled) = if let Some(segment) = self.standby.pop_front() {
            let filled = segment.bytes;
            (segment, filled)
        } else {
            (self.create_unfilled(medium)?, 0)
        };
        self.capacity = segment_bytes;
        self.retire();
        observer.event(&Event::SegmentStarted { segment: segment.number });
        self.begin_segment(FrameKind::Continued, segment, filled, durable)
    }

    /// A segment that grows as it is written: appends have outrun the filling in advance.
    fn create_unfilled(&mut self, medium: &dyn Medium) -> Result<SegmentFile, Error> {
        let number = self.next_number;
        self.next_number += 1;
        let name = segment::name(number);
        let file = medium.create(&name).map_err(Error::io("create", &name))?;
        self.names_dirty = true;
        Ok(SegmentFile { number, file, bytes: 0 })
    }

    fn retire(&mut self) {
        if let Some(Kept { segment, .. }) = self.kept.back()
            && self.dirty
        {
            self.retired.push(segment.clone());
        }
        self.dirty = false;
    }

    /// Takes what a sync has to make durable; `None` if all is. The taker syncs all of it, or the
    /// log is poisoned.
    pub(crate) fn take_unsynced(&mut self) -> Option<Unsynced> {
        let mut segments = std::mem::take(&mut self.retired);
        let names = std::mem::take(&mut self.names_dirty);
        if std::mem::take(&mut self.dirty)
            && let Some(Kept { segment, .. }) = self.kept.back()
        {
            segments.push(segment.clone());
        }
        if segments.is_empty() && !names {
            return None;
        }
        Some(Unsynced { segments, names, through: self.last })
    }

    /// What can be appended for certain within what was filled in advance.
    pub(crate) fn room(&self) -> u64 {
        let of_standby = |segment: &SegmentFile| {
            usable(segment.bytes).saturating_sub(self.sessions.repeated_bytes(segment.bytes))
        };
        let standby: u64 = self.standby.iter().map(of_standby).sum();
        // Behind the last segment that there is, a clean stop and the next open have to find a place.
        let kept = if self.standby.is_empty() { END_BYTES.min(self.filled / 8) } else { 0 };
        standby + self.filled.saturating_sub(self.end).saturating_sub(kept)
    }

    /// The oldest segment that a replay of what is not trimmed needs.
    pub(crate) fn oldest_needed(&self) -> u64 {
        let mut newest_first = self.kept.iter().rev();
        let start = newest_first.find(|kept| kept.beginning.begins_replay(self.trimmed));
        start.or(self.kept.front()).map_or(0, |kept| kept.segment.number)
    }
}

impl Unsynced {
    /// Makes it durable.
    pub(crate) fn sync(&self, medium: &dyn Medium) -> Result<(), Error> {
        if self.names {
            medium.sync().map_err(Error::io("sync", "the log's directory"))?;
        }
        for segment in &self.segments {
            let file: &Arc<dyn File> = &segment.file;
            file.sync().map_err(Error::io("sync", &segment.name()))?;
        }
        Ok(())
    }
}

/// What of a segment of `bytes` is sure to be used, whatever frame does not fit its end.
pub(crate) fn usable(bytes: u64) -> u64 {
    bytes - (bytes / 4).min(GROUP_BYTES as u64)
}
