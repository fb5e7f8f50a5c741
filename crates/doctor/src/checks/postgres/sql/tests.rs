use super::*;

#[test]
fn a_text_is_taken_to_pieces() {
    assert_eq!(
        pieces("SELECT lower(p.\"Name\") FROM p WHERE a::date>=$1"),
        [
            "select", "lower", "(", "p", ".", "Name", ")", "from", "p", "where", "a", "::", "date",
            ">", "=", "$1"
        ]
    );
    assert_eq!(pieces("\"never ends"), ["never ends"]);
}

#[test]
fn a_long_text_is_cut() {
    assert_eq!(short("SELECT 1"), "SELECT 1");
    assert_eq!(short(&"ü".repeat(121)).chars().count(), 123);
}
