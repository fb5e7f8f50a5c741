use super::*;

#[test]
fn a_name_with_brackets_and_spaces_moves_no_field() {
    let text = "812 (a) b (c) D 41 812 812 0 -1 4194560 98 0 0 0 0 0 0 0 20 0 7 0 5130 4096 100";
    let stat = parse_stat(text).unwrap();
    assert_eq!((stat.state, stat.parent, stat.threads), ('D', 41, 7));
    assert!(parse_stat("").is_none());
}

#[test]
fn switches_of_both_kinds_count() {
    let text = "Name:\tx\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t5\n";
    assert_eq!(parse_switches(text), Some(12));
    assert_eq!(parse_switches("voluntary_ctxt_switches:\t7\n"), None);
}
