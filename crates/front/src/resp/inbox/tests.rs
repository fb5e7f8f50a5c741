use super::*;

fn inbox(bytes_max: usize) -> (Inbox, Arc<Budget>) {
    let budget = Arc::new(Budget::new(bytes_max));
    (Inbox::new(Arc::clone(&budget)), budget)
}

#[test]
fn what_is_received_is_charged_and_given_back_when_it_has_been_run() {
    let (mut inbox, budget) = inbox(1 << 20);
    assert_eq!(inbox.append(&vec![7; 300_000]), Received::Bytes(300_000));
    assert_eq!(inbox.bytes().len(), 300_000);
    assert!(budget.taken() >= 300_000, "{}", budget.taken());
    inbox.release(299_990);
    assert_eq!(inbox.bytes(), [7; 10]);
    assert!(budget.taken() <= 4 * READ_BYTES, "{}", budget.taken());
    inbox.release(10);
    inbox.rest();
    assert_eq!(budget.taken(), 0);
}

#[test]
fn a_connection_beyond_the_budget_is_told_and_the_others_keep_their_share() {
    let budget = Arc::new(Budget::new(100_000));
    let (mut one, mut other) = (Inbox::new(Arc::clone(&budget)), Inbox::new(Arc::clone(&budget)));
    assert_eq!(one.append(&vec![1; 60_000]), Received::Bytes(60_000));
    let spent = Spent { bytes_max: 100_000 };
    assert_eq!(other.append(&vec![2; 60_000]), Received::Spent(spent));
    assert_eq!(other.append(&vec![2; 1_000]), Received::Bytes(1_000));
    assert_eq!(
        one.append(&vec![1; 10_000]),
        Received::Bytes(10_000),
        "exactly what is needed, if not twice"
    );
    drop(one);
    assert_eq!(other.append(&vec![2; 60_000]), Received::Bytes(60_000));
}

#[test]
fn a_small_request_leaves_no_large_room_behind() {
    let (mut inbox, budget) = inbox(1 << 20);
    for _ in 0..3 {
        assert_eq!(inbox.append(&[1; 100]), Received::Bytes(100));
        inbox.release(100);
        inbox.rest();
        assert!(budget.taken() <= KEPT_BYTES, "{}", budget.taken());
    }
}
