//! Requests of RESP clients, as Redis 7.2 accepts them: arrays of bulk strings, and inline commands.
//!
//! Knows no socket: the caller keeps a buffer, appends what it reads, takes requests out of it and
//! drops what [`Parser::release`] says.
//!
//! Invariants:
//! 1. Progress in an unfinished request is remembered: every byte is looked at once for line ends,
//!    and the bytes of a bulk string not at all.
//! 2. An announced length or count reserves nothing. Memory grows with the bytes that came.
//! 3. A request is refused at the first byte that shows it to be malformed or over a limit, and the
//!    parser says the same from then on: the connection is of no more use.

use std::fmt;
use std::ops::Index;

use super::number::parse_i64;

mod inline;
mod requests;

pub use requests::Requests;

/// Where one argument lies, counted from the first byte of its request.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
}

/// The arguments of one request, the command's name first. At least one in what a [`Parser`] gives.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// How many arguments there are, the command's name included.
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none, as after [`Args::skip`] has skipped all.
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The argument at `index`; 0 is the command's name.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).map(|span| self.at(*span))
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator + use<'a> {
        let args = *self;
        args.spans.iter().map(move |span| args.at(*span))
    }

    /// Without the first `count` arguments.
    #[must_use]
    pub fn skip(&self, count: usize) -> Self {
        Self { bytes: self.bytes, spans: self.spans.get(count..).unwrap_or_default() }
    }

    /// Only the first `count` arguments.
    #[must_use]
    pub fn take(&self, count: usize) -> Self {
        let spans = self.spans.get(..count).unwrap_or(self.spans);
        Self { bytes: self.bytes, spans }
    }

    /// The bytes of all arguments together: what a request is charged for.
    pub fn total_bytes(&self) -> usize {
        self.spans.iter().map(|span| (span.end - span.start) as usize).sum()
    }

    /// Copies the arguments, to keep them beyond the buffer they were read from.
    pub fn to_buf(&self) -> ArgsBuf {
        self.iter().collect()
    }

    fn at(&self, span: Span) -> &'a [u8] {
        self.bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

/// For commands whose arity has been checked. Panics past the end, like a slice.
impl Index<usize> for Args<'_> {
    type Output = [u8];

    fn index(&self, index: usize) -> &[u8] {
        self.at(self.spans[index])
    }
}

/// Shows how many arguments there are and how long they are, never what they hold.
impl fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(<[u8]>::len)).finish()
    }
}

/// Arguments that own their bytes: queued by MULTI, or made by a script.
#[derive(Clone, Default)]
pub struct ArgsBuf {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl ArgsBuf {
    /// Arguments that are yet to be pushed.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), spans: Vec::new() }
    }

    /// Appends one argument. False, and nothing is appended, if all would exceed 4 GiB together.
    pub fn push(&mut self, arg: &[u8]) -> bool {
        let start = self.bytes.len();
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(start + arg.len())) else {
            return false;
        };
        self.bytes.extend_from_slice(arg);
        self.spans.push(Span { start, end });
        true
    }

    /// Forgets the arguments and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// The arguments.
    pub fn as_args(&self) -> Args<'_> {
        Args { bytes: &self.bytes, spans: &self.spans }
    }
}

/// Shows how many arguments there are and how long they are, never what they hold.
impl fmt::Debug for ArgsBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_args().fmt(f)
    }
}

/// Panics above 4 GiB of arguments; what a [`Parser`] gives is below that.
impl<T: AsRef<[u8]>> FromIterator<T> for ArgsBuf {
    fn from_iter<I: IntoIterator<Item = T>>(args: I) -> Self {
        let mut buf = Self::new();
        for arg in args {
            assert!(buf.push(arg.as_ref()), "arguments of one command exceed 4 GiB");
        }
        buf
    }
}

/// What a connection may send in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one argument.
    pub bulk_bytes_max: u32,
    /// Arguments of one request, the command's name included.
    pub args_max: u32,
    /// Bytes of an inline request, and of the line that announces a length or a count.
    pub inline_bytes_max: u32,
    /// Bytes of one request, lengths and line ends included.
    pub request_bytes_max: u32,
    /// Whether a length or count over its limit is answered as one that needs authentication first.
    pub unauthenticated: bool,
}

impl Limits {
    /// For a client that has authenticated or need not: 512 MiB an argument, 1,048,576 arguments,
    /// 64 KiB inline, 1 GiB a request.
    pub const AUTHENTICATED: Self = Self {
        bulk_bytes_max: 512 * 1024 * 1024,
        args_max: 1024 * 1024,
        inline_bytes_max: 64 * 1024,
        request_bytes_max: 1024 * 1024 * 1024,
        unauthenticated: false,
    };

