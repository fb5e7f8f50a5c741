use proptest::prelude::*;

use super::*;

const RECORD: NewRecord<'_> = NewRecord {
    timestamp_ms: 1_700_000_000_000,
    key: Some(b"8127"),
    value: Some(b"{\"amount\":100}"),
    headers: &[(b"trace", Some(b"1")), (b"empty", None)],
};

fn batch_of(records: &[NewRecord<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    write_batch(records, &mut out).unwrap();
    out
}

/// Changes bytes under the checksum, and the checksum with them.
fn altered(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut batch = batch_of(&[RECORD, RECORD]);
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    sealed(batch)
}

fn sealed(mut batch: Vec<u8>) -> Vec<u8> {
    let checksum = crc32c::crc32c(&batch[CHECKSUM_END..]);
    batch[CHECKSUM_AT..CHECKSUM_END].copy_from_slice(&checksum.to_be_bytes());
    batch
}

/// A batch that holds `body` where its records stand.
fn with_body(count: i32, body: &[u8]) -> Vec<u8> {
    let mut batch = batch_of(&[RECORD]);
    batch.truncate(HEADER_BYTES);
    batch.extend_from_slice(body);
    let len = i32::try_from(batch.len() - LENGTH_END).unwrap();
    batch[8..12].copy_from_slice(&len.to_be_bytes());
    batch[23..27].copy_from_slice(&(count - 1).to_be_bytes());
    batch[57..61].copy_from_slice(&count.to_be_bytes());
    sealed(batch)
}

#[test]
fn a_batch_says_what_it_was_made_of() {
    let bytes =
        batch_of(&[RECORD, NewRecord { timestamp_ms: 5, key: None, value: None, headers: &[] }]);
    let batch = Batch::parse(&bytes).unwrap();
    assert_eq!(batch.check_produced(), Ok(()));
    let header = batch.header();
    assert_eq!((header.base_offset, header.last_offset(), header.record_count), (0, 1, 2));
    assert_eq!(
        (header.base_timestamp, header.max_timestamp),
        (1_700_000_000_000, 1_700_000_000_000)
    );
    assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (-1, -1, -1));
    let records: Vec<_> = batch.records().unwrap().map(Result::unwrap).collect();
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].key, records[0].value), (RECORD.key, RECORD.value));
    assert_eq!(records[0].headers.len(), 2);
    assert_eq!(records[0].headers.iter().collect::<Vec<_>>(), RECORD.headers);
    assert_eq!((records[1].offset, records[1].timestamp_ms), (1, 5));
    assert_eq!((records[1].key, records[1].value), (None, None));
    assert!(records[1].headers.is_empty());
}

#[test]
fn offset_and_epoch_are_set_without_a_new_checksum() {
    let mut bytes = batch_of(&[RECORD, RECORD]);
    set_base_offset(&mut bytes, 1 << 40).unwrap();
    set_leader_epoch(&mut bytes, 12).unwrap();
    let batch = Batch::parse(&bytes).unwrap();
    assert_eq!(batch.header().base_offset, 1 << 40);
    assert_eq!(batch.header().leader_epoch, 12);
    assert_eq!(batch.header().last_offset(), (1 << 40) + 1);
    let offsets: Vec<_> = batch.records().unwrap().map(|record| record.unwrap().offset).collect();
    assert_eq!(offsets, [1 << 40, (1 << 40) + 1]);
    assert_eq!(set_base_offset(&mut [0; 7], 1), Err(BatchError::Truncated));
    assert_eq!(set_leader_epoch(&mut [0; 15], 1), Err(BatchError::Truncated));
}

