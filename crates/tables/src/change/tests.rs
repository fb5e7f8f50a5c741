use std::collections::HashMap;

use super::*;

#[test]
fn the_row_applied_is_eight_bytes_little_endian() {
    let row = applied_row(Sequence(0x0102));
    assert_eq!(&*row.key, b"\0applied");
    let value = row.value.unwrap();
    assert_eq!(&*value, &[2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(parse_applied(&value), Some(Sequence(0x0102)));
    assert_eq!(parse_applied(&value[1..]), None);
}

#[test]
fn a_value_is_found_by_its_bytes() {
    let long = vec![7; 100];
    let map = HashMap::from([(Value::from(b"a"), 1), (Value::from(long.clone()), 2)]);
    assert_eq!(map.get(b"a".as_slice()), Some(&1));
    assert_eq!(map.get(long.as_slice()), Some(&2));
    assert!(Value::from(b"b") > Value::from(b"ab"));
    assert_eq!(format!("{:?}", Value::from(b"a\0")), "\"a\\x00\"");
}
