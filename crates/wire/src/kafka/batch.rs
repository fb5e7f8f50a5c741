//! Record batches of format 2: what Produce brings, the log keeps and Fetch gives, byte for byte.
//!
//! Knows no topic. Compressed records stay as they are: they are stored and sent, not looked into.
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 8 | base offset: that of the first record; given by the broker |
//! | 8 | 4 | length of what follows |
//! | 12 | 4 | leader epoch; given by the broker |
//! | 16 | 1 | magic: 2 |
//! | 17 | 4 | CRC32C of what follows |
//! | 21 | 2 | attributes: bits 0 to 2 compression, 3 times by the broker, 4 transactional, 5 control |
//! | 23 | 4 | last offset delta: offset of the last record minus base offset |
//! | 27 | 8 | base timestamp, in milliseconds |
//! | 35 | 8 | highest timestamp |
//! | 43 | 8 | producer id; -1 for none |
//! | 51 | 2 | producer epoch |
//! | 53 | 4 | base sequence: the producer's number of the first record |
//! | 57 | 4 | count of records |
//! | 61 | | records |
//!
//! Invariants:
//! 1. A [`Batch`] has the length it announces, and its checksum is right.
//! 2. Base offset and leader epoch, and nothing else, can be set without a new checksum.
//! 3. Reading records allocates nothing.

use base::codec::{Malformed, Reader, put_varint_signed};

use super::ErrorCode;
use super::field::read_varint_signed;

/// Bytes of a batch before its records.
pub const HEADER_BYTES: usize = 61;

/// Bytes of a batch before what its length counts.
const LENGTH_END: usize = 12;

/// Where the checksum stands.
const CHECKSUM_AT: usize = 17;

/// Where what the checksum covers begins.
const CHECKSUM_END: usize = 21;

const MAGIC: i8 = 2;

/// Bytes are no batch, or no batch that may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The bytes end within a batch, or its length is too short for its header.
    #[error("record batch is cut short: send whole batches")]
    Truncated,
    /// The batch is of an older format.
    #[error("record batch of format {0}: use a client that writes format 2 (Kafka 0.11 or later)")]
    Magic(i8),
    /// The checksum is wrong: the bytes were damaged on the way.
    #[error("record batch does not match its checksum: send it again")]
    Checksum,
    /// The compression is none that is known.
    #[error("record batch with compression {0}: use none, gzip, snappy, lz4 or zstd")]
    UnknownCompression(u8),
    /// The records are compressed and cannot be read one by one.
    #[error(
        "record batch compressed with {0:?}: read it with a Kafka client, or produce uncompressed"
    )]
    Compressed(Compression),
    /// There are no records, or not as many as the header says.
    #[error("record batch whose records do not match its count: the client is at fault")]
    Count,
    /// A record is malformed.
    #[error("malformed record where {expected} was expected: the client is at fault")]
    Record {
        /// What was being read.
        expected: &'static str,
    },
    /// A client has sent a control batch, which only the broker writes.
    #[error("control batch from a client: only the broker writes those")]
    Control,
    /// A producer id comes without epoch or sequence.
    #[error("record batch with a producer id but no epoch or sequence: the client is at fault")]
    Producer,
    /// A batch would be over 2 GiB.
    #[error("record batch over 2 GiB: write smaller records")]
    TooLarge,
}

impl BatchError {
    /// What the client is to do next.
    pub const fn kind(&self) -> base::Kind {
        match self {
            Self::TooLarge => base::Kind::Limit,
            _ => base::Kind::Invalid,
        }
    }

    /// What a Kafka client is told.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Truncated | Self::Checksum => ErrorCode::CORRUPT_MESSAGE,
            Self::Magic(_) => ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
            Self::UnknownCompression(_) | Self::Compressed(_) => {
                ErrorCode::UNSUPPORTED_COMPRESSION_TYPE
            }
            Self::Count | Self::Record { .. } | Self::Control | Self::Producer => {
                ErrorCode::INVALID_RECORD
            }
            Self::TooLarge => ErrorCode::MESSAGE_TOO_LARGE,
        }
    }
}

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// What a batch says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Offset of the first record. From a producer, not to be relied on.
    pub base_offset: i64,
    /// How often the leader had changed when it was appended.
    pub leader_epoch: i32,
    /// How its records are compressed.
    pub compression: Compression,
    /// Whether all its records have the time at which the broker appended them.
    pub has_append_time: bool,
    /// Whether it belongs to a transaction.
    pub is_transactional: bool,
    /// Whether its records are the broker's own marks.
    pub is_control: bool,
    /// Offset of the last record minus base offset.
    pub last_offset_delta: i32,
    /// What the records' times are counted from, in milliseconds since the epoch.
    pub base_timestamp: i64,
    /// The highest time of its records.
    pub max_timestamp: i64,
    /// Who produced it; -1 if that is not told.
    pub producer_id: i64,
    /// The producer's epoch; -1 if that is not told.
    pub producer_epoch: i16,
    /// The producer's number of the first record; -1 if that is not told.
    pub base_sequence: i32,
    /// How many records it holds.
    pub record_count: i32,
}