    /// For a client that has yet to authenticate: 10 arguments of at most 16 KiB.
    pub const UNAUTHENTICATED: Self = Self {
        bulk_bytes_max: 16 * 1024,
        args_max: 10,
        inline_bytes_max: 64 * 1024,
        request_bytes_max: 256 * 1024,
        unauthenticated: true,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::AUTHENTICATED
    }
}

/// What a client sent is not RESP, or is over a limit. Answer `-ERR ` and the text, then close: where
/// the next request begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The count of arguments is no number.
    #[error("Protocol error: invalid multibulk length")]
    MultibulkLength,
    /// There are more arguments than [`Limits::args_max`]: send less at once.
    #[error(
        "Protocol error: invalid multibulk length: a request takes at most {args_max} arguments, this one {args}"
    )]
    TooManyArgs {
        /// As announced.
        args: i64,
        /// The limit.
        args_max: u32,
    },
    /// As [`ProtocolError::TooManyArgs`], for a client that has yet to authenticate; the limit.
    #[error("Protocol error: unauthenticated multibulk length: at most {0} arguments before AUTH")]
    UnauthenticatedMultibulkLength(u32),
    /// The length of an argument is no number, or is negative.
    #[error("Protocol error: invalid bulk length")]
    BulkLength,
    /// An argument is over [`Limits::bulk_bytes_max`]: send less.
    #[error(
        "Protocol error: invalid bulk length: an argument takes at most {bytes_max} bytes \
         (proto-max-bulk-len), this one {bytes}"
    )]
    BulkTooLong {
        /// As announced.
        bytes: i64,
        /// The limit.
        bytes_max: u32,
    },
    /// As [`ProtocolError::BulkTooLong`], for a client that has yet to authenticate; the limit.
    #[error("Protocol error: unauthenticated bulk length: at most {0} bytes before AUTH")]
    UnauthenticatedBulkLength(u32),
    /// An argument begins with another byte than `$`.
    #[error("Protocol error: expected '$', got '{}'", .0.escape_ascii())]
    ExpectedBulk(u8),
    /// An argument's bytes are not followed by a line end: the client has miscounted.
    #[error("Protocol error: expected CRLF after bulk")]
    ExpectedLineEnd,
    /// An inline request is over [`Limits::inline_bytes_max`], which it names.
    #[error("Protocol error: too big inline request: a line takes at most {0} bytes")]
    InlineTooBig(u32),
    /// The line with the count of arguments is over [`Limits::inline_bytes_max`], which it names.
    #[error("Protocol error: too big mbulk count string: a line takes at most {0} bytes")]
    MultibulkLineTooBig(u32),
    /// The line with the length of an argument is over [`Limits::inline_bytes_max`], which it names.
    #[error("Protocol error: too big bulk count string: a line takes at most {0} bytes")]
    BulkLineTooBig(u32),
    /// An inline request ends within quotes, or goes on right after them.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// The request as a whole is over [`Limits::request_bytes_max`], which it names.
    #[error("Protocol error: too big request: it takes at most {0} bytes")]
    RequestTooBig(u32),
}

impl ProtocolError {
    /// What the client is to do next.
    pub const fn kind(&self) -> base::Kind {
        match self {
            Self::InlineTooBig(_)
            | Self::MultibulkLineTooBig(_)
            | Self::BulkLineTooBig(_)
            | Self::TooManyArgs { .. }
            | Self::BulkTooLong { .. }
            | Self::RequestTooBig(_) => base::Kind::Limit,
            Self::UnauthenticatedMultibulkLength(_) | Self::UnauthenticatedBulkLength(_) => {
                base::Kind::Denied
            }
            Self::MultibulkLength
            | Self::BulkLength
            | Self::ExpectedBulk(_)
            | Self::ExpectedLineEnd
            | Self::UnbalancedQuotes => base::Kind::Invalid,
        }
    }
}

/// Argument slots that are kept between requests; what a larger request took is given back.
const SPANS_KEPT: usize = 1024;

/// The most that [`Parser::wants`] asks for, so that an announced length reserves little.
const WANTS_MAX: usize = 1024 * 1024;

/// Where in a request the parser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the first byte of a request.
    Begin,
    /// Within the line of a request that does not begin with `*`.
    Inline,
    /// Within the line that announces the count of arguments.
    Count,
    /// At the line of an argument's length, with so many arguments to come.
    Length { missing: u32 },
    /// Within an argument of so many bytes, with so many arguments to come, this one included.
    Bulk { missing: u32, len: u32 },
    /// Refused.
    Failed(ProtocolError),
}

