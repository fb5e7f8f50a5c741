use proptest::prelude::*;

use super::*;

fn sum(a: &str, b: &str) -> Result<String, DecimalError> {
    add_decimal(a.as_bytes(), b.as_bytes())
}

/// What Redis answers, or would answer without the noise of 80-bit numbers.
#[test]
fn sums_print_as_a_person_would_write_them() {
    let cases = [
        ("10.5", "0.1", "10.6"),
        ("5.0e3", "200", "5200"),
        ("3.0", "1.1", "4.1"),
        ("3", "1.0e2", "103"),
        ("0", "0", "0"),
        ("1", "-1", "0"),
        ("-0.0", "-0.0", "0"),
        ("-1.5", "0.25", "-1.25"),
        ("1", "-1.00000000000000001", "-0.00000000000000001"),
        ("17179869184", "1.5", "17179869185.5"),
        ("1000", "0.1", "1000.1"),
        ("63.351", "95", "158.351"),
        ("99999999999999999.99", "0.01", "100000000000000000"),
        ("0.1", "0.2", "0.3"),
        (".5", "5.", "5.5"),
        ("+1e-17", "0", "0.00000000000000001"),
        ("5e-18", "0", "0.00000000000000001"),
        ("4e-18", "0", "0"),
        ("1e-300", "1", "1"),
        ("123456789012345678901", "0.5", "123456789012345678901.5"),
        ("1.0000000000000000000000000000000000000000000000", "1", "2"),
        ("0000000000000000000000000000000000000000000001", "1", "2"),
    ];
    for (a, b, expected) in cases {
        assert_eq!(sum(a, b).as_deref(), Ok(expected), "{a} + {b}");
    }
}

#[test]
fn large_numbers_are_added_as_doubles() {
    assert_eq!(sum("1e22", "1").as_deref(), Ok("10000000000000000000000"));
    assert_eq!(sum("-1e22", "1e22").as_deref(), Ok("0"));
    assert_eq!(sum("1e300", "0").map(|text| text.len()), Ok(301));
}

#[test]
fn what_is_no_finite_number_is_named() {
    assert_eq!(sum("x", "1"), Err(DecimalError::FirstNotANumber));
    assert_eq!(sum("1", ""), Err(DecimalError::SecondNotANumber));
    assert_eq!(sum("1", " 1"), Err(DecimalError::SecondNotANumber));
    assert_eq!(sum("1", "nan"), Err(DecimalError::SecondNotANumber));
    assert_eq!(sum("1", "1e400"), Err(DecimalError::SecondNotANumber));
    assert_eq!(sum("0", "+inf"), Err(DecimalError::NotFinite));
    assert_eq!(sum("-inf", "inf"), Err(DecimalError::NotFinite));
    assert_eq!(sum("1.7e308", "1.7e308"), Err(DecimalError::NotFinite));
}

#[test]
fn exponents_at_the_edge_of_their_type_are_no_trap() {
    for exponent in [i32::MAX, i32::MIN, i32::MAX - 16, i32::MIN + 16] {
        assert_eq!(sum(&format!("0e{exponent}"), "1").as_deref(), Ok("1"));
    }
    assert_eq!(sum("0e99999999999", "1").as_deref(), Ok("1"));
}

proptest! {
    #[test]
    fn cents_never_get_lost(a in -1_000_000_000_000i64..1_000_000_000_000, b in -1_000_000_000_000i64..1_000_000_000_000) {
        let text = |cents: i64| {
            let sign = if cents < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
        };
        let expected = trimmed(text(a + b));
        prop_assert_eq!(sum(&text(a), &text(b)), Ok(expected));
    }

    #[test]
    fn a_sum_is_near_that_of_doubles(a: f64, b: f64) {
        prop_assume!(a.is_finite() && b.is_finite() && (a + b).is_finite());
        let read: f64 = sum(&a.to_string(), &b.to_string()).unwrap().parse().unwrap();
        let error = (read - (a + b)).abs();
        prop_assert!(error <= (a.abs() + b.abs()) * 1e-15 + 2e-17, "{read} against {}", a + b);
    }

    #[test]
    fn any_bytes_are_added_or_refused(a: Vec<u8>, b in "[-+0-9.eEinf]{0,12}") {
        let _ = add_decimal(&a, b.as_bytes());
        let _ = add_decimal(b.as_bytes(), b.as_bytes());
    }
}