impl Header {
    /// Offset of the last record.
    pub const fn last_offset(&self) -> i64 {
        self.base_offset.saturating_add(self.last_offset_delta as i64)
    }
}

/// One batch, borrowing its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    bytes: &'a [u8],
    header: Header,
}

impl<'a> Batch<'a> {
    /// Reads the batch at the front of `bytes`: its length, format, compression and checksum are
    /// checked, its records are not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BatchError> {
        let mut reader = Reader::new(bytes);
        let base_offset = i64::from_be_bytes(take(&mut reader)?);
        let len = i32::from_be_bytes(take(&mut reader)?);
        let len = usize::try_from(len).ok().ok_or(BatchError::Truncated)?;
        let leader_epoch = i32::from_be_bytes(take(&mut reader)?);
        let magic = i8::from_be_bytes(take(&mut reader)?);
        if magic != MAGIC {
            return Err(BatchError::Magic(magic));
        }
        let bytes = bytes.get(..LENGTH_END.saturating_add(len)).ok_or(BatchError::Truncated)?;
        if bytes.len() < HEADER_BYTES {
            return Err(BatchError::Truncated);
        }
        let checksum = u32::from_be_bytes(take(&mut reader)?);
        if checksum != crc32c::crc32c(bytes.get(CHECKSUM_END..).unwrap_or_default()) {
            return Err(BatchError::Checksum);
        }
        let attributes = u16::from_be_bytes(take(&mut reader)?);
        let header = Header {
            base_offset,
            leader_epoch,
            compression: compression(attributes)?,
            has_append_time: attributes & 1 << 3 != 0,
            is_transactional: attributes & 1 << 4 != 0,
            is_control: attributes & 1 << 5 != 0,
            last_offset_delta: i32::from_be_bytes(take(&mut reader)?),
            base_timestamp: i64::from_be_bytes(take(&mut reader)?),
            max_timestamp: i64::from_be_bytes(take(&mut reader)?),
            producer_id: i64::from_be_bytes(take(&mut reader)?),
            producer_epoch: i16::from_be_bytes(take(&mut reader)?),
            base_sequence: i32::from_be_bytes(take(&mut reader)?),
            record_count: i32::from_be_bytes(take(&mut reader)?),
        };
        Ok(Self { bytes, header })
    }

    /// What the batch says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The batch, header included.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Checks what a producer may send: records, as many as announced and with offsets without gaps,
    /// no control batch. Records that are not compressed are each looked at, so that what is stored
    /// can be read.
    pub fn check_produced(&self) -> Result<(), BatchError> {
        let header = &self.header;
        if header.is_control {
            return Err(BatchError::Control);
        }
        if header.record_count < 1 || header.last_offset_delta != header.record_count - 1 {
            return Err(BatchError::Count);
        }
        let has_identity = header.producer_epoch >= 0 && header.base_sequence >= 0;
        if header.producer_id >= 0 && !has_identity {
            return Err(BatchError::Producer);
        }
        if header.compression != Compression::None {
            return Ok(());
        }
        for (delta, record) in (0..).zip(self.records()?) {
            if record?.offset_delta != delta {
                return Err(BatchError::Record { expected: "an offset delta without gaps" });
            }
        }
        Ok(())
    }

    /// The records, in order. Fails if they are compressed.
    pub fn records(&self) -> Result<Records<'a>, BatchError> {
        if self.header.compression != Compression::None {
            return Err(BatchError::Compressed(self.header.compression));
        }
        let rest = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        Ok(Records { header: self.header, rest: Reader::new(rest), left: self.header.record_count })
    }
}

fn take<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], BatchError> {
    let bytes = reader.take(N, "a batch header").ok().ok_or(BatchError::Truncated)?;
    bytes.try_into().ok().ok_or(BatchError::Truncated)
}

