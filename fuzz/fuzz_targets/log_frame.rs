//! The log: frames, and the records and changes in them, are read or refused; behind a right checksum
//! too.
#![no_main]

use base::{Sequence, StoreTime};
use libfuzzer_sys::fuzz_target;
use log::frame::{HEADER_BYTES, decode};
use log::{Record, Records};

fn read_through(payload: &[u8]) {
    let mut read = 0;
    for record in Records::new(payload, Sequence(1), StoreTime(0)).flatten() {
        read += 1;
        if let Record::Commit { changes, .. } = record {
            read += changes.count();
        }
    }
    assert!(read <= payload.len());
}

/// `bytes` as a frame whose magic, length and checksum are right, so that the rest of it is read.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut frame = bytes.to_vec();
    let len = u32::try_from(frame.len().checked_sub(HEADER_BYTES)?).ok()?;
    frame[..4].copy_from_slice(b"GSFR");
    frame[12..16].copy_from_slice(&len.to_le_bytes());
    let checksum = crc32c::crc32c(&frame[8..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    Some(frame)
}

fuzz_target!(|data: &[u8]| {
    read_through(data);
    if let Ok((_, payload)) = decode(data) {
        read_through(payload);
    }
    if let Some(sealed) = sealed(data)
        && let Ok((header, payload)) = decode(&sealed)
    {
        assert_eq!(payload.len() + HEADER_BYTES, sealed.len());
        let _ = header.commits();
        read_through(payload);
    }
});
