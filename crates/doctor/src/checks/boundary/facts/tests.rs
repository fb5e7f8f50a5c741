use super::*;
use crate::ground;

fn with<T>(facts: &[(&str, &str)], look: impl FnOnce(&Window<'_>) -> T) -> T {
    let (before, mut after) =
        (ground::moment(1, ground::host()), ground::moment(2, ground::host()));
    after.facts = facts.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect();
    look(&Window { before: &before, after: &after })
}

#[test]
fn times_have_units_and_a_bare_number_is_of_seconds() {
    for (text, ms) in [
        ("500ms", 500),
        ("60", 60_000),
        ("60s", 60_000),
        ("2m", 120_000),
        ("8h", 28_800_000),
        ("7d", 604_800_000),
    ] {
        assert_eq!(parse_time(text), Some(Duration::from_millis(ms)), "{text}");
    }
    for text in ["", "s", "-1s", "1.5s", "1w", "99999999999999999d"] {
        assert_eq!(parse_time(text), None, "{text}");
    }
}

#[test]
fn a_check_of_facts_does_not_apply_without_any_and_names_the_one_that_is_missing() {
    let names = ["lock-ttl", "handler-p99"];
    let of = |facts: &[(&str, &str)]| with(facts, |window| times(window, names));
    assert!(
        matches!(of(&[]), Err(Blind::OutOfPlace(why)) if why.contains("--fact lock-ttl=... --fact handler-p99=..."))
    );
    assert_eq!(of(&[("lock-ttl", "30s")]), Err(missing("handler-p99")));
    assert!(matches!(of(&[("lock-ttl", "long"), ("handler-p99", "1s")]), Err(Blind::Denied(_))));
    let both = of(&[("lock-ttl", "30s"), ("handler-p99", "1500ms")]).unwrap();
    assert_eq!(both.map(told), ["30 s", "1.5 s"]);
}
