use super::*;

/// Each transaction has a lock of its own, which is seen by the same read as what it locks.
#[test]
fn x01_locks_of_who_is_in_a_transaction_are_not_counted() {
    assert!(STATEMENT.contains("HAVING NOT bool_or(k.locktype = 'virtualxid')"), "{STATEMENT}");
    assert_eq!(STATEMENT.matches("FROM pg_locks").count(), 1, "one read");
}
