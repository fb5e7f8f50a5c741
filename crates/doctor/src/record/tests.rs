use super::*;

#[test]
fn what_a_stranger_has_named_is_one_word_of_the_shell() {
    let step = Step::psql(":5432", "shop; rm -rf /", "DROP INDEX \"it's\"", None);
    assert_eq!(step.run, r#"psql -p 5432 -d 'shop; rm -rf /' -c 'DROP INDEX "it'\''s"'"#);
    let far = Step::psql("db.example:5433", "shop", "SELECT 1", Some("SELECT 2"));
    assert_eq!(far.run, "psql -h db.example -p 5433 -d shop -c 'SELECT 1'");
    assert_eq!(far.undo.unwrap(), "psql -h db.example -p 5433 -d shop -c 'SELECT 2'");
}

#[test]
fn a_redis_is_reached_the_way_that_it_was_looked_at() {
    let run = |at: &str| Step::redis(at, "PING", None).run;
    assert_eq!(run(":6379"), "redis-cli -p 6379 PING");
    assert_eq!(run("cache.example:6380"), "redis-cli -h cache.example -p 6380 PING");
    assert_eq!(run("[2001:db8::1]:6379"), "redis-cli -h '2001:db8::1' -p 6379 PING");
    assert_eq!(run("/run/redis/it's.sock"), r"redis-cli -s '/run/redis/it'\''s.sock' PING");
    assert_eq!(run("rediss://cache.example:6380"), "redis-cli -h cache.example -p 6380 --tls PING");
    assert_eq!(run("rediss://:6380"), "redis-cli -p 6380 --tls PING");
}
