use super::*;

#[test]
fn replies_are_charged_before_they_are_there_and_given_back_after() {
    let budget = Arc::new(Budget::new(10 << 20));
    let (one, other) = (Outgoing::new(Arc::clone(&budget)), Outgoing::new(Arc::clone(&budget)));
    one.restart(1_000);
    assert_eq!(budget.taken(), 0, "small ones are not worth it");
    one.take(3 << 20).unwrap();
    assert_eq!(budget.taken(), 6 << 20);
    let refusal = other.take(3 << 20).unwrap_err();
    assert_eq!(refusal.code, "LIMIT");
    assert_eq!(budget.taken(), 6 << 20);
    other.grow_to(1 << 20).unwrap();
    other.grow_to(5 << 20).unwrap_err();
    one.restart(0);
    other.grow_to(4 << 20).unwrap();
    drop(other);
    assert_eq!(budget.taken(), 0);
}
