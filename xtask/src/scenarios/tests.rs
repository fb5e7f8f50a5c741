use super::*;

/// A catalogue whose scenarios have the tests `a` and `test_b`, but for the first, which has `first`.
fn catalogue() -> Catalogue {
    let line = |number: &u32| {
        let tests = if *number == 1 { "first test_first" } else { "a test_b" };
        format!("{number} | a fault | {tests}\n")
    };
    Catalogue::parse(&NUMBERS.iter().map(line).collect::<String>()).unwrap()
}

const ALL: [&str; 4] = [
    "test life::first ... ok",
    "test a ... ok",
    "blackbox/test_x.py::test_first SKIPPED (no strace)",
    "blackbox/test_x.py::test_b[1-x] PASSED [ 10%]",
];

#[test]
fn a_run_of_all_tests_lacks_nothing_also_where_one_was_skipped() {
    let mut catalogue = catalogue();
    ALL.iter().for_each(|line| catalogue.see(line));
    assert_eq!(catalogue.missing(), Vec::<String>::new());
    assert!(catalogue.table().starts_with("  1 1/2 a fault\n  2 2/2 a fault\n"));
}

#[test]
fn tests_that_ran_beside_one_another_are_seen_too() {
    let mut catalogue = catalogue();
    for line in [
        "test life::first ... ok",
        "test a ... ok",
        "[gw1] [  3%] SKIPPED blackbox/test_x.py::test_first ",
        "[gw0] [100%] PASSED blackbox/test_x.py::test_b[1 x] ",
    ] {
        catalogue.see(line);
    }
    assert_eq!(catalogue.missing(), Vec::<String>::new());
    assert!(catalogue.table().starts_with("  1 1/2 a fault\n"));
}

#[test]
fn a_test_that_is_not_there_is_named() {
    let mut catalogue = catalogue();
    ALL.iter().skip(1).for_each(|line| catalogue.see(line));
    let told = ["scenario 1: there is no test first", "scenario 1, a fault: none of its tests ran"];
    assert_eq!(catalogue.missing(), told);
}

#[test]
fn a_fault_without_a_line_and_a_line_without_a_shape_are_refused() {
    assert!(Catalogue::parse("1 | a fault | a").is_err());
    assert!(Catalogue::parse("1, a fault, a").is_err());
}

#[test]
fn the_catalogue_that_there_is_can_be_read() {
    let catalogue = Catalogue::read().unwrap();
    assert!(!catalogue.in_rust().is_empty() && !catalogue.in_black_box().is_empty());
}
