use super::*;

#[test]
fn the_soft_limit_is_read_and_none_is_none() {
    let text = "\
Limit                     Soft Limit           Hard Limit           Units
Max processes             96551                96551                processes
Max open files            1024                 524288               files
";
    assert_eq!(parse_limit(text), Some(1024));
    assert_eq!(
        parse_limit("Max open files            unlimited            unlimited            files\n"),
        None
    );
    assert_eq!(parse_limit(""), None);
}
