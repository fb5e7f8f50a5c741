use super::*;

/// Ids are stored: a change of this value is a change of format.
#[test]
fn the_id_of_a_key_never_changes() {
    let mut id = Vec::new();
    Keys::new(b"0123456789abcdef").put_id(&mut id, b"user:1");
    assert_eq!(id[HASH_BYTES..], *b"user:1");
    assert_eq!(id[..HASH_BYTES], [144, 225, 9, 184, 36, 109], "SipHash-1-3, computed apart");
}