const fn compression(attributes: u16) -> Result<Compression, BatchError> {
    match (attributes & 0b111) as u8 {
        0 => Ok(Compression::None),
        1 => Ok(Compression::Gzip),
        2 => Ok(Compression::Snappy),
        3 => Ok(Compression::Lz4),
        4 => Ok(Compression::Zstd),
        unknown => Err(BatchError::UnknownCompression(unknown)),
    }
}

/// Reads batches that follow each other; ends at the first that is not right.
pub fn batches(records: &[u8]) -> Batches<'_> {
    Batches { rest: records }
}

/// Batches that follow each other.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<Batch<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let batch = Batch::parse(self.rest);
        let used = batch.as_ref().map_or(self.rest.len(), |batch| batch.bytes.len());
        self.rest = self.rest.get(used..).unwrap_or_default();
        Some(batch)
    }
}

/// Sets the offset of the first record in the bytes of a batch. The checksum stays right.
pub fn set_base_offset(batch: &mut [u8], offset: i64) -> Result<(), BatchError> {
    batch.get_mut(..8).ok_or(BatchError::Truncated)?.copy_from_slice(&offset.to_be_bytes());
    Ok(())
}

/// Sets the leader epoch in the bytes of a batch. The checksum stays right.
pub fn set_leader_epoch(batch: &mut [u8], epoch: i32) -> Result<(), BatchError> {
    let place = batch.get_mut(LENGTH_END..LENGTH_END + 4).ok_or(BatchError::Truncated)?;
    place.copy_from_slice(&epoch.to_be_bytes());
    Ok(())
}

/// One record, borrowing from its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its offset minus the batch's base offset.
    pub offset_delta: i32,
    /// Its offset.
    pub offset: i64,
    /// Its time, in milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value; `None` marks a key as deleted where topics are compacted.
    pub value: Option<&'a [u8]>,
    /// Its headers.
    pub headers: Headers<'a>,
}

/// The headers of a record: name and value, in order; a name may occur again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers<'a> {
    bytes: &'a [u8],
    count: u32,
}

impl<'a> Headers<'a> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        // They were read once when the record was: this cannot fail.
        (0..self.count).map_while(move |_| read_header(&mut reader).ok())
    }
}

/// The records of a batch, in order; ends at the first that is malformed.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    header: Header,
    rest: Reader<'a>,
    left: i32,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = match (self.left, self.rest.is_empty()) {
            (..=0, true) => return None,
            (..=0, false) | (1.., true) => Err(BatchError::Count),
            (1.., false) => self.record(),
        };
        if record.is_ok() {
            self.left -= 1;
        } else {
            self.left = 0;
            self.rest = Reader::new(&[]);
        }
        Some(record)
    }
}

impl<'a> Records<'a> {
    fn record(&mut self) -> Result<Record<'a>, BatchError> {
        let malformed = |Malformed { expected }| BatchError::Record { expected };
        let len = read_len(&mut self.rest, "a record's length").map_err(malformed)?;
        let len = len.ok_or(BatchError::Record { expected: "a record's length" })?;
        let body = self.rest.take(len, "a whole record").map_err(malformed)?;
        read_record(&self.header, body).map_err(malformed)
    }
}

fn read_record<'a>(header: &Header, body: &'a [u8]) -> Result<Record<'a>, Malformed> {
    let mut reader = Reader::new(body);
    reader.u8("a record's attributes")?;
    let timestamp_delta = read_varint_signed(&mut reader, "a timestamp delta")?;
    let offset_delta = read_varint_signed(&mut reader, "an offset delta")?;
    let offset_delta =
        i32::try_from(offset_delta).ok().ok_or(Malformed { expected: "an offset delta" })?;
    let key = read_bytes(&mut reader, "a key")?;
    let value = read_bytes(&mut reader, "a value")?;
    let headers = read_headers(&mut reader)?;
    if !reader.is_empty() {
        return Err(Malformed { expected: "the end of a record" });
    }
    Ok(Record {
        offset_delta,
        offset: header.base_offset.saturating_add(offset_delta.into()),
        timestamp_ms: if header.has_append_time {
            header.max_timestamp
        } else {
            header.base_timestamp.wrapping_add(timestamp_delta)
        },
        key,
        value,
        headers,
    })
}

