//! The files that frames stand in.
//!
//! Knows a frame when it sees one, not whether it belongs there.
//!
//! Invariant: nothing is allocated by a length that the file does not have.

use std::sync::Arc;

use base::{Sequence, StoreTime};

use crate::error::Error;
use crate::frame::{self, Frame, FrameKind, Header, Invalid, Link, SECTOR_BYTES};
use crate::medium::{File, Medium};

const SUFFIX: &str = ".seg";
/// What is read at once where a frame's length is not yet known, in bytes.
const PEEK_BYTES: u64 = 4096;
/// What is read at once where nothing but zeros is expected, in bytes.
const STRIDE_BYTES: u64 = 1 << 20;

/// As many zeros as are written or compared at once.
pub(crate) static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

/// The file name of a segment.
pub(crate) fn name(number: u64) -> String {
    format!("{number:020}{SUFFIX}")
}

/// The number of the segment whose file has that name; `None` where no segment's has.
#[must_use]
pub fn number(name: &str) -> Option<u64> {
    let number = name.strip_suffix(SUFFIX)?.parse().ok()?;
    (self::name(number) == name).then_some(number)
}

/// A segment's file, open.
#[derive(Clone)]
pub(crate) struct SegmentFile {
    pub(crate) number: u64,
    pub(crate) file: Arc<dyn File>,
    /// Its length.
    pub(crate) bytes: u64,
}

/// Why no frame was read.
#[derive(Debug)]
pub(crate) enum Unread {
    Invalid(Invalid),
    Medium(Error),
}

impl From<Invalid> for Unread {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Medium(error)
    }
}

impl SegmentFile {
    pub(crate) fn open(medium: &dyn Medium, number: u64) -> Result<Self, Error> {
        let name = name(number);
        let file = medium.open(&name).map_err(Error::io("open", &name))?;
        let bytes = file.len().map_err(Error::io("take the length of", &name))?;
        Ok(Self { number, file, bytes })
    }

