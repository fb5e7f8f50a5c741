use super::*;

fn identity() -> Identity {
    Identity {
        store: StoreId([7; 16]),
        hash_key: [9; 16],
        created_at: 1_700_000_000_000,
        created_by: "groundsill 0.1.0".into(),
    }
}

#[test]
fn an_identity_reads_back() {
    assert_eq!(Identity::decode(&identity().encode()).unwrap(), identity());
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = identity().encode();
    for bit in 0..BYTES * 8 {
        let mut flipped = bytes;
        flipped[bit / 8] ^= 1 << (bit % 8);
        let error = Identity::decode(&flipped).unwrap_err();
        assert!(error.downcast_ref::<Damaged>().is_some(), "bit {bit}: {error}");
    }
}

#[test]
fn a_newer_format_is_refused_naming_both() {
    let mut bytes = identity().encode();
    bytes[8] = 2;
    bytes[CHECKSUM].fill(0);
    let checksum = crc32c::crc32c(&bytes);
    bytes[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    let error = Identity::decode(&bytes).unwrap_err().to_string();
    assert!(error.contains("format 2") && error.contains("up to 1"), "{error}");
}

#[test]
fn another_program_s_file_is_not_taken_for_ours() {
    assert!(
        Identity::decode(b"SQLite format 3")
            .unwrap_err()
            .to_string()
            .contains("not a Groundsill directory")
    );
}
