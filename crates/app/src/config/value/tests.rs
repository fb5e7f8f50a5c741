use super::*;

#[test]
fn sizes_and_times_are_read_with_their_units() {
    assert_eq!(parse_bytes("64MiB").unwrap(), 64 << 20);
    assert_eq!(parse_bytes("1 GiB").unwrap(), 1 << 30);
    assert_eq!(parse_bytes("512").unwrap(), 512);
    assert_eq!(parse_time("100ms").unwrap(), Duration::from_millis(100));
    assert_eq!(parse_time("7d").unwrap(), Duration::from_hours(7 * 24));
}

#[test]
fn nonsense_is_refused() {
    for text in ["", "x", "-1", "12q", "99999999999999999999", "20000000TiB"] {
        assert!(parse_bytes(text).is_err(), "{text}");
    }
    for text in ["", "10", "s", "1y", "99999999999999999999d"] {
        assert!(parse_time(text).is_err(), "{text}");
    }
    assert!(parse_count("-1").is_err() && parse_address("localhost").is_err());
}
