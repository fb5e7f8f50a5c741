use super::*;

#[test]
fn what_a_stranger_has_named_is_one_word_of_the_shell() {
    let step = Step::psql(":5432", "shop; rm -rf /", "DROP INDEX \"it's\"", None);
    assert_eq!(step.run, r#"psql -p 5432 -d 'shop; rm -rf /' -c 'DROP INDEX "it'\''s"'"#);
    let far = Step::psql("db.example:5433", "shop", "SELECT 1", Some("SELECT 2"));
    assert_eq!(far.run, "psql -h db.example -p 5433 -d shop -c 'SELECT 1'");
    assert_eq!(far.undo.unwrap(), "psql -h db.example -p 5433 -d shop -c 'SELECT 2'");
}
