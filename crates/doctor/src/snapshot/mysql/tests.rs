use super::*;

#[test]
fn versions_of_both_are_numbers_that_can_be_compared() {
    let told = |version: &str| {
        let identity = MysqlIdentity { version: version.to_owned(), ..MysqlIdentity::default() };
        (identity.number(), identity.is_mariadb())
    };
    assert_eq!(told("10.11.19-MariaDB-0+deb12u1-log"), (101_119, true));
    assert_eq!(told("5.5.5-10.3.39-MariaDB"), (100_339, true));
    assert_eq!(told("8.0.36"), (80_036, false));
    assert_eq!(told("8.4.0-debug"), (80_400, false));
    assert_eq!(told("9.1"), (90_100, false));
}

#[test]
fn a_setting_that_is_no_number_is_not_zero() {
    let variables = [("a", "7.000000"), ("b", "AUTO")];
    let variables = variables.map(|(name, it)| (name.to_owned(), it.to_owned()));
    let server = Mysql { variables: Probed::Seen(variables.into()), ..Mysql::default() };
    assert_eq!(server.number_of(&["c", "a"]), Ok(7));
    assert!(matches!(server.number_of(&["b"]), Err(Blind::Failed(_))));
    assert!(matches!(server.number_of(&["c"]), Err(Blind::Absent(_))));
}
