//! The head of a request, from bytes: request line and fields, at most 8 KiB. Source: RFC 9112.
//!
//! Strict where leniency has let requests be smuggled: lines end with CR LF, a field is not folded, its name
//! is followed by a colon at once. Knows no socket and no path.

use std::fmt;

use base64ct::{Base64, Encoding};

/// Bytes of a head, its empty line included.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// What a request asks for, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Without its query.
    pub(super) path: String,
    /// User and password, if it shows any.
    pub(super) credentials: Option<Credentials>,
    /// Whether the connection is to be closed after the answer: the client wants it, or a body follows,
    /// which nobody reads.
    pub(super) closes: bool,
}

/// As RFC 7617 has them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// Shows that there are some, and nothing of them.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    /// From the value of the field `authorization`; `None` if that is of another scheme, or malformed.
    fn parse(value: &str) -> Option<Self> {
        let (scheme, rest) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let bytes = Base64::decode_vec(rest.trim_start_matches(' ')).ok()?;
        let colon = bytes.iter().position(|byte| *byte == b':')?;
        let (user, password) = (bytes.get(..colon)?.to_vec(), bytes.get(colon + 1..)?.to_vec());
        Some(Self { user, password })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Other,
}

/// Why a request is not answered as it wished. The connection ends: what follows cannot be told from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// With what is wrong.
    Malformed(&'static str),
    /// The head is longer than may be.
    TooLong,
    /// It took too long to come.
    Slow,
    /// Of a version that is not spoken.
    Version,
}

/// The first request in `bytes`, and how long its head is; none while it has not come whole.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, Fault> {
    let within = bytes.get(..HEAD_BYTES_MAX).unwrap_or(bytes);
    let Some(end) = within.windows(4).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() < HEAD_BYTES_MAX { Ok(None) } else { Err(Fault::TooLong) };
    };
    let head = within.get(..end).unwrap_or_default();
    let head = str::from_utf8(head).map_err(|_not_text| Fault::Malformed("it is not text"))?;
    let mut lines = head.split("\r\n");
    let (mut request, is_old) = parse_line(lines.next().unwrap_or_default())?;
    let mut hosts = 0;
    request.closes = is_old;
    for line in lines {
        let (name, value) = parse_field(line)?;
        let is_name = |known: &str| name.eq_ignore_ascii_case(known);
        if is_name("host") {
            hosts += 1;
        } else if is_name("connection") {
            request.closes |= value.split(',').any(|one| one.trim().eq_ignore_ascii_case("close"));
        } else if is_name("authorization") {
            request.credentials = Credentials::parse(value);
        } else if is_name("transfer-encoding") || is_name("content-length") {
            request.closes |= value != "0";
        }
    }
    if hosts != 1 && !is_old {
        return Err(Fault::Malformed("it names no host, or several"));
    }
    Ok(Some((request, end + 4)))
}

/// Method, path and version; whether that is the old one, in which a connection has one request.
fn parse_line(line: &str) -> Result<(Request, bool), Fault> {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Fault::Malformed("its first line is not a method, a path and a version"));
    };
    let is_old = match version {
        "HTTP/1.1" => false,
        "HTTP/1.0" => true,
        _ if version.starts_with("HTTP/") => return Err(Fault::Version),
        _ => return Err(Fault::Malformed("its first line does not end with a version")),
    };
    if !is_token(method) {
        return Err(Fault::Malformed("its method is none"));
    }
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::Malformed("its path does not begin with /, or holds what no path may"));
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => Method::Other,
    };
    let path = target.split('?').next().unwrap_or_default().to_owned();
    Ok((Request { method, path, credentials: None, closes: false }, is_old))
}

fn parse_field(line: &str) -> Result<(&str, &str), Fault> {
    let (name, value) = line.split_once(':').ok_or(Fault::Malformed("a field has no colon"))?;
    if !is_token(name) {
        return Err(Fault::Malformed("a field's name is none"));
    }
    let is_control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    if value.bytes().any(is_control) {
        return Err(Fault::Malformed("a field holds a control character"));
    }
    Ok((name, value.trim_matches([' ', '\t'])))
}

/// A word of letters, digits and the signs that the specification allows.
fn is_token(word: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !word.is_empty() && word.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests;
