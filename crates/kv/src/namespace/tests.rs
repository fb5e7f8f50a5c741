use super::*;

fn entry() -> Entry {
    let part =
        |space| Part { space: Space(space), complete: Arc::default(), since: Sequence::ZERO };
    Entry {
        tenant: Tenant(3),
        durability: Durability::Relaxed,
        parts: [part(10), part(11), part(12)],
    }
}

#[test]
fn a_catalogue_row_reads_back_and_is_not_taken_for_complete() {
    let mut bytes = Vec::new();
    entry().encode(&mut bytes);
    let again = Entry::decode(&bytes).unwrap();
    assert_eq!((again.tenant, again.durability), (Tenant(3), Durability::Relaxed));
    for layer in LAYERS {
        assert_eq!(again.part(layer).space, entry().part(layer).space);
        assert!(!again.part(layer).is_complete());
    }
}

#[test]
fn a_catalogue_row_that_is_cut_longer_or_unknown_is_refused() {
    let mut bytes = Vec::new();
    entry().encode(&mut bytes);
    for len in 0..bytes.len() {
        assert!(Entry::decode(&bytes[..len]).is_err());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Entry::decode(&longer).is_err());
    bytes[4] = 9;
    assert!(Entry::decode(&bytes).is_err());
}