/// Reads all headers once, so that to iterate over them cannot fail.
fn read_headers<'a>(reader: &mut Reader<'a>) -> Result<Headers<'a>, Malformed> {
    let expected = "a count of headers";
    let count = read_varint_signed(reader, expected)?;
    let count = u32::try_from(count).ok().ok_or(Malformed { expected })?;
    let headers = Headers { bytes: reader.rest(), count };
    for _ in 0..count {
        read_header(reader)?;
    }
    Ok(headers)
}

fn read_header<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], Option<&'a [u8]>), Malformed> {
    let expected = "a header's name";
    let name = read_bytes(reader, expected)?.ok_or(Malformed { expected })?;
    Ok((name, read_bytes(reader, "a header's value")?))
}

fn read_bytes<'a>(
    reader: &mut Reader<'a>,
    expected: &'static str,
) -> Result<Option<&'a [u8]>, Malformed> {
    let len = read_len(reader, expected)?;
    len.map(|len| reader.take(len, expected)).transpose()
}

/// A length; -1 stands for null.
fn read_len(reader: &mut Reader<'_>, expected: &'static str) -> Result<Option<usize>, Malformed> {
    match read_varint_signed(reader, expected)? {
        -1 => Ok(None),
        len => usize::try_from(len).map(Some).ok().ok_or(Malformed { expected }),
    }
}

/// A record to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRecord<'a> {
    /// Its time, in milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
    /// Its headers: name, which is UTF-8 for Kafka clients, and value.
    pub headers: &'a [(&'a [u8], Option<&'a [u8]>)],
}

/// Appends to `out` one uncompressed batch of these records, from no producer, at base offset 0. On
/// an error `out` is as before.
pub fn write_batch(records: &[NewRecord<'_>], out: &mut Vec<u8>) -> Result<(), BatchError> {
    let start = out.len();
    let written = write_records(records, out, start);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn write_records(
    records: &[NewRecord<'_>],
    out: &mut Vec<u8>,
    start: usize,
) -> Result<(), BatchError> {
    let first = records.first().ok_or(BatchError::Count)?;
    let max_timestamp = records.iter().map(|record| record.timestamp_ms).max();
    let count = i32::try_from(records.len()).ok().ok_or(BatchError::TooLarge)?;

    out.extend_from_slice(&[0; CHECKSUM_END]);
    out.extend_from_slice(&0u16.to_be_bytes());
    out.extend_from_slice(&(count - 1).to_be_bytes());
    out.extend_from_slice(&first.timestamp_ms.to_be_bytes());
    out.extend_from_slice(&max_timestamp.unwrap_or(first.timestamp_ms).to_be_bytes());
    out.extend_from_slice(&(-1i64).to_be_bytes());
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out.extend_from_slice(&(-1i32).to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
    let mut body = Vec::new();
    for (delta, record) in (0i64..).zip(records) {
        body.clear();
        put_record(record, delta, first.timestamp_ms, &mut body);
        put_len(out, body.len());
        out.extend_from_slice(&body);
    }

    let batch = out.get_mut(start..).unwrap_or_default();
    let len = batch.len().saturating_sub(LENGTH_END);
    let len = i32::try_from(len).ok().ok_or(BatchError::TooLarge)?;
    let checksum = crc32c::crc32c(batch.get(CHECKSUM_END..).unwrap_or_default());
    let mut header = [0; CHECKSUM_END];
    header[8..LENGTH_END].copy_from_slice(&len.to_be_bytes());
    header[16] = MAGIC.cast_unsigned();
    header[CHECKSUM_AT..].copy_from_slice(&checksum.to_be_bytes());
    batch.get_mut(..CHECKSUM_END).ok_or(BatchError::Truncated)?.copy_from_slice(&header);
    Ok(())
}

fn put_record(record: &NewRecord<'_>, offset_delta: i64, base_timestamp: i64, body: &mut Vec<u8>) {
    body.push(0);
    put_varint_signed(body, record.timestamp_ms.wrapping_sub(base_timestamp));
    put_varint_signed(body, offset_delta);
    put_bytes(body, record.key);
    put_bytes(body, record.value);
    put_len(body, record.headers.len());
    for (name, value) in record.headers {
        put_bytes(body, Some(name));
        put_bytes(body, *value);
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        Some(bytes) => {
            put_len(out, bytes.len());
            out.extend_from_slice(bytes);
        }
        None => put_varint_signed(out, -1),
    }
}

/// A length in memory is below 2^63.
fn put_len(out: &mut Vec<u8>, len: usize) {
    put_varint_signed(out, i64::try_from(len).unwrap_or(i64::MAX));
}

#[cfg(test)]
mod tests;
