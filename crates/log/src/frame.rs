//! A frame: what one write hands over. Header, payload, zeros up to the next sector boundary
//! (`docs/format.md`, "Frames").
//!
//! Knows no file and no place in the log: whether a sound frame belongs where it was found is
//! the chain's to say.
//!
//! Invariants:
//! 1. Decoding never panics and allocates nothing.
//! 2. A frame that decodes has a right checksum over header and payload.

use base::codec::{Malformed, Reader};
use base::{Generation, Sequence, StoreId, StoreTime};

use crate::record::Records;

/// Frames begin on multiples of this, in bytes: an unsynced write never shares a sector with bytes
/// that were acknowledged.
pub const SECTOR_BYTES: usize = 512;

/// Length of a frame's header, in bytes.
pub const HEADER_BYTES: usize = 80;

/// The longest payload, in bytes: what the length field can say, less room to round up.
pub const PAYLOAD_BYTES_MAX: usize = u32::MAX as usize - SECTOR_BYTES;

/// The number of the format that this module writes.
pub const FORMAT: u16 = 1;

const MAGIC: &[u8; 4] = b"GSFR";
const CHECKED_FROM: usize = 8;
/// Of an `Opened` or `Continued` frame's payload, what precedes the sessions.
const LINK_BYTES: usize = 24;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Begins the first segment of an open.
    Opened,
    /// Begins every other segment.
    Continued,
    /// Holds records.
    Commits,
    /// Holds nothing: says how far the log is durable.
    Idle,
    /// Holds nothing: a clean stop.
    Closed,
}

impl FrameKind {
    const fn number(self) -> u16 {
        match self {
            Self::Opened => 1,
            Self::Continued => 2,
            Self::Commits => 3,
            Self::Idle => 4,
            Self::Closed => 5,
        }
    }

    const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Opened),
            2 => Some(Self::Continued),
            3 => Some(Self::Commits),
            4 => Some(Self::Idle),
            5 => Some(Self::Closed),
            _ => None,
        }
    }

    /// Whether it begins a segment.
    #[must_use]
    pub const fn begins_segment(self) -> bool {
        matches!(self, Self::Opened | Self::Continued)
    }
}

/// The fields of a frame's header, in the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Checksum of all that follows it, to the end of the payload.
    pub checksum: u32,
    /// What the frame is for.
    pub kind: FrameKind,
    /// Length of the payload, in bytes.
    pub payload_bytes: u32,
    /// The first eight bytes of the store's id.
    pub store: u64,
    /// The segment that it was written to.
    pub segment: u64,
    /// How many times the store was opened, this time included.
    pub open: u32,
    /// The checksum of the frame before it in the log; 0 in the first frame of a store.
    pub previous: u32,
    /// Its first commit; in a frame without commits, the next to be given.
    pub first: Sequence,
    /// Its last commit; in a frame without commits, first - 1.
    pub last: Sequence,
    /// How far the log was durable when it was written.
    pub durable: Sequence,
    /// No generation or space at or above this number had been given out.
    pub generations: Generation,
    /// What its commits' times are counted from.
    pub time: StoreTime,
}

impl Header {
    /// Whether it holds commits.
    #[must_use]
    pub fn has_commits(&self) -> bool {
        self.last >= self.first
    }

    /// How many commits it says it holds.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.last.0.wrapping_sub(self.first.0).wrapping_add(1)
    }

    /// The bytes that it takes on the medium, zeros at its end included.
    #[must_use]
    pub fn span(&self) -> u64 {
        span(self.payload_bytes as usize)
    }
}

/// The bytes that a frame with so long a payload takes on the medium.
#[must_use]
pub const fn span(payload_bytes: usize) -> u64 {
    (HEADER_BYTES + payload_bytes).next_multiple_of(SECTOR_BYTES) as u64
}

/// The number that frames carry for a store.
#[must_use]
pub fn store_number(store: &StoreId) -> u64 {
    Reader::new(&store.0).u64("a store's id").unwrap_or_default()
}

/// Why bytes are no frame, or none that belongs where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing but zeros where a header would be.
    #[error("no frame was written here")]
    Empty,
    /// Another magic.
    #[error("not the beginning of a frame")]
    Magic,
    /// The bytes end before the frame does.
    #[error("the frame is cut short")]
    Short,
    /// The bytes are not those that were written.
    #[error("the checksum is wrong")]
    Checksum,
    /// The checksum is right, but it is of a format that this version does not know.
    #[error("the format is {0}")]
    Format(u16),
    /// The checksum is right, and yet the header contradicts itself.
    #[error("the header contradicts itself")]
    Header,
    /// A frame of another store.
    #[error("the frame is of another store")]
    Store,
    /// A frame of another segment: a misdirected write.
    #[error("the frame is of segment {0}")]
    Segment(u64),
    /// A frame of another open of the store.
    #[error("the frame is of open {0}")]
    Open(u32),
    /// It does not follow the frame before it.
    #[error("it does not follow the frame before it")]
    Previous,
    /// Its first sequence is not the next.
    #[error("it begins at sequence {0}")]
    First(Sequence),
    /// It begins a segment, or does not, against where it stands.
    #[error("a frame of its kind does not stand there")]
    Place,
    /// Its records do not decode, or are not as many as it says.
    #[error("its records do not decode")]
    Records,
}

