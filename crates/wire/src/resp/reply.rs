//! Replies, written as they go out: RESP2 or RESP3, whichever the client has asked for.
//!
//! Knows no command and no socket: the caller takes the bytes and sends them.
//!
//! Invariants:
//! 1. What a type has no form for in RESP2 is written as Redis writes it there (a map as a flat
//!    array, a double as a bulk string), so a command writes its reply once.
//! 2. Simple strings and errors stay one line: line ends within them are written as blanks.
//! 3. The writer does not count: that an array is followed by its elements is the caller's word.

use base::Sequence;

use super::number::{DoubleText, INTEGER_TEXT_BYTES_MAX, IntegerText};

/// The version of the protocol that a client speaks: RESP2 until HELLO asks for 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// As every client speaks at its start.
    #[default]
    Resp2,
    /// With maps, sets, doubles, booleans and pushes.
    Resp3,
}

/// A place in the replies that [`Writer::rewind`] goes back to, or before which
/// [`Writer::wrap_array`] puts a header. Good until stamps before it are filled.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    len: usize,
    stamps: usize,
}

/// Writes replies one after the other into one buffer.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    protocol: Protocol,
    /// Where in `out` the integers of commit sequences are to be put in, in ascending order.
    stamps: Vec<usize>,
}

impl Writer {
    /// A writer without replies.
    pub const fn new(protocol: Protocol) -> Self {
        Self { out: Vec::new(), protocol, stamps: Vec::new() }
    }

    /// The version in which replies are written.
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the version, from the next reply on.
    pub const fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// What has been written, without the stamps that are not filled.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// How many bytes have been written and not taken: what an output limit is compared with.
    pub const fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is nothing to send.
    pub const fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Whether stamps wait to be filled. What is not filled must not be sent.
    pub const fn has_stamps(&self) -> bool {
        !self.stamps.is_empty()
    }

    /// Takes what has been written and leaves `empty` (cleared) to write to: two buffers in turn need
    /// no allocation.
    pub fn take(&mut self, mut empty: Vec<u8>) -> Vec<u8> {
        debug_assert!(self.stamps.is_empty(), "replies are sent before their stamps are filled");
        empty.clear();
        std::mem::replace(&mut self.out, empty)
    }

    /// Forgets what has been written and keeps the memory.
    pub fn clear(&mut self) {
        self.out.clear();
        self.stamps.clear();
    }

    /// This place in the replies.
    pub const fn mark(&self) -> Mark {
        Mark { len: self.out.len(), stamps: self.stamps.len() }
    }

    /// Drops what was written since `mark`, its stamps too.
    pub fn rewind(&mut self, mark: Mark) {
        debug_assert!(mark.len <= self.out.len(), "the mark is of replies that are gone");
        self.out.truncate(mark.len);
        self.stamps.truncate(mark.stamps);
    }

    /// What was written since `mark`: one reply of a command, for whoever has to look at it.
    pub fn since(&self, mark: Mark) -> &[u8] {
        self.out.get(mark.len..).unwrap_or_default()
    }

    /// Whether what was written since `mark` begins with an error.
    pub fn is_error_since(&self, mark: Mark) -> bool {
        let unstamped = self.stamps.get(mark.stamps).is_none_or(|stamp| *stamp > mark.len);
        unstamped && matches!(self.since(mark).first(), Some(b'-' | b'!'))
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    /// A simple string: a short word of ours, never a user's bytes.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error. `text` begins with its code: `ERR`, `WRONGTYPE`.
    pub fn error(&mut self, text: &str) {
        self.line(b'-', text.as_bytes());
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.header(b':', IntegerText::new(value));
    }

    /// A byte string.
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + INTEGER_TEXT_BYTES_MAX + 5);
        self.count(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// The beginning of a byte string of `len` bytes: they follow by way of [`Writer::raw`], and a line end.
    pub fn bulk_head(&mut self, len: usize) {
        self.count(b'$', len);
    }

    /// An integer as a byte string, as the elements of some arrays are.
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(IntegerText::new(value).as_bytes());
    }

    /// A double as a byte string, also in RESP3.
    pub fn bulk_double(&mut self, value: f64) {
        self.bulk(DoubleText::new(value).as_bytes());
    }

