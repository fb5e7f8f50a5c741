//! The segment that an open begins with. It has to be found on a disk without a free byte too: a full disk
//! refuses writes, never the start.
//!
//! Knows nothing of what the frames mean.
//!
//! Invariants:
//! 1. No byte of a frame that is kept is changed, but for the first frame of an open that nothing but marks
//!    follow; that is written over in one sector, which a crash leaves whole or as it was.
//! 2. A segment of the full length is filled only above what the disk is to keep free. Otherwise no more is
//!    taken than was given back, or [`SMALL_BYTES`].

use std::collections::VecDeque;

use base::Kind;

use crate::error::Error;
use crate::file_log::{SEGMENT_BYTES_MIN, Settings};
use crate::frame::SECTOR_BYTES;
use crate::medium::Medium;
use crate::opening::{FILLING, Filling, remove_if_there};
use crate::recovery::Findings;
use crate::segment::{SegmentFile, ZEROS, as_len};

/// So much is taken for a segment, if it can be had, although the disk is to keep more free.
const SMALL_BYTES: u64 = 64 * 1024;

/// What was chosen.
pub(crate) struct FirstSegment {
    pub(crate) segment: SegmentFile,
    /// Where it is the last of the log, begun once more: the checksum of the frame before it.
    pub(crate) again: Option<u32>,
    /// Those that stand by behind it.
    pub(crate) standby: VecDeque<SegmentFile>,
    /// Those of no use.
    pub(crate) useless: Vec<SegmentFile>,
    /// Numbers from here on were never given to a segment.
    pub(crate) next_number: u64,
}

/// Finds or makes it. [`Error::Full`] if that cannot be.
pub(crate) fn choose(
    medium: &dyn Medium,
    settings: &Settings,
    findings: &mut Findings,
) -> Result<FirstSegment, Error> {
    let whole = |segment: &SegmentFile| segment.bytes == settings.segment_bytes;
    let (usable, mut useless): (Vec<_>, Vec<_>) = findings.unused.iter().cloned().partition(whole);
    let mut standby = VecDeque::from(usable);
    let kept = findings.kept.iter().map(|kept| &kept.segment);
    let torn = findings.torn.iter().map(|torn| &torn.segment);
    let all = kept.chain(torn).chain(&findings.strays).chain(&findings.unused);
    let number = all.map(|segment| segment.number).max().unwrap_or(0) + 1;
    remove_if_there(medium, FILLING)?;
    let (segment, again) = if let Some((segment, previous)) = bare(findings)? {
        (segment, Some(previous))
    } else if let Some(segment) = standby.pop_front() {
        (segment, None)
    } else if let Some(segment) = fill(medium, settings, number)? {
        (segment, None)
    } else if let Some(at) = useless.iter().position(|old| old.bytes >= SEGMENT_BYTES_MIN) {
        // Of another length than is set now.
        (useless.remove(at), None)
    } else {
        (make_do(medium, settings, findings, number)?, None)
    };
    if again.is_none() && findings.torn.is_empty() {
        // Nothing is written behind its frames any more, and history is to hold frames, not zeros.
        cut_last(findings)?;
    }
    medium.sync().map_err(Error::io("sync", "the log's directory"))?;
    let next_number = number.max(segment.number + 1);
    Ok(FirstSegment { segment, again, standby, useless, next_number })
}

/// The last segment, if the open that began it came to nothing: it is cleared up to its first frame and begun
/// once more, so that a store that is started over and over takes no more disk each time.
fn bare(findings: &Findings) -> Result<Option<(SegmentFile, u32)>, Error> {
    let Some(last) = findings.kept.back() else { return Ok(None) };
    if !findings.bare || !findings.torn.is_empty() {
        return Ok(None);
    }
    let segment = last.segment.clone();
    let Ok(header) = segment.header_unchecked(0, segment.bytes) else { return Ok(None) };
    let first = SECTOR_BYTES as u64;
    if findings.end > first {
        let marks = as_len(findings.end - first);
        let Some(zeros) = ZEROS.get(..marks) else { return Ok(None) };
        let name = segment.name();
        segment.file.write_at(first, zeros).map_err(Error::io("write", &name))?;
        segment.file.sync().map_err(Error::io("sync", &name))?;
    }
    Ok(Some((segment, header.previous)))
}

/// A segment of the full length, if the disk has that beyond what it is to keep free.
fn fill(
    medium: &dyn Medium,
    settings: &Settings,
    number: u64,
) -> Result<Option<SegmentFile>, Error> {
    if free_above_minimum(medium, settings) < settings.segment_bytes {
        return Ok(None);
    }
    match make(medium, settings.segment_bytes, number) {
        Err(error) if error.kind() == Kind::Limit => Ok(None),
        made => made.map(Some),
    }
}

/// A shorter segment, out of what the last one gives back: the zeros behind its frames are never used.
fn make_do(
    medium: &dyn Medium,
    settings: &Settings,
    findings: &mut Findings,
    number: u64,
) -> Result<SegmentFile, Error> {
    let free = free_above_minimum(medium, settings);
    let may_take = free.saturating_add(cut_last(findings)?).max(SMALL_BYTES);
    let mut bytes = settings.segment_bytes;
    while bytes > may_take && bytes > SEGMENT_BYTES_MIN {
        bytes = shorter(bytes);
    }
    loop {
        match make(medium, bytes, number) {
            Err(error) if error.kind() != Kind::Limit => return Err(error),
            Err(_) if bytes > SEGMENT_BYTES_MIN => bytes = shorter(bytes),
            Err(error) => return Err(Error::Full { source: Box::new(error) }),
            Ok(segment) => return Ok(segment),
        }
    }
}

/// Cuts the zeros off the last segment; how many bytes they were. What was dropped stays.
fn cut_last(findings: &mut Findings) -> Result<u64, Error> {
    let Some(last) = findings.kept.back_mut() else { return Ok(0) };
    let segment = &mut last.segment;
    let torn = findings.torn.iter().find(|torn| torn.segment.number == segment.number);
    let end = torn.map_or(findings.end, |torn| torn.end);
    let zeros = segment.bytes.saturating_sub(end);
    if zeros > 0 {
        let name = segment.name();
        segment.file.cut(end).map_err(Error::io("cut", &name))?;
        segment.file.sync().map_err(Error::io("sync", &name))?;
        segment.bytes = end;
    }
    Ok(zeros)
}

fn make(medium: &dyn Medium, bytes: u64, number: u64) -> Result<SegmentFile, Error> {
    let made = Filling::begin(medium, bytes).and_then(|filling| filling.fill_all(medium, number));
    if made.is_err() {
        remove_if_there(medium, FILLING)?;
    }
    made
}

/// A disk that cannot be asked has nothing to spare.
fn free_above_minimum(medium: &dyn Medium, settings: &Settings) -> u64 {
    let free = medium.free().map_or(0, |free| free.bytes);
    free.saturating_sub(settings.disk_free_bytes_min)
}

/// An eighth less, in whole sectors: as little as may be of what was given back is to be lost to others.
fn shorter(bytes: u64) -> u64 {
    let sector = SECTOR_BYTES as u64;
    ((bytes - bytes / 8) / sector * sector).max(SEGMENT_BYTES_MIN)
}
