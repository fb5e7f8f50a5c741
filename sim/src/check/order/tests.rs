use super::*;

fn edges(pairs: &[(usize, usize)]) -> Edges {
    let mut edges = Edges::new();
    pairs.iter().for_each(|(before, after)| add(&mut edges, *before, *after, Edge::Ww));
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

#[test]
fn a_circle_is_called_after_what_it_takes_to_see_it() {
    use Edge::{Rw, Wr, Ww};
    for (first, second, name) in
        [(Ww, Ww, "G0"), (Ww, Wr, "G1c"), (Wr, Wr, "G1c"), (Ww, Rw, "G-single"), (Rw, Rw, "G2")]
    {
        let mut edges = Edges::new();
        add(&mut edges, 1, 2, first);
        add(&mut edges, 2, 1, second);
        let circle = circle(&edges).unwrap();
        assert_eq!(anomaly(&edges, &circle), name);
    }
}

#[test]
fn of_two_reasons_the_stronger_counts() {
    let mut edges = Edges::new();
    add(&mut edges, 1, 2, Edge::Rw);
    add(&mut edges, 1, 2, Edge::Ww);
    add(&mut edges, 1, 2, Edge::Wr);
    assert_eq!(edges[&1][&2], Edge::Ww);
}
