use super::*;

/// Such a column is never analysed, as nothing of it is stored.
#[test]
fn p09_a_column_that_is_computed_when_it_is_read_is_not_waited_for() {
    assert!(TABLES.contains("AND a.attgenerated <> 'v'"), "{TABLES}");
}
