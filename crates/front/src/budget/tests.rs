use super::*;

#[test]
fn shares_never_exceed_the_budget_and_are_given_back() {
    let budget = Arc::new(Budget::new(100));
    let (mut one, mut other) = (Share::new(Arc::clone(&budget)), Share::new(Arc::clone(&budget)));
    one.resize(60).unwrap();
    assert_eq!(other.resize(41), Err(Spent { bytes_max: 100 }));
    assert_eq!(budget.taken(), 60, "what was refused was not taken");
    other.resize(40).unwrap();
    one.resize(10).unwrap();
    assert_eq!(budget.taken(), 50);
    drop(other);
    one.resize(100).unwrap();
    drop(one);
    assert_eq!(budget.taken(), 0);
}

#[test]
fn a_size_beyond_counting_is_refused() {
    let budget = Arc::new(Budget::new(usize::MAX));
    let (mut one, mut other) = (Share::new(Arc::clone(&budget)), Share::new(Arc::clone(&budget)));
    one.resize(2).unwrap();
    assert!(other.resize(usize::MAX - 1).is_err());
}
