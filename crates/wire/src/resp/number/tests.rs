use proptest::prelude::*;

use super::*;

#[test]
fn integers_are_read_as_strictly_as_redis_reads_them() {
    let accepted: &[(&[u8], i64)] = &[
        (b"0", 0),
        (b"7", 7),
        (b"-1", -1),
        (b"10", 10),
        (b"9223372036854775807", i64::MAX),
        (b"-9223372036854775808", i64::MIN),
    ];
    for (text, value) in accepted {
        assert_eq!(parse_i64(text), Some(*value), "{}", text.escape_ascii());
    }
    let refused: &[&[u8]] = &[
        b"",
        b"-",
        b"+1",
        b"-0",
        b"00",
        b"01",
        b"-01",
        b" 1",
        b"1 ",
        b"1\n",
        b"1.0",
        b"1e3",
        b"0x10",
        b"--1",
        b"1-",
        b"12a",
        b"1\0",
        b"9223372036854775808",
        b"-9223372036854775809",
        b"18446744073709551616",
        b"100000000000000000000000000000000000000000",
        "\u{663}".as_bytes(),
    ];
    for text in refused {
        assert_eq!(parse_i64(text), None, "{}", text.escape_ascii());
    }
}

#[test]
fn doubles_are_read_as_redis_reads_them() {
    let accepted: &[(&[u8], f64)] = &[
        (b"0", 0.0),
        (b"1.5", 1.5),
        (b"+1.5", 1.5),
        (b"-1.5", -1.5),
        (b".5", 0.5),
        (b"5.", 5.0),
        (b"1e3", 1000.0),
        (b"1E+3", 1000.0),
        (b"1e-3", 0.001),
        (b"001", 1.0),
        (b"inf", f64::INFINITY),
        (b"+INF", f64::INFINITY),
        (b"-Infinity", f64::NEG_INFINITY),
        (b"5e-324", 5e-324),
        (b"0e999999", 0.0),
        (b"0.0e-5", 0.0),
    ];
    for (text, value) in accepted {
        assert_eq!(parse_f64(text), Some(*value), "{}", text.escape_ascii());
    }
    let refused: &[&[u8]] = &[
        b"", b" 1", b"1 ", b"\t1", b"1\0", b"nan", b"-NaN", b"1e", b"e1", b".", b"+", b"1,5",
        b"1e999", b"-1e999", b"1e-999", b"0x10", b"1_0", b"\xff", b"abc", b"infin",
    ];
    for text in refused {
        assert_eq!(parse_f64(text), None, "{}", text.escape_ascii());
    }
}

/// The expected texts follow from the layout rules of Redis 7.2 (`fpconv_dtoa`).
#[test]
fn doubles_are_printed_as_redis_prints_them() {
    let cases: &[(f64, &str)] = &[
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-17.0, "-17"),
        (3.3, "3.3"),
        (10.6, "10.6"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-0.5, "-0.5"),
        (1e15, "1000000000000000"),
        (4e18, "4000000000000000000"),
        (5e18, "5e+18"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (-1.25e-7, "-1.25e-7"),
        (0.001, "0.001"),
        (0.000_001, "0.000001"),
        (0.000_000_1, "1e-7"),
        (0.001_234_567_89, "0.00123456789"),
        (0.000_123_456_789, "1.23456789e-4"),
        (0.000_123, "0.000123"),
        (0.000_012_345_678_9, "1.23456789e-5"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (1_234_567.891, "1234567.891"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
        (-f64::NAN, "nan"),
    ];
    for (value, text) in cases {
        assert_eq!(DoubleText::new(*value).as_bytes().escape_ascii().to_string(), *text);
    }
}

proptest! {
    #[test]
    fn an_integer_prints_as_the_standard_library_prints_it(value: i64) {
        let text = IntegerText::new(value);
        prop_assert_eq!(text.as_bytes().escape_ascii().to_string(), value.to_string());
        let unsigned = value.cast_unsigned();
        let unsigned_text = IntegerText::unsigned(unsigned);
        prop_assert_eq!(unsigned_text.as_bytes().escape_ascii().to_string(), unsigned.to_string());
        prop_assert_eq!(parse_i64(text.as_bytes()), Some(value));
    }

    #[test]
    fn small_integers_print_right_too(value in -20_000i64..20_000) {
        let text = IntegerText::new(value);
        prop_assert_eq!(text.as_bytes().escape_ascii().to_string(), value.to_string());
    }

    #[test]
    fn a_double_reads_back_as_itself(value: f64) {
        prop_assume!(!value.is_nan());
        let text = DoubleText::new(value);
        let read = parse_f64(text.as_bytes());
        prop_assert_eq!(read.map(f64::to_bits), Some(value.to_bits()));
    }

    #[test]
    fn any_bytes_are_a_number_or_refused(bytes: Vec<u8>) {
        let _ = parse_f64(&bytes);
        if let Some(value) = parse_i64(&bytes) {
            let text = IntegerText::new(value);
            prop_assert_eq!(text.as_bytes(), bytes.as_slice());
        }
    }
}
