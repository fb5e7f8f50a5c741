//! Whether a sound frame belongs where it was found: what ties each frame to the one before it.
//!
//! Knows no file.
//!
//! Invariant: a frame that [`Chain::follow`] accepts was appended right after the one it accepted
//! before, in the place where it was found.

use base::Sequence;

use crate::frame::{FrameKind, Header, Invalid};

/// A walk along the frames of a log.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    store: u64,
    segment: u64,
    offset: u64,
    after: Option<After>,
}

/// What is known once a frame was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct After {
    pub(crate) checksum: u32,
    pub(crate) open: u32,
    pub(crate) kind: FrameKind,
    /// The sequence that the next frame begins with, unless it leaps.
    pub(crate) next: Sequence,
}

impl Chain {
    /// A walk through a store's log that begins at the first frame of `segment`.
    pub(crate) const fn new(store: u64, segment: u64) -> Self {
        Self { store, segment, offset: 0, after: None }
    }

    /// Goes on at the first frame of `segment`.
    pub(crate) const fn enter(&mut self, segment: u64) {
        self.segment = segment;
        self.offset = 0;
    }

    /// Goes on at `offset`, with whatever frame is there: something before it was lost.
    pub(crate) const fn resume(&mut self, offset: u64) {
        self.offset = offset;
        self.after = None;
    }

    /// Where in its segment the next frame begins.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// What the last accepted frame leaves; `None` before the first.
    pub(crate) const fn after(&self) -> Option<After> {
        self.after
    }

    /// Accepts `header` as the next frame, or says why it is not.
    pub(crate) fn follow(&mut self, header: &Header) -> Result<(), Invalid> {
        if header.store != self.store {
            return Err(Invalid::Store);
        }
        if header.segment != self.segment {
            return Err(Invalid::Segment(header.segment));
        }
        if header.kind.begins_segment() != (self.offset == 0) {
            return Err(Invalid::Place);
        }
        if let Some(after) = self.after {
            let opened = header.kind == FrameKind::Opened;
            if (opened && header.open <= after.open) || (!opened && header.open != after.open) {
                return Err(Invalid::Open(header.open));
            }
            if header.previous != after.checksum {
                return Err(Invalid::Previous);
            }
            if (opened && header.first < after.next) || (!opened && header.first != after.next) {
                return Err(Invalid::First(header.first));
            }
        }
        self.offset += header.span();
        self.after = Some(After {
            checksum: header.checksum,
            open: header.open,
            kind: header.kind,
            next: header.last.next(),
        });
        Ok(())
    }
}
