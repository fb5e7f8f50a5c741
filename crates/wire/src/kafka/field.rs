//! The fields that messages are made of, read from a frame and written to one.
//!
//! Numbers are big-endian. In *flexible* versions lengths and counts are varints of one more than
//! their value, zero standing for null, and a structure ends in tagged fields; before, they are i16
//! (strings) or i32 (bytes, arrays), and -1 stands for null.

use base::codec::{Malformed, Reader};

use super::{Error, TopicId};

/// Reads the fields of one frame.
pub(super) struct Fields<'a> {
    reader: Reader<'a>,
    flexible: bool,
    elements_left: u32,
    elements_max: u32,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(bytes: &'a [u8], elements_max: u32) -> Self {
        Self {
            reader: Reader::new(bytes),
            flexible: false,
            elements_left: elements_max,
            elements_max,
        }
    }

    /// How lengths are read from here on.
    pub(super) const fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    /// Refuses bytes that no field accounts for, unless there are exactly `left_over`.
    pub(super) fn end(&self, left_over: usize) -> Result<(), Error> {
        let left = self.reader.rest().len();
        if left == 0 || left == left_over { Ok(()) } else { Err(Error::TrailingBytes) }
    }

    fn array_of_bytes<const N: usize>(&mut self, expected: &'static str) -> Result<[u8; N], Error> {
        let bytes = self.reader.take(N, expected)?;
        bytes.try_into().ok().ok_or(Error::Malformed { expected })
    }

    pub(super) fn boolean(&mut self, expected: &'static str) -> Result<bool, Error> {
        Ok(self.reader.u8(expected)? != 0)
    }

    pub(super) fn i8(&mut self, expected: &'static str) -> Result<i8, Error> {
        Ok(self.reader.u8(expected)?.cast_signed())
    }

    pub(super) fn i16(&mut self, expected: &'static str) -> Result<i16, Error> {
        self.array_of_bytes(expected).map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self, expected: &'static str) -> Result<i32, Error> {
        self.array_of_bytes(expected).map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self, expected: &'static str) -> Result<i64, Error> {
        self.array_of_bytes(expected).map(i64::from_be_bytes)
    }

    pub(super) fn topic_id(&mut self, expected: &'static str) -> Result<TopicId, Error> {
        self.array_of_bytes(expected)
    }

    fn varint(&mut self, expected: &'static str) -> Result<u32, Error> {
        let value = read_varint(&mut self.reader, expected)?;
        u32::try_from(value).ok().ok_or(Error::Malformed { expected })
    }

    /// A length or count of the flexible form; `None` for null.
    fn compact_len(&mut self, expected: &'static str) -> Result<Option<usize>, Error> {
        Ok(self.varint(expected)?.checked_sub(1).map(|len| len as usize))
    }

    fn text(&mut self, len: usize, expected: &'static str) -> Result<&'a str, Error> {
        let bytes = self.reader.take(len, expected)?;
        std::str::from_utf8(bytes).ok().ok_or(Error::Malformed { expected })
    }

    pub(super) fn nullable_string(
        &mut self,
        expected: &'static str,
    ) -> Result<Option<&'a str>, Error> {
        let len = if self.flexible {
            self.compact_len(expected)?
        } else {
            let len = self.i16(expected)?;
            fixed_len(len.into(), expected)?
        };
        len.map(|len| self.text(len, expected)).transpose()
    }

    pub(super) fn string(&mut self, expected: &'static str) -> Result<&'a str, Error> {
        self.nullable_string(expected)?.ok_or(Error::Malformed { expected })
    }

    pub(super) fn nullable_bytes(
        &mut self,
        expected: &'static str,
    ) -> Result<Option<&'a [u8]>, Error> {
        let len = if self.flexible {
            self.compact_len(expected)?
        } else {
            let len = self.i32(expected)?;
            fixed_len(len, expected)?
        };
        Ok(len.map(|len| self.reader.take(len, expected)).transpose()?)
    }

    /// An array whose elements `element` reads. Every element takes a byte at least, so a count above
    /// the bytes that are left is refused at once.
    pub(super) fn nullable_array<T>(
        &mut self,
        expected: &'static str,
        mut element: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<Vec<T>>, Error> {
        let len = if self.flexible {
            self.compact_len(expected)?
        } else {
            let len = self.i32(expected)?;
            fixed_len(len, expected)?
        };
        let Some(len) = len else { return Ok(None) };
        if len > self.reader.rest().len() {
            return Err(Error::Malformed { expected });
        }
        let elements_max = self.elements_max;
        let left = u32::try_from(len).ok().and_then(|len| self.elements_left.checked_sub(len));
        self.elements_left = left.ok_or(Error::TooManyElements { elements_max })?;
        let mut elements = Vec::with_capacity(len);
        for _ in 0..len {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    pub(super) fn array<T>(
        &mut self,
        expected: &'static str,
        element: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        self.nullable_array(expected, element)?.ok_or(Error::Malformed { expected })
    }

    /// Passes over the tagged fields that end a structure in flexible versions: none is needed.
    pub(super) fn tags(&mut self) -> Result<(), Error> {
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.varint("a count of tagged fields")? {
            self.varint("a tag")?;
            let len = self.varint("the length of a tagged field")?;
            self.reader.take(len as usize, "a tagged field")?;
        }
        Ok(())
    }
}

/// A length or count of the older form; `None` for null.
fn fixed_len(len: i32, expected: &'static str) -> Result<Option<usize>, Error> {
    match len {
        -1 => Ok(None),
        len => usize::try_from(len).map(Some).ok().ok_or(Error::Malformed { expected }),
    }
}

/// Reads an unsigned varint of at most ten bytes; other than the store's own, it may be longer than it
/// need be, since some clients write it so.
pub(super) fn read_varint(
    reader: &mut Reader<'_>,
    expected: &'static str,
) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for group in 0..10u32 {
        let byte = reader.u8(expected)?;
        let bits = u64::from(byte & 0x7f);
        if group == 9 && bits > 1 {
            break;
        }
        value |= bits << (7 * group);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed { expected })
}

/// Reads a zigzag varint, as records are made of.
pub(super) fn read_varint_signed(
    reader: &mut Reader<'_>,
    expected: &'static str,
) -> Result<i64, Malformed> {
    let raw = read_varint(reader, expected)?;
    Ok((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()))
}

/// Writes the fields of one frame to the end of a buffer.
pub(super) struct FieldWriter<'a> {
    out: &'a mut Vec<u8>,
    flexible: bool,
}

