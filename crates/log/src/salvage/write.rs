//! Writing what was taken as a log of its own.
//!
//! Knows nothing of what was left out, but the highest numbers in it.
//!
//! Invariant: records are written as they stand; what ties a frame to the one before it is made anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Generation, Sequence, StoreId, StoreTime};

use super::Salvage;
use crate::error::Error;
use crate::frame::{self, Frame, FrameKind, HEADER_BYTES, Header, Link};
use crate::high_water::{self, HighWater};
use crate::medium::{File, Medium};
use crate::segment;

impl Salvage {
    /// Writes what is taken to `to`, an empty directory, as the log of `store`, durably; `progress` is told of
    /// bytes. The first open of it leaves a gap, as after a stop that was not clean.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Corrupt`] if the old log is not what it was when it was examined.
    pub fn write(
        &self,
        to: &dyn Medium,
        store: &StoreId,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        let mut copy = self.copy(to, frame::store_number(store));
        let oldest = copy.segment + 1;
        let walk = self.walk(&mut |sessions, frame| {
            if copy.file.is_none() {
                copy.open(self.taken.base, sessions)?;
            }
            progress(frame.header().span());
            copy.take(frame)
        })?;
        if walk.taken != self.taken {
            let (first, last) = (self.taken.base.next(), self.taken.last);
            let reason = "it is not what it was a moment ago".to_owned();
            return Err(Error::Corrupt {
                file: "its directory".to_owned(),
                offset: 0,
                first,
                last,
                reason,
            });
        }
        // Whatever the lost commits were called, the next one is called otherwise.
        copy.open(self.highest.sequence, &BTreeMap::new())?;
        copy.finish(oldest)
    }

    fn copy<'a>(&self, to: &'a dyn Medium, store: u64) -> Copy<'a> {
        let newest = self.places.last().map_or(0, |place| place.segment.number);
        Copy {
            to,
            store,
            segment: newest,
            file: None,
            end: 0,
            opens: self.highest.open,
            checksum: 0,
            last: self.taken.base,
            next: self.taken.base.next(),
            generations: self.highest.generations,
            time: self.highest.time,
        }
    }
}

/// The new log as it is written.
struct Copy<'a> {
    to: &'a dyn Medium,
    store: u64,
    /// The number of the segment that is written to, or of the newest of the old log.
    segment: u64,
    file: Option<Arc<dyn File>>,
    end: u64,
    opens: u32,
    checksum: u32,
    last: Sequence,
    next: Sequence,
    generations: Generation,
    time: StoreTime,
}

impl Copy<'_> {
    /// Begins an open of the store, in which the sequences above `before` are given.
    fn open(&mut self, before: Sequence, sessions: &BTreeMap<u64, Vec<u8>>) -> Result<(), Error> {
        let header = Header {
            checksum: 0,
            kind: FrameKind::Opened,
            payload_bytes: 0,
            store: self.store,
            segment: 0,
            open: 0,
            previous: 0,
            first: before.next(),
            last: before,
            durable: self.last,
            generations: self.generations,
            time: self.time,
        };
        let records: Vec<u8> = sessions.values().flatten().copied().collect();
        self.begin_segment(header, &records)
    }

    fn take(&mut self, frame: &Frame) -> Result<(), Error> {
        let header = *frame.header();
        if header.kind.begins_segment() {
            return self.begin_segment(header, frame.record_bytes());
        }
        let mut buffer = vec![0; HEADER_BYTES];
        buffer.extend_from_slice(frame.record_bytes());
        self.write(header, buffer)
    }

    fn begin_segment(&mut self, mut header: Header, records: &[u8]) -> Result<(), Error> {
        if header.first != self.next {
            // The frame that told of the leap was lost, or only the tables needed it.
            header.kind = FrameKind::Opened;
        }
        let before = if self.file.is_some() { self.segment } else { 0 };
        let link = Link { last: self.last, segment: before, end: self.end };
        self.sync()?;
        self.segment += 1;
        self.opens += u32::from(header.kind == FrameKind::Opened);
        let name = segment::name(self.segment);
        self.file = Some(self.to.create(&name).map_err(Error::io("create", &name))?);
        self.end = 0;
        let mut buffer = vec![0; HEADER_BYTES];
        link.put(&mut buffer);
        buffer.extend_from_slice(records);
        self.write(header, buffer)
    }

    fn write(&mut self, mut header: Header, mut buffer: Vec<u8>) -> Result<(), Error> {
        let Some(file) = &self.file else { return Err(Error::Closed) };
        header.store = self.store;
        header.segment = self.segment;
        header.open = self.opens;
        header.previous = self.checksum;
        header.durable = header.durable.min(self.last);
        self.checksum = frame::seal(&header, &mut buffer);
        let name = segment::name(self.segment);
        file.write_at(self.end, &buffer).map_err(Error::io("write", &name))?;
        self.end += buffer.len() as u64;
        self.next = header.last.next();
        if header.has_commits() {
            self.last = header.last;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        file.sync().map_err(Error::io("sync", &segment::name(self.segment)))
    }

    /// Makes it durable, with a high-water file that says so.
    fn finish(&self, oldest: u64) -> Result<(), Error> {
        self.sync()?;
        let state = HighWater { durable: self.last, oldest, generations: self.generations };
        let name = high_water::NAME;
        let file = self.to.create(name).map_err(Error::io("create", name))?;
        let bytes = high_water::file(self.store, &state);
        file.write_at(0, &bytes).map_err(Error::io("write", name))?;
        file.sync().map_err(Error::io("sync", name))?;
        self.to.sync().map_err(Error::io("sync", "the log's directory"))
    }
}
