//! Bytes to numbers and back, bounded: what log frames, rows and identity files are made of.
//!
//! A varint is LEB128, least significant group first, at most ten bytes, in its shortest form (a
//! longer form is refused, so that equal values have equal bytes). Fixed numbers are little-endian,
//! except in row keys, where they are big-endian so that byte order is numeric order.

use std::fmt;

/// The bytes end too early, or hold a number or a length that no encoder writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What was being read.
    pub expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed bytes where {} was expected", self.expected)
    }
}

impl std::error::Error for Malformed {}

/// The most bytes that a varint takes.
pub const VARINT_BYTES_MAX: usize = 10;

/// Appends `value` as a varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low seven bits are what is meant"
        )]
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(value as u8);
}

/// Appends the length of `bytes` as a varint, then `bytes`.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The number of bytes that [`put_varint`] writes for `value`.
#[must_use]
pub const fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends `value` so that signed numbers near zero are short: zigzag, then varint.
pub fn put_varint_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
}

/// Reads from the front of a byte slice, never past its end.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Malformed { expected })?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Malformed { expected })?;
        self.rest = rest;
        Ok(*head)
    }

    /// The next byte.
    pub fn u8(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        self.array::<1>(expected).map(|[byte]| byte)
    }

    /// The next two bytes, little-endian.
    pub fn u16(&mut self, expected: &'static str) -> Result<u16, Malformed> {
        self.array(expected).map(u16::from_le_bytes)
    }

    /// The next four bytes, little-endian.
    pub fn u32(&mut self, expected: &'static str) -> Result<u32, Malformed> {
        self.array(expected).map(u32::from_le_bytes)
    }

    /// The next eight bytes, little-endian.
    pub fn u64(&mut self, expected: &'static str) -> Result<u64, Malformed> {
        self.array(expected).map(u64::from_le_bytes)
    }

    /// The next eight bytes, big-endian: a number in a row key.
    pub fn u64_ordered(&mut self, expected: &'static str) -> Result<u64, Malformed> {
        self.array(expected).map(u64::from_be_bytes)
    }

    /// The next varint.
    pub fn varint(&mut self, expected: &'static str) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().enumerate().take(VARINT_BYTES_MAX) {
            let group = u64::from(byte & 0x7f);
            let overflows = at == VARINT_BYTES_MAX - 1 && group > 1;
            let overlong = at > 0 && byte == 0;
            if overflows || overlong {
                break;
            }
            value |= group << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(Malformed { expected })
    }

    /// The next zigzag varint.
    pub fn varint_signed(&mut self, expected: &'static str) -> Result<i64, Malformed> {
        let raw = self.varint(expected)?;
        Ok((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()))
    }

    /// The next varint, as a length that fits what is left.
    pub fn len(&mut self, expected: &'static str) -> Result<usize, Malformed> {
        let len = usize::try_from(self.varint(expected)?).unwrap_or(usize::MAX);
        if len > self.rest.len() {
            return Err(Malformed { expected });
        }
        Ok(len)
    }

    /// The next varint length and as many bytes.
    pub fn bytes(&mut self, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let len = self.len(expected)?;
        self.take(len, expected)
    }
}

#[cfg(test)]
mod tests;