impl<'a> FieldWriter<'a> {
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, flexible: false }
    }

    /// How lengths are written from here on.
    pub(super) const fn set_flexible(&mut self, flexible: bool) {
        self.flexible = flexible;
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.out.push(u8::from(value));
    }

    pub(super) fn i8(&mut self, value: i8) {
        self.out.push(value.cast_unsigned());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn topic_id(&mut self, id: &TopicId) {
        self.out.extend_from_slice(id);
    }

    fn compact_len(&mut self, len: Option<usize>) {
        base::codec::put_varint(self.out, len.map_or(0, |len| len as u64 + 1));
    }

    /// A length of 2 GiB saturates; the frame around it is over its own bound then, and is refused.
    fn len_i32(&mut self, len: Option<usize>) {
        self.i32(len.map_or(-1, |len| i32::try_from(len).unwrap_or(i32::MAX)));
    }

    /// Cut to what the older form can say, 32,767 bytes: only the text of an error is ever so long,
    /// since names come from requests of the same form.
    pub(super) fn nullable_string(&mut self, text: Option<&str>) {
        if self.flexible {
            self.compact_len(text.map(str::len));
            self.out.extend_from_slice(text.unwrap_or_default().as_bytes());
            return;
        }
        let text =
            text.map(|text| &text[..text.floor_char_boundary(i16::MAX.unsigned_abs().into())]);
        self.i16(text.map_or(-1, |text| i16::try_from(text.len()).unwrap_or(i16::MAX)));
        self.out.extend_from_slice(text.unwrap_or_default().as_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        self.nullable_string(Some(text));
    }

    /// Bytes that lie in several pieces.
    pub(super) fn bytes<T: AsRef<[u8]>>(&mut self, pieces: &[T]) {
        let len = pieces.iter().map(|piece| piece.as_ref().len()).sum();
        if self.flexible {
            self.compact_len(Some(len));
        } else {
            self.len_i32(Some(len));
        }
        self.out.reserve(len);
        for piece in pieces {
            self.out.extend_from_slice(piece.as_ref());
        }
    }

    pub(super) fn nullable_array<T>(
        &mut self,
        elements: Option<&[T]>,
        mut element: impl FnMut(&mut Self, &T),
    ) {
        let len = elements.map(<[T]>::len);
        if self.flexible {
            self.compact_len(len);
        } else {
            self.len_i32(len);
        }
        for value in elements.unwrap_or_default() {
            element(self, value);
        }
    }

    pub(super) fn array<T>(&mut self, elements: &[T], element: impl FnMut(&mut Self, &T)) {
        self.nullable_array(Some(elements), element);
    }

    /// Ends a structure: there are no tagged fields in it.
    pub(super) fn tags(&mut self) {
        if self.flexible {
            self.out.push(0);
        }
    }
}

#[cfg(test)]
mod tests;
