use std::collections::HashSet;

use super::*;

#[test]
fn every_key_is_visited_before_one_comes_again() {
    for keys in [1, 2, 3, 1000, 4096, 99_991] {
        let order = Scatter::new(keys);
        let seen: HashSet<u64> = (0..keys).map(|at| order.key(at)).collect();
        assert_eq!(seen.len() as u64, keys, "of {keys}");
        assert!(seen.iter().all(|key| *key < keys));
    }
}

#[test]
fn neighbours_in_the_order_are_no_neighbours_among_the_keys() {
    for keys in [100_000, 1_342_177, 5_000_000] {
        let order = Scatter::new(keys);
        let near = (0..1000).filter(|&at| order.key(at).abs_diff(order.key(at + 1)) < 1000);
        assert_eq!(near.count(), 0, "of {keys}");
    }
}

#[test]
fn of_no_keys_it_is_the_first() {
    assert_eq!(Scatter::new(0).key(7), 0);
}
