use super::*;

#[test]
fn what_did_not_make_another_leave_was_in_memory() {
    assert!((in_memory(80.0, 100) - 0.2).abs() < 1e-9);
    assert!(in_memory(120.0, 100).abs() < 1e-9, "the evictor may run ahead");
}

#[test]
fn a_median_lies_within_its_bucket() {
    let before = [(10e-6, 5.0), (20e-6, 5.0), (f64::INFINITY, 6.0)];
    let after = [(10e-6, 15.0), (20e-6, 45.0), (f64::INFINITY, 46.0)];
    // Ten, thirty and none: the twentieth is a third into the second.
    let us = median(&before, &after).unwrap();
    assert!((us - 13.333).abs() < 0.01, "{us}");
    assert_eq!(median(&after, &after), None);
    assert_eq!(median(&before, &[(10e-6, 5.0), (20e-6, 5.0), (f64::INFINITY, 9.0)]), None);
}