/// Finds requests in a buffer that grows at its end.
///
/// The caller passes the same buffer again and again, with more bytes at its end, and takes requests
/// until there is none; then it drops from the front as many bytes as [`Parser::release`] says.
#[derive(Debug)]
pub struct Parser {
    limits: Limits,
    /// First byte of the request under way.
    begin: usize,
    /// First byte that has not been understood.
    at: usize,
    /// Bytes from `at` on that are known to hold no line end.
    scanned: usize,
    state: State,
    /// Bytes that the buffer is short of.
    wants: usize,
    spans: Vec<Span>,
    /// The arguments of an inline request, without their quotes.
    unquoted: Vec<u8>,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Parser {
    /// A parser for a connection at its start.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            begin: 0,
            at: 0,
            scanned: 0,
            state: State::Begin,
            wants: 1,
            spans: Vec::new(),
            unquoted: Vec::new(),
        }
    }

    /// Changes the limits, as when the client has authenticated. Lengths that were announced before
    /// stay accepted.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The next whole request in `buf`, or `None` if it has yet to arrive in full. Empty lines and
    /// empty arrays are passed over. What was given stays valid until the buffer or the parser is
    /// touched.
    pub fn next<'a>(&'a mut self, buf: &'a [u8]) -> Result<Option<Args<'a>>, ProtocolError> {
        match self.advance(buf) {
            Ok(None) => Ok(None),
            Ok(Some(Form::Multibulk)) => {
                let bytes = buf.get(self.begin..self.at).unwrap_or_default();
                Ok(Some(Args { bytes, spans: &self.spans }))
            }
            Ok(Some(Form::Inline)) => Ok(Some(Args { bytes: &self.unquoted, spans: &self.spans })),
            Err(error) => {
                self.state = State::Failed(error);
                Err(error)
            }
        }
    }

    /// Goes back to the request that begins at byte `at` of the buffer, as [`Requests::start`] tells, so that
    /// it is the next one. Whatever the parser has said of what is behind it, it will say again.
    pub fn rewind(&mut self, at: usize) {
        self.begin = at;
        self.at = at;
        self.scanned = 0;
        self.state = State::Begin;
        self.spans.clear();
        self.unquoted.clear();
    }

    /// What of `buf` lies behind the requests that were given, from the beginning of a request on.
    pub fn unread<'a>(&self, buf: &'a [u8]) -> &'a [u8] {
        let from = if self.state == State::Begin { self.at } else { self.begin };
        buf.get(from..).unwrap_or_default()
    }

    /// How many bytes at the front of the buffer are of no more use. The caller drops them before it
    /// calls [`Parser::next`] again; what that gave before is gone with them.
    pub fn release(&mut self) -> usize {
        let used = if self.state == State::Begin { self.at } else { self.begin };
        self.at -= used;
        self.begin = 0;
        used
    }

    /// How many bytes the request under way is short of, as far as is known: at least 1, at most
    /// 1 MiB, however much is announced. Room to reserve before the next read.
    pub fn wants(&self) -> usize {
        self.wants.clamp(1, WANTS_MAX)
    }

    fn advance(&mut self, buf: &[u8]) -> Result<Option<Form>, ProtocolError> {
        loop {
            match self.state {
                State::Begin => {
                    let Some(&first) = buf.get(self.at) else {
                        self.wants = 1;
                        return Ok(None);
                    };
                    self.begin_request();
                    self.state = if first == b'*' { State::Count } else { State::Inline };
                }
                State::Inline => {
                    let Some(line) = self.line(buf, ProtocolError::InlineTooBig)? else {
                        return Ok(None);
                    };
                    self.state = State::Begin;
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    inline::split(line, &mut self.unquoted, &mut self.spans)?;
                    if !self.spans.is_empty() {
                        return Ok(Some(Form::Inline));
                    }
                }
                State::Count => {
                    let Some(missing) = self.count(buf)? else { return Ok(None) };
                    self.state =
                        if missing == 0 { State::Begin } else { State::Length { missing } };
                }
                State::Length { missing } => {
                    let Some(len) = self.length(buf)? else { return Ok(None) };
                    self.state = State::Bulk { missing, len };
                }
                State::Bulk { missing, len } => {
                    if !self.bulk(buf, len)? {
                        return Ok(None);
                    }
                    if missing == 1 {
                        self.state = State::Begin;
                        return Ok(Some(Form::Multibulk));
                    }
                    self.state = State::Length { missing: missing - 1 };
                }
                State::Failed(error) => return Err(error),
            }
        }
    }

    fn begin_request(&mut self) {
        self.begin = self.at;
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT);
        self.unquoted.clear();
    }

    /// The next line without its line feed, if it is there in full. Passes over it.
    fn line<'b>(
        &mut self,
        buf: &'b [u8],
        too_big: impl FnOnce(u32) -> ProtocolError,
    ) -> Result<Option<&'b [u8]>, ProtocolError> {
        let line_max = self.limits.inline_bytes_max as usize;
        let rest = buf.get(self.at..).unwrap_or_default();
        let window = rest.get(..=line_max).unwrap_or(rest);
        let unseen = window.get(self.scanned..).unwrap_or_default();
        if let Some(found) = unseen.iter().position(|&byte| byte == b'\n') {
            let len = self.scanned + found;
            self.scanned = 0;
            self.at += len + 1;
            return Ok(rest.get(..len));
        }
        if rest.len() > line_max {
            return Err(too_big(self.limits.inline_bytes_max));
        }
        self.scanned = window.len();
        self.wants = 1;
        Ok(None)
    }

    /// Reads the line of a count: 0 for an array that is empty or null.
    fn count(&mut self, buf: &[u8]) -> Result<Option<u32>, ProtocolError> {
        let Some(line) = self.line(buf, ProtocolError::MultibulkLineTooBig)? else {
            return Ok(None);
        };
        let count = announced(line).ok_or(ProtocolError::MultibulkLength)?;
        let args_max = self.limits.args_max;
        if count <= i64::from(args_max) {
            return Ok(Some(u32::try_from(count).unwrap_or(0)));
        }
        Err(if self.limits.unauthenticated && count <= i64::from(i32::MAX) {
            ProtocolError::UnauthenticatedMultibulkLength(args_max)
        } else {
            ProtocolError::TooManyArgs { args: count, args_max }
        })
    }

    /// Reads the line of an argument's length.
    fn length(&mut self, buf: &[u8]) -> Result<Option<u32>, ProtocolError> {
        match buf.get(self.at) {
            Some(b'$') => {}
            Some(&other) => return Err(ProtocolError::ExpectedBulk(other)),
            None => {
                self.wants = 1;
                return Ok(None);
            }
        }
        let Some(line) = self.line(buf, ProtocolError::BulkLineTooBig)? else {
            return Ok(None);
        };
        let bytes = announced(line).filter(|len| *len >= 0).ok_or(ProtocolError::BulkLength)?;
        let bytes_max = self.limits.bulk_bytes_max;
        let Some(len) = u32::try_from(bytes).ok().filter(|len| *len <= bytes_max) else {
            return Err(if self.limits.unauthenticated {
                ProtocolError::UnauthenticatedBulkLength(bytes_max)
            } else {
                ProtocolError::BulkTooLong { bytes, bytes_max }
            });
        };
        let so_far = (self.at - self.begin) as u64;
        if so_far + u64::from(len) + 2 > u64::from(self.limits.request_bytes_max) {
            return Err(ProtocolError::RequestTooBig(self.limits.request_bytes_max));
        }
        Ok(Some(len))
    }

    /// Passes over an argument of `len` bytes and its line end, if they are there.
    fn bulk(&mut self, buf: &[u8], len: u32) -> Result<bool, ProtocolError> {
        let len = len as usize;
        let rest = buf.get(self.at..).unwrap_or_default();
        let Some(end) = rest.get(len..len + 2) else {
            self.wants = len + 2 - rest.len();
            return Ok(false);
        };
        if end != b"\r\n" {
            return Err(ProtocolError::ExpectedLineEnd);
        }
        let start = self.at - self.begin;
        self.spans.push(span(start, start + len)?);
        self.at += len + 2;
        Ok(true)
    }
}

/// Which of the two forms a request had: its arguments lie in different places.
#[derive(Clone, Copy, Debug)]
enum Form {
    Multibulk,
    Inline,
}

/// The number in a line such as `*3\r` or `$16\r`, whose line feed is gone.
fn announced(line: &[u8]) -> Option<i64> {
    parse_i64(line.get(1..)?.strip_suffix(b"\r")?)
}

fn span(start: usize, end: usize) -> Result<Span, ProtocolError> {
    match (u32::try_from(start), u32::try_from(end)) {
        (Ok(start), Ok(end)) => Ok(Span { start, end }),
        _ => Err(ProtocolError::RequestTooBig(u32::MAX)),
    }
}

#[cfg(test)]
mod tests;
