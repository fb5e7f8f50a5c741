use super::*;

#[test]
fn counters_are_added_up_over_processors_and_entries_are_not() {
    let text = "\
entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000010 00000003 00000000  00000000 00000000 00000000 00000000
00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001 00000020 00000000 00000000  00000000 00000000 00000000 00000000
";
    let found = tracked("net:[1]".to_owned(), None, &parse(text).unwrap());
    assert_eq!((found.count, found.dropped, found.evicted, found.collided), (262_144, 48, 3, 2));
    assert_eq!(parse("entries drop\n1 2\n"), None, "what is not there is not zero");
}
