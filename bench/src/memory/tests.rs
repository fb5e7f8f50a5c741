use super::*;

#[test]
fn a_key_costs_what_the_memory_has_grown_by() {
    let look = |resident| Look { resident, tables: 0 };
    let args = Args { from: 1_000, to: 5_000 };
    assert!((per_key([look(1_000_000), look(1_800_000)], &args) - 200.0).abs() < 1e-9);
    assert!(per_key([look(2_000), look(1_000)], &args) < 0.0, "memory may shrink, too");
}
