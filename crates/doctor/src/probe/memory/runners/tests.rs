use super::*;

#[test]
fn the_first_number_is_how_long_it_ran_and_the_second_how_long_it_waited() {
    assert_eq!(parse("93258 75572 2\n"), Some((93_258, 75_572)));
    assert_eq!(parse(""), None);
    assert_eq!(parse("93258\n"), None);
}

#[test]
fn this_test_has_run() {
    let found = look(false);
    let found = found.seen().unwrap();
    let own = found.processes.iter().find(|it| it.process.pid == std::process::id()).unwrap();
    assert!(own.ran_ns > 0 && own.threads > 0, "{own:?}");
}