#[test]
fn every_flipped_bit_under_the_checksum_is_noticed() {
    let bytes = batch_of(&[RECORD]);
    for at in (8..12).chain(16..bytes.len()) {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(Batch::parse(&damaged).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn a_batch_that_is_cut_short_is_refused_at_every_length() {
    let bytes = batch_of(&[RECORD]);
    for end in 0..bytes.len() {
        assert_eq!(Batch::parse(&bytes[..end]), Err(BatchError::Truncated), "{end} bytes");
    }
    for len in [i32::MIN, -1, 0, 48, i32::MAX] {
        let mut lying = bytes.clone();
        lying[8..12].copy_from_slice(&len.to_be_bytes());
        assert_eq!(Batch::parse(&lying), Err(BatchError::Truncated), "length {len}");
    }
}

#[test]
fn what_may_not_be_stored_is_refused_with_its_code() {
    let mut older = batch_of(&[RECORD]);
    older[16] = 1;
    let refused = |bytes: &[u8]| match Batch::parse(bytes) {
        Ok(batch) => batch.check_produced().unwrap_err(),
        Err(error) => error,
    };
    let cases = [
        (older, BatchError::Magic(1), 43),
        (altered(22, &[5]), BatchError::UnknownCompression(5), 76),
        (altered(22, &[1 << 5]), BatchError::Control, 87),
        (altered(23, &7i32.to_be_bytes()), BatchError::Count, 87),
        (altered(57, &3i32.to_be_bytes()), BatchError::Count, 87),
        (altered(57, &i32::MIN.to_be_bytes()), BatchError::Count, 87),
        (altered(43, &5i64.to_be_bytes()), BatchError::Producer, 87),
        (with_body(0, b""), BatchError::Count, 87),
        (with_body(1, b""), BatchError::Count, 87),
        (with_body(2, b"\x0c\0\0\0\x01\x01\0"), BatchError::Count, 87),
        (with_body(1, b"\x0c\0\0\0\x01\x01\0\x0c\0\0\0\x01\x01\0"), BatchError::Count, 87),
        (
            with_body(1, b"\x0c\0\0\x02\x01\x01\0"),
            BatchError::Record { expected: "an offset delta without gaps" },
            87,
        ),
        (
            with_body(1, b"\x0e\0\0\0\x01\x01\0"),
            BatchError::Record { expected: "a whole record" },
            87,
        ),
        (
            with_body(1, b"\x0c\0\0\0\x01\x01\x02"),
            BatchError::Record { expected: "a header's name" },
            87,
        ),
        (
            with_body(1, b"\x0c\0\0\0\x01\x01\x01"),
            BatchError::Record { expected: "a count of headers" },
            87,
        ),
        (
            with_body(1, b"\x0e\0\0\0\x01\x01\0\0"),
            BatchError::Record { expected: "the end of a record" },
            87,
        ),
        (with_body(1, b"\x0c\0\0\0\x03\x01\0"), BatchError::Record { expected: "a key" }, 87),
        (with_body(1, b"\x01"), BatchError::Record { expected: "a record's length" }, 87),
    ];
    for (bytes, error, code) in cases {
        assert_eq!(refused(&bytes), error);
        assert_eq!(error.code(), ErrorCode(code), "{error}");
    }
    let mut damaged = batch_of(&[RECORD]);
    damaged[70] ^= 1;
    assert_eq!(refused(&damaged).code(), ErrorCode(2));
    assert_eq!(refused(b"").code(), ErrorCode(2));
}

#[test]
fn the_smallest_record_is_read() {
    let bytes = with_body(1, b"\x0c\0\0\0\x01\x01\0");
    let batch = Batch::parse(&bytes).unwrap();
    assert_eq!(batch.check_produced(), Ok(()));
    let record = batch.records().unwrap().next().unwrap().unwrap();
    assert_eq!((record.key, record.value), (None, None));
}

#[test]
fn compressed_records_are_kept_and_not_read() {
    for (bits, compression) in [
        (1, Compression::Gzip),
        (2, Compression::Snappy),
        (3, Compression::Lz4),
        (4, Compression::Zstd),
    ] {
        let bytes = altered(22, &[bits]);
        let batch = Batch::parse(&bytes).unwrap();
        assert_eq!(batch.check_produced(), Ok(()));
        assert_eq!(batch.as_bytes(), bytes);
        assert_eq!(batch.records().map(|_| ()), Err(BatchError::Compressed(compression)));
    }
}

#[test]
fn append_time_counts_for_all_records() {
    let bytes = altered(22, &[1 << 3]);
    let mut bytes = bytes;
    bytes[35..43].copy_from_slice(&99i64.to_be_bytes());
    let bytes = sealed(bytes);
    let batch = Batch::parse(&bytes).unwrap();
    assert!(batch.records().unwrap().all(|record| record.unwrap().timestamp_ms == 99));
}

#[test]
fn batches_follow_each_other_until_one_is_not_right() {
    let mut bytes = batch_of(&[RECORD]);
    let second = batch_of(&[RECORD, RECORD]);
    bytes.extend_from_slice(&second);
    let counts: Vec<_> =
        batches(&bytes).map(|batch| batch.unwrap().header().record_count).collect();
    assert_eq!(counts, [1, 2]);
    assert_eq!(batches(b"").count(), 0);
    let damage = bytes.len() - 1;
    bytes[damage] ^= 1;
    bytes.extend_from_slice(&second);
    let outcomes: Vec<_> = batches(&bytes).map(|batch| batch.map(|_| ())).collect();
    assert_eq!(outcomes, [Ok(()), Err(BatchError::Checksum)]);
}

#[test]
fn no_records_are_no_batch_and_leave_no_bytes() {
    let mut out = b"before".to_vec();
    assert_eq!(write_batch(&[], &mut out), Err(BatchError::Count));
    assert_eq!(out, b"before");
    write_batch(&[RECORD], &mut out).unwrap();
    assert!(Batch::parse(&out[6..]).is_ok());
}

proptest! {
    #[test]
    fn any_bytes_under_a_right_checksum_are_records_or_refused(count: i32, body: Vec<u8>) {
        let mut bytes = with_body(1, &body);
        bytes[57..61].copy_from_slice(&count.to_be_bytes());
        let bytes = sealed(bytes);
        let batch = Batch::parse(&bytes).unwrap();
        let read = batch.records().unwrap().count();
        prop_assert!(read <= body.len() + 1);
        for record in batch.records().unwrap().flatten() {
            prop_assert_eq!(record.headers.len(), record.headers.iter().count());
        }
        let _ = batch.check_produced();
    }

    #[test]
    fn any_header_under_a_right_checksum_is_read_or_refused(header in prop::collection::vec(any::<u8>(), HEADER_BYTES - CHECKSUM_END)) {
        let bytes = altered(CHECKSUM_END, &header);
        if let Ok(batch) = Batch::parse(&bytes) {
            let _ = batch.check_produced();
            let _ = batch.header().last_offset();
            if let Ok(records) = batch.records() {
                prop_assert!(records.count() <= bytes.len());
            }
        }
    }

    #[test]
    fn any_bytes_are_batches_or_refused(bytes: Vec<u8>) {
        prop_assert!(batches(&bytes).count() <= 1 + bytes.len() / HEADER_BYTES);
    }
}
