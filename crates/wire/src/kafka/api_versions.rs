//! `ApiVersions`: what the broker understands. A client's first request.

use super::field::{FieldWriter, Fields};
use super::{Api, Error, ErrorCode};

/// What the client says of itself: empty before version 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// The client library's name.
    pub client_software_name: &'a str,
    /// Its version.
    pub client_software_version: &'a str,
}

/// The answer: the table of [`Api::versions`], always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// [`ErrorCode::UNSUPPORTED_VERSION`] if the client asked in a version that is not supported.
    pub error: ErrorCode,
    /// How long the client is to wait before its next request, in milliseconds.
    pub throttle_time_ms: i32,
}

impl Response {
    /// The answer to a request of this version. One of an unsupported version is answered in version
    /// 0, with an error and the table, so that the client can ask again.
    pub const fn to(version: i16) -> Self {
        let error = if Api::ApiVersions.versions().contains(version) {
            ErrorCode::NONE
        } else {
            ErrorCode::UNSUPPORTED_VERSION
        };
        Self { error, throttle_time_ms: 0 }
    }
}

pub(super) fn decode<'a>(version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    if version < 3 {
        return Ok(Request::default());
    }
    let request = Request {
        client_software_name: f.string("a client software name")?,
        client_software_version: f.string("a client software version")?,
    };
    f.tags()?;
    Ok(request)
}

pub(super) fn encode(response: Response, version: i16, w: &mut FieldWriter<'_>) {
    let version = if Api::ApiVersions.versions().contains(version) { version } else { 0 };
    w.set_flexible(Api::ApiVersions.is_flexible(version));
    w.i16(response.error.0);
    w.array(&Api::ALL, |w, api| {
        w.i16(api.key());
        w.i16(api.versions().announced_min);
        w.i16(api.versions().max);
        w.tags();
    });
    if version >= 1 {
        w.i32(response.throttle_time_ms);
    }
    w.tags();
}
