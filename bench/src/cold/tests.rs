use super::*;

#[test]
fn what_did_not_make_another_leave_was_in_memory() {
    assert!((in_memory(80.0, 100) - 0.2).abs() < 1e-9);
    assert!(in_memory(120.0, 100).abs() < 1e-9, "the evictor may run ahead");
}