    /// All segments of a directory, in order.
    pub(crate) fn open_all(medium: &dyn Medium) -> Result<Vec<Self>, Error> {
        let names = medium.list().map_err(Error::io("list", "the log's directory"))?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| number(name)).collect();
        numbers.sort_unstable();
        numbers.into_iter().map(|number| Self::open(medium, number)).collect()
    }

    pub(crate) fn name(&self) -> String {
        name(self.number)
    }

    pub(crate) fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        self.file.read_at(offset, bytes).map_err(Error::io("read", &self.name()))
    }

    /// The frame at `offset`, all of which has to lie before `end`.
    pub(crate) fn frame(&self, offset: u64, end: u64) -> Result<Frame, Unread> {
        let left = end.min(self.bytes).saturating_sub(offset);
        let mut bytes = vec![0; as_len(left.min(PEEK_BYTES))];
        self.read(offset, &mut bytes)?;
        let len = frame::frame_len(&bytes)?;
        // A disk that was full may have taken a frame without all of the zeros behind it: such a write failed.
        if len.next_multiple_of(SECTOR_BYTES) as u64 > left {
            return Err(Invalid::Short.into());
        }
        let have = bytes.len();
        if len > have {
            bytes.resize(len, 0);
            self.read(offset + have as u64, bytes.get_mut(have..).unwrap_or_default())?;
        }
        Ok(Frame::decode(bytes, offset)?)
    }

    /// The header at `offset`, its checksum not looked at.
    pub(crate) fn header_unchecked(&self, offset: u64, end: u64) -> Result<Header, Unread> {
        let left = end.min(self.bytes).saturating_sub(offset);
        let mut bytes = [0; frame::HEADER_BYTES];
        if left < bytes.len() as u64 {
            return Err(Invalid::Short.into());
        }
        self.read(offset, &mut bytes)?;
        Ok(frame::decode_header_unchecked(&bytes)?)
    }

    /// A sound frame of this store and segment at `offset`, wherever it belongs. The header is looked
    /// at before the length in it is believed: a stored value that imitates headers costs nothing.
    pub(crate) fn sound(&self, store: u64, offset: u64) -> Result<Option<Frame>, Error> {
        let frame = self.header_unchecked(offset, self.bytes).and_then(|header| {
            if header.store == store && header.segment == self.number {
                self.frame(offset, self.bytes)
            } else {
                Err(Invalid::Store.into())
            }
        });
        match frame {
            Ok(frame) => Ok(Some(frame)),
            Err(Unread::Invalid(_)) => Ok(None),
            Err(Unread::Medium(error)) => Err(error),
        }
    }

    /// Its first frame, if that is sound and begins a segment.
    pub(crate) fn beginning(&self, store: u64) -> Result<Option<Beginning>, Error> {
        let Some(frame) = self.sound(store, 0)? else { return Ok(None) };
        let opened = frame.kind() == FrameKind::Opened;
        Ok(frame.link().map(|link| Beginning { link, opened, time: frame.time() }))
    }

    /// The end of the last sector from `offset` on that is not all zeros; `None` if all are.
    pub(crate) fn written_end(&self, offset: u64) -> Result<Option<u64>, Error> {
        let mut written = None;
        self.each_stride(offset, |at, bytes| {
            if ZEROS.get(..bytes.len()) != Some(bytes) {
                let full = bytes
                    .chunks(SECTOR_BYTES)
                    .rposition(|sector| ZEROS.get(..sector.len()) != Some(sector));
                let end = at + (full.map_or(0, |sector| sector + 1) * SECTOR_BYTES) as u64;
                written = Some(end.min(self.bytes));
            }
            Ok(())
        })?;
        Ok(written)
    }

    /// Calls `visit` with each sound frame of this store and segment from `offset` on.
    pub(crate) fn each_sound(
        &self,
        store: u64,
        mut offset: u64,
        mut visit: impl FnMut(&Frame),
    ) -> Result<(), Error> {
        let mut stride = vec![0; as_len(STRIDE_BYTES)];
        while offset < self.bytes {
            let left = as_len((self.bytes - offset).min(STRIDE_BYTES));
            let bytes = stride.get_mut(..left).unwrap_or_default();
            self.read(offset, bytes)?;
            let mut passed = 0;
            while passed < left {
                let at = offset + passed as u64;
                let rest = bytes.get(passed..).unwrap_or_default();
                let found = if frame::begins(rest) { self.sound(store, at)? } else { None };
                if let Some(frame) = found {
                    visit(&frame);
                    passed = passed.saturating_add(as_len(frame.header().span()));
                } else {
                    passed += SECTOR_BYTES;
                }
            }
            offset += passed as u64;
        }
        Ok(())
    }

    /// Calls `visit` with offset and bytes of each piece from `offset` on.
    pub(crate) fn each_stride(
        &self,
        mut offset: u64,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut stride = vec![0; as_len(STRIDE_BYTES)];
        while offset < self.bytes {
            let left = (self.bytes - offset).min(STRIDE_BYTES);
            let bytes = stride.get_mut(..as_len(left)).unwrap_or_default();
            self.read(offset, bytes)?;
            visit(offset, bytes)?;
            offset += left;
        }
        Ok(())
    }
}

/// What the first frame of a segment says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    pub(crate) link: Link,
    pub(crate) opened: bool,
    pub(crate) time: StoreTime,
}

impl Beginning {
    /// Whether a replay of what is above `applied` may begin with this segment: nothing before it is
    /// needed, and all before it is known to have been synced, because a commit in it was, or because
    /// the open that began it saw to that.
    pub(crate) fn begins_replay(&self, applied: Sequence) -> bool {
        self.link.segment == 0
            || self.link.last < applied
            || (self.opened && self.link.last == applied)
    }
}

/// A segment that is part of the log.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) segment: SegmentFile,
    pub(crate) beginning: Beginning,
}

/// A length within a file that was read, as a length in memory.
pub(crate) fn as_len(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