    /// Text for people, in a format of three letters (`txt`, `mkd`). RESP2: a bulk string.
    pub fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => {
                self.out.reserve(text.len() + INTEGER_TEXT_BYTES_MAX + 9);
                self.count(b'=', text.len() + 4);
                self.out.extend_from_slice(&format);
                self.out.push(b':');
                self.out.extend_from_slice(text);
                self.out.extend_from_slice(b"\r\n");
            }
        }
    }

    /// No value. RESP2: the null bulk string.
    pub fn null(&mut self) {
        self.out.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n".as_slice(),
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// No value where there would have been an array. RESP2: the null array.
    pub fn null_array(&mut self) {
        self.out.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n".as_slice(),
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The head of an array; `len` replies follow.
    pub fn array(&mut self, len: usize) {
        self.count(b'*', len);
    }

    /// The head of a map; `len` pairs of replies follow. RESP2: an array of twice as many.
    pub fn map(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.count(b'*', len.saturating_mul(2)),
            Protocol::Resp3 => self.count(b'%', len),
        }
    }

    /// The head of a set; `len` replies follow. RESP2: an array.
    pub fn set(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.count(b'*', len),
            Protocol::Resp3 => self.count(b'~', len),
        }
    }

    /// The head of a message that no request asked for; `len` replies follow. RESP2: an array.
    pub fn push(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.count(b'*', len),
            Protocol::Resp3 => self.count(b'>', len),
        }
    }

    /// A double. RESP2: a bulk string.
    pub fn double(&mut self, value: f64) {
        match self.protocol {
            Protocol::Resp2 => self.bulk_double(value),
            Protocol::Resp3 => self.header(b',', DoubleText::new(value)),
        }
    }

    /// A truth value. RESP2: the integer 1 or 0.
    pub fn boolean(&mut self, value: bool) {
        self.out.extend_from_slice(match (self.protocol, value) {
            (Protocol::Resp2, true) => b":1\r\n".as_slice(),
            (Protocol::Resp2, false) => b":0\r\n",
            (Protocol::Resp3, true) => b"#t\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
        });
    }

    /// An integer beyond 64 bits, as decimal digits. RESP2: a bulk string.
    pub fn big_number(&mut self, digits: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits.as_bytes()),
            Protocol::Resp3 => self.line(b'(', digits.as_bytes()),
        }
    }

    /// Copies replies that were encoded before, in this writer's version.
    pub fn raw(&mut self, replies: &[u8]) {
        self.out.extend_from_slice(replies);
    }

    /// An integer that is yet to be known: the sequence of the commit that this reply belongs to. It
    /// counts as one reply; [`Writer::fill_stamps`] writes it.
    pub fn stamp(&mut self) {
        self.stamps.push(self.out.len());
    }

    /// Writes `sequence` at every stamp. Costs a move of what was written after the first of them.
    pub fn fill_stamps(&mut self, sequence: Sequence) {
        if self.stamps.is_empty() {
            return;
        }
        let text = IntegerText::unsigned(sequence.0);
        let mut tail = Vec::new();
        if let Some(&first) = self.stamps.first() {
            tail = self.out.split_off(first);
        }
        let base = self.out.len();
        let mut copied = 0;
        for stamp in std::mem::take(&mut self.stamps) {
            let upto = stamp - base;
            self.out.extend_from_slice(tail.get(copied..upto).unwrap_or_default());
            copied = upto;
            self.header(b':', text);
        }
        self.out.extend_from_slice(tail.get(copied..).unwrap_or_default());
    }

    /// Makes the `len` replies written since `mark` the elements of an array: for those whose number
    /// shows only when they are written. Costs a move of what was written since.
    pub fn wrap_array(&mut self, mark: Mark, len: usize) {
        self.wrap(mark, |head| head.array(len));
    }

    /// As [`Writer::wrap_array`], for a map of `len` pairs.
    pub fn wrap_map(&mut self, mark: Mark, len: usize) {
        self.wrap(mark, |head| head.map(len));
    }

    /// As [`Writer::wrap_array`], for a set.
    pub fn wrap_set(&mut self, mark: Mark, len: usize) {
        self.wrap(mark, |head| head.set(len));
    }

    fn wrap(&mut self, mark: Mark, write: impl FnOnce(&mut Self)) {
        let end = self.out.len();
        write(self);
        let head_len = self.out.len() - end;
        if let Some(since) = self.out.get_mut(mark.len..) {
            since.rotate_right(head_len);
        }
        for stamp in self.stamps.iter_mut().skip(mark.stamps) {
            *stamp += head_len;
        }
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(kind);
        let one_line = text.iter().map(|byte| match byte {
            b'\r' | b'\n' => b' ',
            other => *other,
        });
        self.out.extend(one_line);
        self.out.extend_from_slice(b"\r\n");
    }

    fn count(&mut self, kind: u8, count: usize) {
        self.header(kind, IntegerText::unsigned(count as u64));
    }

    fn header(&mut self, kind: u8, text: impl AsRef<[u8]>) {
        self.out.push(kind);
        self.out.extend_from_slice(text.as_ref());
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests;
