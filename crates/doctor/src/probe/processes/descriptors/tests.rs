use super::*;

#[test]
fn both_limits_are_read_and_none_is_none() {
    let text = "\
Limit                     Soft Limit           Hard Limit           Units
Max processes             96551                96551                processes
Max open files            1024                 524288               files
";
    assert_eq!(parse_limits(text), Some((1024, Some(524_288))));
    assert_eq!(parse_limits("Max open files  1024  unlimited  files\n"), Some((1024, None)));
    assert_eq!(parse_limits("Max open files  unlimited  unlimited  files\n"), None);
    assert_eq!(parse_limits(""), None);
}