impl From<Malformed> for Invalid {
    fn from(_: Malformed) -> Self {
        Self::Records
    }
}

/// Decodes the frame that `bytes` begin with: its header and its payload. What follows the frame is
/// not looked at.
pub fn decode(bytes: &[u8]) -> Result<(Header, &[u8]), Invalid> {
    let len = frame_len(bytes)?;
    let frame = bytes.get(..len).ok_or(Invalid::Short)?;
    let (head, payload) = frame.split_at_checked(HEADER_BYTES).ok_or(Invalid::Short)?;
    let checked = frame.get(CHECKED_FROM..).ok_or(Invalid::Short)?;
    let header = decode_header(head, crc32c::crc32c(checked))?;
    if header.kind.begins_segment() && payload.len() < LINK_BYTES {
        return Err(Invalid::Header);
    }
    Ok((header, payload))
}

/// Whether `bytes` may begin with a frame.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// How many bytes the frame that `bytes` begin with takes, without the zeros at its end. Believes the
/// length field, which is not checked before all of the frame is.
pub(crate) fn frame_len(bytes: &[u8]) -> Result<usize, Invalid> {
    let head = bytes.get(..HEADER_BYTES).ok_or(Invalid::Short)?;
    if !head.starts_with(MAGIC) {
        let empty = head.iter().all(|&byte| byte == 0);
        return Err(if empty { Invalid::Empty } else { Invalid::Magic });
    }
    let mut reader = Reader::new(head.get(12..16).ok_or(Invalid::Short)?);
    let payload = reader.u32("a length").map_err(|_cut| Invalid::Short)? as usize;
    if payload > PAYLOAD_BYTES_MAX {
        return Err(Invalid::Short);
    }
    Ok(HEADER_BYTES + payload)
}

/// The header that `head` holds, without a look at its payload: for passing over a frame that an
/// earlier read has checked.
pub(crate) fn decode_header_unchecked(head: &[u8]) -> Result<Header, Invalid> {
    frame_len(head)?;
    let stated = Reader::new(head.get(4..).ok_or(Invalid::Short)?).u32("a checksum");
    decode_header(head, stated.map_err(|_cut| Invalid::Short)?)
}

fn decode_header(head: &[u8], checksum: u32) -> Result<Header, Invalid> {
    let mut reader = Reader::new(head.get(4..).ok_or(Invalid::Short)?);
    let cut = |_: Malformed| Invalid::Short;
    if reader.u32("a checksum").map_err(cut)? != checksum {
        return Err(Invalid::Checksum);
    }
    let format = reader.u16("a format").map_err(cut)?;
    if format != FORMAT {
        return Err(Invalid::Format(format));
    }
    let kind = reader.u16("a kind").map_err(cut)?;
    let header = Header {
        checksum,
        kind: FrameKind::from_number(kind).ok_or(Invalid::Header)?,
        payload_bytes: reader.u32("a length").map_err(cut)?,
        store: reader.u64("a store").map_err(cut)?,
        segment: reader.u64("a segment").map_err(cut)?,
        open: reader.u32("an open").map_err(cut)?,
        previous: reader.u32("a checksum").map_err(cut)?,
        first: Sequence(reader.u64("a sequence").map_err(cut)?),
        last: Sequence(reader.u64("a sequence").map_err(cut)?),
        durable: Sequence(reader.u64("a sequence").map_err(cut)?),
        generations: Generation(reader.u64("a generation").map_err(cut)?),
        time: StoreTime(reader.u64("a time").map_err(cut)?),
    };
    let ordered = header.last.0.checked_add(1).is_some_and(|after| after >= header.first.0);
    let commits_allowed = header.kind == FrameKind::Commits || !header.has_commits();
    if ordered && commits_allowed { Ok(header) } else { Err(Invalid::Header) }
}

