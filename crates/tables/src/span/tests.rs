use std::collections::BTreeSet;
use std::ops::Bound;

use super::span;
use crate::{KEY_BYTES_MAX, Value};

/// Keys around the bounds, the longest ones among them.
fn keys() -> Vec<Vec<u8>> {
    let longest = vec![b'm'; KEY_BYTES_MAX];
    let mut above = longest.clone();
    *above.last_mut().unwrap() += 1;
    vec![b"a".to_vec(), b"b".to_vec(), b"ba".to_vec(), longest, above, b"z".to_vec()]
}

#[test]
fn a_span_holds_exactly_the_keys_that_its_bounds_do() {
    let stored: BTreeSet<Value> = keys().into_iter().map(Value::from).collect();
    let mut ends = keys();
    ends.push(Vec::new());
    ends.push([vec![b'm'; KEY_BYTES_MAX], b"m".to_vec()].concat());
    let bounds: Vec<Bound<&[u8]>> = ends
        .iter()
        .flat_map(|end| [Bound::Included(end.as_slice()), Bound::Excluded(end.as_slice())])
        .chain([Bound::Unbounded])
        .collect();
    let mut kept = 0;
    for &from in &bounds {
        for &to in &bounds {
            let inside = |key: &&Value| {
                let after = match from {
                    Bound::Included(from) => &***key >= from,
                    Bound::Excluded(from) => &***key > from,
                    Bound::Unbounded => true,
                };
                let before = match to {
                    Bound::Included(to) => &***key <= to,
                    Bound::Excluded(to) => &***key < to,
                    Bound::Unbounded => true,
                };
                after && before
            };
            let expected: Vec<_> = stored.iter().filter(inside).collect();
            // The range of an ordered set panics at what a span must never be.
            let found: Vec<_> = span(from, to)
                .map(|range| stored.range::<[u8], _>(range).collect())
                .unwrap_or_default();
            assert_eq!(found, expected);
            kept += found.len();
        }
    }
    assert!(kept > 100);
}
