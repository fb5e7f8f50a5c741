use std::collections::BTreeMap;

use super::*;

#[test]
fn packed_content_is_a_small_ordered_map() {
    let mut twin: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut content = Vec::new();
    let mut seed = 7u32;
    for _ in 0..2_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let suffix = vec![b'a' + (seed >> 24) as u8 % 9; (seed >> 20) as usize % 4];
        let value = (!seed.is_multiple_of(3))
            .then(|| seed.to_le_bytes()[..(seed >> 8) as usize % 5].to_vec());
        let mut next = Vec::new();
        let place = place(&content, &suffix);
        let len = place.len_with(&content, &suffix, value.as_deref());
        place.replace(&mut next, &content, &suffix, value.as_deref());
        assert_eq!(len, next.len());
        assert_eq!(place.others, twin.keys().filter(|key| **key != suffix).count());
        content = next;
        match value {
            Some(value) => twin.insert(suffix.clone(), value),
            None => twin.remove(&suffix),
        };
        assert_eq!(check(&content), Ok(()));
        assert_eq!(get(&content, &suffix), twin.get(&suffix).map(Vec::as_slice));
        assert!(
            rows(&content)
                .map(|row| (row.suffix, row.value))
                .eq(twin.iter().map(|(suffix, value)| (suffix.as_slice(), value.as_slice())))
        );
        assert_eq!(
            content.len(),
            twin.iter().map(|(suffix, value)| row_len(suffix, value)).sum::<usize>()
        );
    }
}

#[test]
fn content_out_of_order_or_cut_is_refused() {
    let mut content = Vec::new();
    push(&mut content, b"b", b"1");
    push(&mut content, b"a", b"2");
    assert!(check(&content).is_err());
    assert!(check(&content[..3]).is_err());
    let mut twice = Vec::new();
    push(&mut twice, b"a", b"1");
    push(&mut twice, b"a", b"1");
    assert!(check(&twice).is_err());
}
