use super::*;

#[test]
fn a_password_of_the_environment_is_put_where_the_address_has_none() {
    let with = |url: &str| with_password(url, Some("a b/@".to_owned()));
    assert_eq!(with("postgres://me@db:1/app"), "postgres://me:a%20b%2F%40@db:1/app");
    assert_eq!(with("postgres://me:own@db/app"), "postgres://me:own@db/app");
    assert_eq!(with("redis://127.0.0.1:6379"), "redis://:a%20b%2F%40@127.0.0.1:6379");
    assert_eq!(with_password("redis://db", None), "redis://db");
}

#[test]
fn a_server_is_here_by_the_names_that_every_machine_has_for_itself() {
    let here =
        |url: &str| is_here(&Endpoint { kind: Target::Redis, url: url.to_owned(), named: true });
    assert!(
        here("redis://:x@localhost:6379/0") && here("postgres:///app") && here("redis://[::1]:1")
    );
    assert!(!here("redis://localhost.example") && !here("postgres://me@db/localhost"));
}
