use super::*;

fn edges(pairs: &[(usize, usize)]) -> Edges {
    let mut edges = Edges::new();
    pairs.iter().for_each(|(before, after)| add(&mut edges, *before, *after));
    edges
}

#[test]
fn a_circle_is_found_and_a_line_is_none() {
    assert_eq!(circle(&edges(&[(1, 2), (2, 3), (1, 3), (4, 3)])), None);
    let mut found = circle(&edges(&[(9, 1), (1, 2), (2, 3), (3, 1), (3, 4)])).unwrap();
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3]);
}

#[test]
fn nobody_comes_before_himself() {
    assert_eq!(circle(&edges(&[(1, 1)])), None);
}
