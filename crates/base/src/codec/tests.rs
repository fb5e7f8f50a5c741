use super::*;

#[test]
fn a_varint_reads_back_as_it_was_written_and_takes_the_length_foretold() {
    let mut values = vec![0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX];
    values.extend((0..64).map(|bit| 1u64 << bit));
    for value in values {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, value);
        assert_eq!(bytes.len(), varint_len(value));
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.varint("value"), Ok(value));
        assert!(reader.is_empty());
    }
}

#[test]
fn a_signed_varint_reads_back_and_is_short_near_zero() {
    for value in [0, -1, 1, -64, 63, i64::MIN, i64::MAX] {
        let mut bytes = Vec::new();
        put_varint_signed(&mut bytes, value);
        assert_eq!(Reader::new(&bytes).varint_signed("value"), Ok(value));
        if (-64..64).contains(&value) {
            assert_eq!(bytes.len(), 1);
        }
    }
}

#[test]
fn a_varint_that_is_cut_overlong_or_too_large_is_refused() {
    let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
    let eleven = [0x80; 11];
    for bytes in [&[][..], &[0x80], &[0x80, 0x00], &too_large, &eleven] {
        let mut reader = Reader::new(bytes);
        assert_eq!(reader.varint("value"), Err(Malformed { expected: "value" }));
        assert_eq!(reader.rest(), bytes, "a failed read takes nothing");
    }
}

#[test]
fn a_length_beyond_the_end_is_refused_before_anything_is_taken() {
    let mut bytes = Vec::new();
    put_varint(&mut bytes, u64::MAX);
    bytes.extend_from_slice(b"abc");
    assert!(Reader::new(&bytes).bytes("name").is_err());

    let mut bytes = Vec::new();
    put_bytes(&mut bytes, b"abc");
    assert_eq!(Reader::new(&bytes).bytes("name"), Ok(&b"abc"[..]));
}