/// Fills in the header in front of a payload and adds the zeros behind it, so that `buffer` is what
/// goes to the medium. `buffer` begins with [`HEADER_BYTES`] bytes that are overwritten;
/// `header.payload_bytes` and `header.checksum` are not looked at. Returns the checksum.
pub(crate) fn seal(header: &Header, buffer: &mut Vec<u8>) -> u32 {
    assert!(
        (HEADER_BYTES..=HEADER_BYTES + PAYLOAD_BYTES_MAX).contains(&buffer.len()),
        "a frame's buffer holds its header and a payload within bounds"
    );
    let end = buffer.len();
    let payload_bytes = u32::try_from(end - HEADER_BYTES).unwrap_or(u32::MAX);
    let mut head = [0; HEADER_BYTES];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        head[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(MAGIC);
    put(&[0; 4]);
    put(&FORMAT.to_le_bytes());
    put(&header.kind.number().to_le_bytes());
    put(&payload_bytes.to_le_bytes());
    put(&header.store.to_le_bytes());
    put(&header.segment.to_le_bytes());
    put(&header.open.to_le_bytes());
    put(&header.previous.to_le_bytes());
    put(&header.first.0.to_le_bytes());
    put(&header.last.0.to_le_bytes());
    put(&header.durable.0.to_le_bytes());
    put(&header.generations.0.to_le_bytes());
    put(&header.time.0.to_le_bytes());
    buffer[..HEADER_BYTES].copy_from_slice(&head);
    let checksum = crc32c::crc32c(&buffer[CHECKED_FROM..end]);
    buffer[4..8].copy_from_slice(&checksum.to_le_bytes());
    buffer.resize(end.next_multiple_of(SECTOR_BYTES), 0);
    checksum
}

/// What the first frame of a segment says of the segment before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The last commit before this segment.
    pub last: Sequence,
    /// The segment before this one; 0 if it is the first.
    pub segment: u64,
    /// Where in it its frames end, in bytes.
    pub end: u64,
}

impl Link {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.last.0.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.end.to_le_bytes());
    }

    fn decode(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        Some(Self {
            last: Sequence(reader.u64("a sequence").ok()?),
            segment: reader.u64("a segment").ok()?,
            end: reader.u64("an end").ok()?,
        })
    }
}

/// A sound frame, read back from a segment.
#[derive(Clone, Debug)]
pub struct Frame {
    header: Header,
    bytes: Vec<u8>,
    offset: u64,
    from: Sequence,
}

impl Frame {
    /// Takes the frame that `bytes` begin with, which stand at `offset` of their segment.
    pub(crate) fn decode(mut bytes: Vec<u8>, offset: u64) -> Result<Self, Invalid> {
        let (header, payload) = decode(&bytes)?;
        let len = HEADER_BYTES + payload.len();
        bytes.truncate(len);
        Ok(Self { header, bytes, offset, from: Sequence::ZERO })
    }

    pub(crate) fn leave_out_below(&mut self, from: Sequence) {
        self.from = from;
    }

    /// All of its header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> FrameKind {
        self.header.kind
    }

    /// Its first commit that [`Frame::records`] gives; in a frame without commits, the next.
    #[must_use]
    pub fn first(&self) -> Sequence {
        self.header.first.max(self.from.min(self.header.last.next()))
    }

    /// Its last commit; in a frame without commits, the one before the next.
    #[must_use]
    pub const fn last(&self) -> Sequence {
        self.header.last
    }

    /// What its commits' times are counted from.
    #[must_use]
    pub const fn time(&self) -> StoreTime {
        self.header.time
    }

    /// How many times the store had been opened.
    #[must_use]
    pub const fn open(&self) -> u32 {
        self.header.open
    }

    /// No generation or space at or above this number had been given out.
    #[must_use]
    pub const fn generations(&self) -> Generation {
        self.header.generations
    }

    /// Where it begins in its segment, in bytes.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// What it says of the segment before its own, if it begins one.
    #[must_use]
    pub fn link(&self) -> Option<Link> {
        if !self.header.kind.begins_segment() {
            return None;
        }
        Link::decode(self.payload())
    }

    /// Its records, in order, less the commits before the sequence that the read began at.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        let (first, time) = (self.header.first, self.header.time);
        Records::new(self.record_bytes(), first, time).starting_at(self.from)
    }

    /// Its records as they stand, those of every commit.
    pub(crate) fn record_bytes(&self) -> &[u8] {
        let skipped = if self.header.kind.begins_segment() { LINK_BYTES } else { 0 };
        self.payload().get(skipped..).unwrap_or_default()
    }

    /// Whether its records decode and are as many as it says. Returns the latest time in it.
    pub(crate) fn check_records(&self) -> Result<StoreTime, Invalid> {
        let (commits, latest) = self.records().starting_at(Sequence::ZERO).check()?;
        if commits == self.header.commits() { Ok(latest) } else { Err(Invalid::Records) }
    }

    fn payload(&self) -> &[u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
