//! Sums of decimal numbers, as INCRBYFLOAT and HINCRBYFLOAT store them.
//!
//! Redis adds in 80-bit floating point and prints 17 places, so 10.5 + 0.1 gives 10.6 there but
//! 63.351 + 95 gives 158.35100000000000001. Here the sum is made of the digits themselves.
//!
//! Invariant: as long as both numbers and the sum are below 10^21, the sum is exact to 17 places after
//! the point, to which each number is rounded first. Above, it is that of two doubles.

use super::number::parse_f64;

/// Places after the point that are kept.
const PLACES: i32 = 17;

/// Ten to the [`PLACES`].
const SCALE: u128 = 10u128.pow(PLACES.unsigned_abs());

/// Two numbers could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The first is not a number.
    #[error("the number to add to is not a valid float")]
    FirstNotANumber,
    /// The second is not a number.
    #[error("the number to add is not a valid float")]
    SecondNotANumber,
    /// One of them, or the sum, is infinite.
    #[error("increment would produce NaN or Infinity")]
    NotFinite,
}

impl DecimalError {
    /// What the client is to do next.
    pub const fn kind(&self) -> base::Kind {
        base::Kind::Invalid
    }
}

/// The sum of two numbers in any form that [`parse_f64`] takes, as decimal text without an exponent,
/// trailing zeros or a negative zero.
pub fn add_decimal(a: &[u8], b: &[u8]) -> Result<String, DecimalError> {
    let a_double = parse_f64(a).ok_or(DecimalError::FirstNotANumber)?;
    let b_double = parse_f64(b).ok_or(DecimalError::SecondNotANumber)?;
    if let (Some(a), Some(b)) = (parse_scaled(a), parse_scaled(b))
        && let Some(sum) = a.checked_add(b)
    {
        let sign = if sum < 0 { "-" } else { "" };
        let magnitude = sum.unsigned_abs();
        let text = format!("{sign}{}.{:017}", magnitude / SCALE, magnitude % SCALE);
        return Ok(trimmed(text));
    }
    let sum = a_double + b_double;
    if !sum.is_finite() {
        return Err(DecimalError::NotFinite);
    }
    Ok(trimmed(format!("{sum:.17}")))
}

/// Drops the zeros after the point, the point if nothing is left behind it, and the sign of zero.
fn trimmed(mut text: String) -> String {
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" { "0".to_owned() } else { text }
}

/// `text` times [`SCALE`], rounded half away from zero; `None` if it is not decimal or too large.
fn parse_scaled(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok()?;
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));

    // The power of ten that the next digit stands for, in the scaled number.
    let mut power =
        i32::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_add(PLACES - 1)?;
    let mut scaled = 0u128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = u128::from(digit.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        match power {
            0.. => scaled = scaled.checked_mul(10)?.checked_add(digit)?,
            -1 => scaled += u128::from(digit >= 5),
            _ => {}
        }
        power = power.saturating_sub(1);
    }
    if power >= 0 && scaled > 0 {
        let missing = power.unsigned_abs() + 1;
        scaled = scaled.checked_mul(10u128.checked_pow(missing)?)?;
    }
    let scaled = i128::try_from(scaled).ok()?;
    Some(if negative { -scaled } else { scaled })
}

#[cfg(test)]
mod tests;
