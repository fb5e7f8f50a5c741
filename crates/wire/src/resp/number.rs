//! Numbers as Redis reads and prints them.
//!
//! Knows no command. Source: `string2ll`, `string2d`, `ll2string` and `d2string` of Redis 7.2.

use std::io::Write;

/// The most bytes that an integer takes as text: `-9223372036854775808`.
pub const INTEGER_TEXT_BYTES_MAX: usize = 20;

/// The most bytes that a double takes as text, with room to spare.
pub const DOUBLE_TEXT_BYTES_MAX: usize = 32;

/// Parses a 64-bit integer in the one form that Redis prints it in: no blanks, no `+`, no leading
/// zeros, no `-0`.
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let magnitude = match digits {
        [b'0'] if !negative => 0,
        [b'1'..=b'9', ..] if text.len() <= INTEGER_TEXT_BYTES_MAX => {
            digits.iter().try_fold(0u64, |sum, &digit| {
                let digit = digit.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                sum.checked_mul(10)?.checked_add(u64::from(digit))
            })?
        }
        _ => return None,
    };
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// Parses a double: decimal, with or without exponent, or `inf`, `infinity` in any case, with or
/// without a sign. Refuses blanks, `nan`, what is too large for a double, and what is so small that it
/// would become zero. Hexadecimal, which Redis leaves to the C library, is refused.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if value.is_nan() {
        return None;
    }
    if value.is_infinite() {
        let names_it = text.iter().any(|byte| byte.eq_ignore_ascii_case(&b'i'));
        return names_it.then_some(value);
    }
    if value == 0.0 {
        let mut mantissa = text.iter().take_while(|byte| !byte.eq_ignore_ascii_case(&b'e'));
        let underflows = mantissa.any(|byte| matches!(byte, b'1'..=b'9'));
        return (!underflows).then_some(value);
    }
    Some(value)
}

/// An integer as decimal text.
#[derive(Clone, Copy, Debug)]
pub struct IntegerText {
    bytes: [u8; INTEGER_TEXT_BYTES_MAX],
    start: usize,
}

impl IntegerText {
    /// The text of `value`.
    pub fn new(value: i64) -> Self {
        let mut text = Self::unsigned(value.unsigned_abs());
        if value < 0 {
            text.push_front(b'-');
        }
        text
    }

    /// The text of `value`.
    pub fn unsigned(value: u64) -> Self {
        let mut text = Self { bytes: [0; INTEGER_TEXT_BYTES_MAX], start: INTEGER_TEXT_BYTES_MAX };
        let mut rest = value;
        while rest >= 100 {
            let [tens, ones] = pair(rest % 100);
            rest /= 100;
            text.push_front(ones);
            text.push_front(tens);
        }
        let [tens, ones] = pair(rest);
        text.push_front(ones);
        if rest >= 10 {
            text.push_front(tens);
        }
        text
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn push_front(&mut self, byte: u8) {
        if let Some(before) = self.start.checked_sub(1)
            && let Some(place) = self.bytes.get_mut(before)
        {
            *place = byte;
            self.start = before;
        }
    }
}

impl AsRef<[u8]> for IntegerText {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// The digits of 0 to 99, two each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut value = 0u8;
    while value < 100 {
        pairs[value as usize] = [b'0' + value / 10, b'0' + value % 10];
        value += 1;
    }
    pairs
};

/// The two digits of a number below 100.
fn pair(value: u64) -> [u8; 2] {
    usize::try_from(value).ok().and_then(|at| PAIRS.get(at)).copied().unwrap_or_default()
}

/// A double as text that reads back as the same double: an integer without a point where it is one
/// and safely so, else the fewest digits that suffice, with an exponent where that is shorter.
#[derive(Clone, Copy, Debug)]
pub struct DoubleText {
    bytes: [u8; DOUBLE_TEXT_BYTES_MAX],
    len: usize,
}

/// Doubles beyond 2^62 are not printed as integers.
const INTEGER_MAX: f64 = 4_611_686_018_427_387_904.0;

impl DoubleText {
    /// The text of `value`.
    pub fn new(value: f64) -> Self {
        let mut text = Self { bytes: [0; DOUBLE_TEXT_BYTES_MAX], len: 0 };
        if value.is_nan() {
            text.push(b"nan");
        } else if value.is_infinite() {
            text.push(if value < 0.0 { b"-inf" } else { b"inf" });
        } else if value == 0.0 {
            text.push(if value.is_sign_negative() { b"-0" } else { b"0" });
        } else if value.abs() <= INTEGER_MAX && value.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within the bound")]
            let whole = value as i64;
            text.push(IntegerText::new(whole).as_bytes());
        } else {
            text.push_shortest(value);
        }
        text
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The shortest digits are those of the standard library; only their layout is decided here.
    fn push_shortest(&mut self, value: f64) {
        let mut scratch = [0u8; DOUBLE_TEXT_BYTES_MAX];
        let mut free = scratch.as_mut_slice();
        // The longest is "-d.dddddddddddddddde-ddd", 24 bytes: it fits, so the write cannot fail.
        let written =
            write!(free, "{:e}", value.abs()).map(|()| DOUBLE_TEXT_BYTES_MAX - free.len());
        let scientific = scratch.get(..written.unwrap_or(0)).unwrap_or_default();
        let mut parts = scientific.split(|&byte| byte == b'e');
        let mantissa = parts.next().unwrap_or_default();
        let exponent = parts.next().and_then(parse_i64).unwrap_or(0);

        let mut digits = [0u8; DOUBLE_TEXT_BYTES_MAX];
        let mut count = 0;
        for (place, &digit) in digits.iter_mut().zip(mantissa.iter().filter(|&&b| b != b'.')) {
            *place = digit;
            count += 1;
        }
        if value < 0.0 {
            self.push(b"-");
        }
        self.push_digits(digits.get(..count).unwrap_or_default(), exponent);
    }

    /// Lays out `d.ddd` times ten to the `exponent`.
    fn push_digits(&mut self, digits: &[u8], exponent: i64) {
        let count = i64::try_from(digits.len()).unwrap_or(0);
        // The last digit stands for ten to the `last`.
        let last = exponent - (count - 1);
        if last >= 0 && exponent.abs() < count + 7 {
            self.push(digits);
            (0..last).for_each(|_| self.push(b"0"));
        } else if last < 0 && (last > -7 || exponent.abs() < 4) {
            let whole = usize::try_from(exponent + 1).unwrap_or(0);
            if whole == 0 {
                self.push(b"0.");
                (exponent + 1..0).for_each(|_| self.push(b"0"));
                self.push(digits);
            } else {
                let (whole, fraction) = digits.split_at_checked(whole).unwrap_or((digits, b""));
                self.push(whole);
                self.push(b".");
                self.push(fraction);
            }
        } else {
            let (first, others) = digits.split_at_checked(1).unwrap_or((digits, b""));
            self.push(first);
            if !others.is_empty() {
                self.push(b".");
                self.push(others);
            }
            self.push(if exponent < 0 { b"e-" } else { b"e+" });
            self.push(IntegerText::unsigned(exponent.unsigned_abs()).as_bytes());
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        } else {
            debug_assert!(false, "a double's text is longer than {DOUBLE_TEXT_BYTES_MAX} bytes");
        }
    }
}

impl AsRef<[u8]> for DoubleText {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

#[cfg(test)]
mod tests;
