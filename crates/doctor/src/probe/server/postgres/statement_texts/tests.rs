use super::*;

#[test]
fn what_may_be_a_value_is_left_out() {
    let cases = [
        ("SELECT * FROM t WHERE a = $1", "SELECT * FROM t WHERE a = $1"),
        ("SELECT 'secret', 42, 4.2e7, x1 FROM t2", "SELECT ?, ?, ?, x1 FROM t2"),
        ("SELECT E'it\\'s secret' , b'101', X'ff'", "SELECT ? , ?, ?"),
        ("SELECT 'it''s secret' AS a", "SELECT ?? AS a"),
        ("SELECT $$ secret $$, $q$ secret $q$ FROM t", "SELECT ?, ? FROM t"),
        ("/* trace=secret */ SELECT a -- secret\n FROM t", "SELECT a FROM t"),
        ("SELECT \"Odd Name\" FROM t", "SELECT \"Odd Name\" FROM t"),
        ("SELECT 'never ends, secret", "SELECT ?"),
        ("SELECT 1 /* never ends, secret", "SELECT ?"),
        ("SELECT $q$ never ends, secret", "SELECT ?"),
        ("SELECT $9", "SELECT $9"),
        ("SELECT 'ü', naïve FROM t", "SELECT ?, naïve FROM t"),
    ];
    for (text, wanted) in cases {
        assert_eq!(without_literals(text), wanted, "{text}");
    }
}

#[test]
fn a_long_text_is_cut_where_a_character_begins() {
    let text = format!("SELECT {}", "ü, ".repeat(1_000));
    assert!(without_literals(&text).len() <= BYTES_MAX);
    let text = format!("SELECT {}'secret'", "a".repeat(BYTES_MAX - 10));
    assert!(!without_literals(&text).contains("se"), "{text}");
}

#[test]
fn what_may_be_of_a_string_is_left_out_and_comments_stand_within_each_other() {
    assert_eq!(
        without_literals(r"SELECT a LIKE $1 ESCAPE '\' AND p = 'secret'"),
        "SELECT a LIKE $1 ESCAPE ?"
    );
    assert_eq!(without_literals(r"SELECT E'it\'s' , 7"), "SELECT ? , ?");
    let told = without_literals("SELECT 1 /* a /* b */ secret */ FROM t");
    assert!(!told.contains("secret"), "{told}");
}
