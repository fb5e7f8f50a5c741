//! Kafka: requests and record batches are read or refused; behind a right checksum too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::kafka::batch::{Batch, HEADER_BYTES, batches};
use wire::kafka::{Limits, decode, frame_wants, split_frame};

const LIMITS: Limits = Limits { frame_bytes_max: 1 << 20, elements_max: 1000 };

fn read_through(batch: &Batch<'_>) {
    let _ = batch.check_produced();
    for record in batch.records().into_iter().flatten().flatten() {
        assert_eq!(record.headers.iter().count(), record.headers.len());
    }
}

/// `bytes` as a batch whose length, format and checksum are right, so that the rest of it is read.
fn sealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut batch = bytes.to_vec();
    let len = i32::try_from(batch.len().checked_sub(12)?).ok()?;
    if batch.len() < HEADER_BYTES {
        return None;
    }
    batch[8..12].copy_from_slice(&len.to_be_bytes());
    batch[16] = 2;
    let checksum = crc32c::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&checksum.to_be_bytes());
    Some(batch)
}

fuzz_target!(|data: &[u8]| {
    if let Ok(Some(frame)) = split_frame(data, LIMITS) {
        assert!(frame.len() + 4 <= data.len());
    }
    assert!(frame_wants(data, LIMITS) >= 1);
    let _ = decode(data, LIMITS);
    for batch in batches(data).flatten() {
        read_through(&batch);
    }
    if let Some(sealed) = sealed(data)
        && let Ok(batch) = Batch::parse(&sealed)
    {
        read_through(&batch);
    }
});
