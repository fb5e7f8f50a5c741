use super::*;

/// The values that Kafka's own tests of `Utils.murmur2` expect.
#[test]
fn keys_are_hashed_as_kafka_clients_hash_them() {
    let cases: [(&[u8], i32); 6] = [
        (b"21", -973_932_308),
        (b"foobar", -790_332_482),
        (b"a-little-bit-long-string", -985_981_536),
        (b"a-little-bit-longer-string", -1_486_304_829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        (b"abc", 479_470_107),
    ];
    for (key, hash) in cases {
        assert_eq!(murmur2(key).cast_signed(), hash, "{}", key.escape_ascii());
    }
}

#[test]
fn a_head_reads_back_and_a_cut_one_is_refused() {
    let head = Head {
        records: Generation(7),
        first: 3,
        next: 1 << 40,
        bytes: 99,
        max_timestamp_ms: 1 << 41,
    };
    let row = encode(&head);
    assert_eq!(decode(&row), Ok(head));
    assert!((0..row.len()).all(|len| decode(&row[..len]).is_err()));
}

#[test]
fn a_record_is_a_time_and_a_batch_and_a_cut_one_is_refused() {
    assert_eq!(split_record(b"\0\0\0\0\0\0\x01\x02batch"), Ok((258, 8)));
    assert!(split_record(b"\0\0\0\0\0\0\x01").is_err());
}
