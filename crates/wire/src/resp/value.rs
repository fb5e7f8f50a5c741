//! Replies read back: for scripts that look at what a command answered, for tools and tests.
//!
//! Knows no meaning of a reply. Reads both versions of the protocol; takes no attributes and no
//! streamed aggregates, which no server sends unasked.
//!
//! Invariant: nothing is reserved by an announced count, and nesting is bounded, so that what a
//! stranger sends can exhaust neither memory nor the stack.

use super::number::{parse_f64, parse_i64};

/// One reply, owning its bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+`
    Simple(String),
    /// `-`, or `!` of RESP3
    Error(String),
    /// `:`
    Integer(i64),
    /// `$`
    Bulk(Vec<u8>),
    /// `=`: the three letters of the format, and the text
    Verbatim([u8; 3], Vec<u8>),
    /// `_`, and the null bulk string and null array of RESP2
    Null,
    /// `*`
    Array(Vec<Value>),
    /// `%`: in the order in which the pairs came
    Map(Vec<(Value, Value)>),
    /// `~`: in the order in which the elements came
    Set(Vec<Value>),
    /// `>`
    Push(Vec<Value>),
    /// `,`
    Double(f64),
    /// `#`
    Boolean(bool),
    /// `(`: as it came
    BigNumber(String),
}

/// The bytes are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A byte, a number or a line end is not what has to stand there.
    #[error("malformed reply at byte {at}: expected {expected}")]
    Malformed {
        /// Where, counted from the start of the reply.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// Aggregates are nested more deeply than the caller allows.
    #[error("reply nested over {depth_max} deep: allow more, or ask for less")]
    TooDeep {
        /// What the caller allows.
        depth_max: usize,
    },
}

impl DecodeError {
    /// What the caller is to do next.
    pub const fn kind(&self) -> base::Kind {
        match self {
            Self::Malformed { .. } => base::Kind::Invalid,
            Self::TooDeep { .. } => base::Kind::Limit,
        }
    }
}

/// Reads one reply from the front of `bytes`, with aggregates nested at most `depth_max` deep, and
/// says how many bytes it took. `None` if the bytes end within it: call again with more, from the
/// start. The stack grows with `depth_max`.
pub fn decode_reply(bytes: &[u8], depth_max: usize) -> Result<Option<(Value, usize)>, DecodeError> {
    let mut decoder = Decoder { bytes, at: 0, depth_max };
    let value = decoder.value(0)?;
    Ok(value.map(|value| (value, decoder.at)))
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    depth_max: usize,
}

/// `Ok(None)`: the bytes end too early.
type Partial<T> = Result<Option<T>, DecodeError>;

impl<'a> Decoder<'a> {
    fn value(&mut self, depth: usize) -> Partial<Value> {
        let begin = self.at;
        let Some(line) = self.line()? else { return Ok(None) };
        let Some((kind, text)) = line.split_first() else {
            return Err(DecodeError::Malformed { at: begin, expected: "a type byte" });
        };
        let malformed = |expected| DecodeError::Malformed { at: begin + 1, expected };
        let scalar = match kind {
            b'+' => Value::Simple(lossy(text)),
            b'-' => Value::Error(lossy(text)),
            b'(' => Value::BigNumber(lossy(text)),
            b':' => Value::Integer(parse_i64(text).ok_or_else(|| malformed("an integer"))?),
            b',' if text == b"nan" => Value::Double(f64::NAN),
            b',' => Value::Double(parse_f64(text).ok_or_else(|| malformed("a double"))?),
            b'_' if text.is_empty() => Value::Null,
            b'#' if text == b"t" => Value::Boolean(true),
            b'#' if text == b"f" => Value::Boolean(false),
            b'$' | b'*' if text == b"-1" => Value::Null,
            b'$' | b'!' | b'=' => {
                let len = count(text).ok_or_else(|| malformed("a length"))?;
                return self.blob(*kind, len);
            }
            b'*' | b'~' | b'>' | b'%' => {
                let len = count(text).ok_or_else(|| malformed("a count"))?;
                return self.aggregate(*kind, len, depth);
            }
            _ => return Err(DecodeError::Malformed { at: begin, expected: "a reply" }),
        };
        Ok(Some(scalar))
    }

    fn blob(&mut self, kind: u8, len: usize) -> Partial<Value> {
        let rest = self.rest();
        let Some(end) = len.checked_add(2).filter(|end| *end <= rest.len()) else {
            return Ok(None);
        };
        let Some(bytes) = rest.get(..end).and_then(|blob| blob.strip_suffix(b"\r\n")) else {
            return Err(DecodeError::Malformed { at: self.at + len, expected: "a line end" });
        };
        let value = match (kind, bytes) {
            (b'$', _) => Value::Bulk(bytes.to_vec()),
            (b'!', _) => Value::Error(lossy(bytes)),
            (_, [a, b, c, b':', text @ ..]) => Value::Verbatim([*a, *b, *c], text.to_vec()),
            _ => return Err(DecodeError::Malformed { at: self.at, expected: "a format" }),
        };
        self.at += end;
        Ok(Some(value))
    }

    fn aggregate(&mut self, kind: u8, len: usize, depth: usize) -> Partial<Value> {
        if depth >= self.depth_max {
            return Err(DecodeError::TooDeep { depth_max: self.depth_max });
        }
        if kind == b'%' {
            let mut pairs = Vec::new();
            for _ in 0..len {
                let Some(key) = self.value(depth + 1)? else { return Ok(None) };
                let Some(value) = self.value(depth + 1)? else { return Ok(None) };
                pairs.push((key, value));
            }
            return Ok(Some(Value::Map(pairs)));
        }
        let mut values = Vec::new();
        for _ in 0..len {
            let Some(value) = self.value(depth + 1)? else { return Ok(None) };
            values.push(value);
        }
        Ok(Some(match kind {
            b'~' => Value::Set(values),
            b'>' => Value::Push(values),
            _ => Value::Array(values),
        }))
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn line(&mut self) -> Partial<&'a [u8]> {
        let rest = self.rest();
        let Some(len) = rest.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        let line = rest.get(..len).and_then(|line| line.strip_suffix(b"\r"));
        let expected = "a line end of carriage return and line feed";
        let line = line.ok_or(DecodeError::Malformed { at: self.at + len, expected })?;
        self.at += len + 1;
        Ok(Some(line))
    }
}

fn count(text: &[u8]) -> Option<usize> {
    parse_i64(text).and_then(|count| usize::try_from(count).ok())
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests;
