//! The last checkpoint of a server that is stopped, in its WAL and in `pg_control`: where it is changed, the server begins from that.
//!
//! `pg_resetwal` does this, too, but is of the server's own version, and some distributions come without it. The places of the numbers
//! are those of `ControlFileData` and `CheckPoint` in `src/include/catalog/pg_control.h` and of `XLogRecord` in
//! `src/include/access/xlogrecord.h`: the same from 12 to 18. Up to 14 a server begins from what is in the WAL, later from the copy.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::lab::{Stop, failed};

/// Of a file of WAL, as `initdb` makes them.
const SEGMENT: u64 = 16 << 20;
const PAGE: u64 = 8_192;

/// What of `pg_control` is used is shorter, so that one write changes it as a whole.
const CONTROL_LENGTH: usize = 512;
/// In `pg_control`: where in the WAL the last checkpoint is.
const CHECKPOINT_AT: usize = 32;
/// In it: a copy of that.
const COPY_AT: usize = 40;

/// In a checkpoint: the next transaction.
const NEXT_AT: usize = 24;

/// The head of a record of WAL; its last four bytes are the checksum. Behind it are two bytes, which tell the length of the rest.
const HEAD: usize = 24;

/// Bytes of a record with a checkpoint, at least.
const LEAST: u64 = 100;

/// Has the server, which is stopped cleanly, begin with this transaction.
pub(super) fn set_next_transaction(data: &Path, next: u64) -> Result<(), Stop> {
    let open = |path: &Path| {
        let file = OpenOptions::new().read(true).write(true).open(path);
        file.map_err(failed("open a file of the server"))
    };
    let file = open(&data.join("global/pg_control"))?;
    let mut control = vec![0; CONTROL_LENGTH];
    file.read_exact_at(&mut control, 0).map_err(failed("read pg_control"))?;
    let at = u64::from_le_bytes(take(&control, CHECKPOINT_AT)?);
    let timeline = u32::from_le_bytes(take(&control, COPY_AT + 8)?);
    let in_one = (1 << 32) / SEGMENT;
    let name = format!("{timeline:08X}{:08X}{:08X}", at / SEGMENT / in_one, at / SEGMENT % in_one);
    let wal = open(&data.join("pg_wal").join(name))?;
    let mut length = [0; 4];
    wal.read_exact_at(&mut length, at % SEGMENT).map_err(failed("read a record of WAL"))?;
    let length = u32::from_le_bytes(length);
    if at % PAGE + u64::from(length) > PAGE || u64::from(length) < LEAST {
        return Err(format!("the checkpoint at {at}, {length} bytes long, is on two pages").into());
    }
    let mut record = vec![0; usize::try_from(length).unwrap_or(0)];
    wal.read_exact_at(&mut record, at % SEGMENT).map_err(failed("read a record of WAL"))?;
    let sum_at = HEAD - 4;
    // The checksum of a record is of what is behind the head, then of the head.
    let of_record =
        |record: &[u8]| checksum(record.iter().skip(HEAD).chain(record.iter().take(sum_at)));
    if take(&record, sum_at)? != of_record(&record) {
        return Err("the checksum of the last checkpoint is not as expected".into());
    }
    put(&mut record, HEAD + 2 + NEXT_AT, &next.to_le_bytes())?;
    let sum = of_record(&record);
    put(&mut record, sum_at, &sum)?;
    wal.write_all_at(&record, at % SEGMENT).map_err(failed("write a record of WAL"))?;
    // Its place is another in each version: behind all that it is of.
    let is_sum =
        |at: &usize| take(&control, *at).is_ok_and(|it| it == checksum(control.iter().take(*at)));
    let sum_at = (COPY_AT..CONTROL_LENGTH).step_by(4).find(is_sum);
    let sum_at = sum_at.ok_or("pg_control has no checksum")?;
    put(&mut control, COPY_AT + NEXT_AT, &next.to_le_bytes())?;
    let sum = checksum(control.iter().take(sum_at));
    put(&mut control, sum_at, &sum)?;
    file.write_all_at(&control, 0).map_err(failed("write pg_control"))
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Stop> {
    let part = bytes.get(at..at + N).and_then(|it| it.try_into().ok());
    part.ok_or_else(|| "a record is too short".into())
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) -> Result<(), Stop> {
    let place = bytes.get_mut(at..at + value.len()).ok_or("a record is too short")?;
    place.copy_from_slice(value);
    Ok(())
}

/// CRC-32C, as it is stored.
fn checksum<'b>(bytes: impl Iterator<Item = &'b u8>) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    (!crc).to_le_bytes()
}
