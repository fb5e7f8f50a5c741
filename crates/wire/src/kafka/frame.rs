//! Frames: a length, a header, a message.
//!
//! A frame is an i32 length and as many bytes. A request begins with its api key, version and
//! correlation id; a response with the correlation id of its request. From the flexible versions of
//! a request on its header, and that of its response, end in tagged fields; the response to
//! `ApiVersions` alone never does, so that a client can read it without knowing the broker.

use base::Kind;
use base::codec::Malformed;

use super::field::{FieldWriter, Fields};
use super::{
    Api, api_versions, create_topics, delete_topics, fetch, find_coordinator, init_producer_id,
    list_offsets, metadata, produce, sasl_authenticate, sasl_handshake,
};

/// What a connection may send in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a frame, without its length.
    pub frame_bytes_max: u32,
    /// Elements of all arrays of a frame together.
    pub elements_max: u32,
}

impl Default for Limits {
    /// 100 MiB, as Kafka's `socket.request.max.bytes`, and 100,000 elements.
    fn default() -> Self {
        Self { frame_bytes_max: 100 * 1024 * 1024, elements_max: 100_000 }
    }
}

/// A frame cannot be read or written. The connection is to be closed: the protocol has no way to
/// answer what was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The announced length is negative or over the limit.
    #[error("frame of {len} bytes: send at most {frame_bytes_max}")]
    FrameLength {
        /// As announced.
        len: i32,
        /// The limit.
        frame_bytes_max: u32,
    },
    /// A request that is not supported at all.
    #[error("request of kind {key} is not supported: ask ApiVersions for those that are")]
    UnknownApi {
        /// Its number.
        key: i16,
    },
    /// A version of a request that is not supported.
    #[error("{api:?} of version {version} is not supported: use {} to {}", .api.versions().min, .api.versions().max)]
    UnsupportedVersion {
        /// The request.
        api: Api,
        /// The version that was asked for.
        version: i16,
    },
    /// The bytes end too early, or are not what has to stand there.
    #[error("malformed frame where {expected} was expected")]
    Malformed {
        /// What was being read.
        expected: &'static str,
    },
    /// Arrays hold more elements than the limit allows.
    #[error(
        "frame with over {elements_max} array elements: send fewer topics or partitions at a time"
    )]
    TooManyElements {
        /// The limit.
        elements_max: u32,
    },
    /// Bytes are left over behind the message.
    #[error("frame with bytes behind its message: the client's message definitions differ")]
    TrailingBytes,
    /// A response would be over 2 GiB. Nothing was written.
    #[error("response over 2 GiB: answer with less")]
    ResponseTooLarge,
    /// A response is for another kind of request than the header. Nothing was written.
    #[error("response to {given:?} given for a request of {asked:?}")]
    WrongResponse {
        /// What the header asks for.
        asked: Api,
        /// What was given.
        given: Api,
    },
}

impl Error {
    /// What the caller is to do next.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::FrameLength { .. } | Self::TooManyElements { .. } => Kind::Limit,
            Self::UnknownApi { .. }
            | Self::UnsupportedVersion { .. }
            | Self::Malformed { .. }
            | Self::TrailingBytes => Kind::Invalid,
            Self::ResponseTooLarge | Self::WrongResponse { .. } => Kind::Internal,
        }
    }
}

impl From<Malformed> for Error {
    fn from(Malformed { expected }: Malformed) -> Self {
        Self::Malformed { expected }
    }
}

/// Appends the frame that answers what a client has sent without a header, as after version 0 of
/// `SaslHandshake`: one with nothing in it.
pub fn encode_empty(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; LENGTH_BYTES]);
}

/// Bytes of the length before a frame.
const LENGTH_BYTES: usize = 4;

/// The most that [`frame_wants`] asks for, so that an announced length reserves little.
const WANTS_MAX: usize = 1024 * 1024;

fn announced(buf: &[u8], limits: Limits) -> Result<Option<usize>, Error> {
    let Some(prefix) = buf.first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let len = i32::from_be_bytes(*prefix);
    let frame_bytes_max = limits.frame_bytes_max;
    match u32::try_from(len) {
        Ok(len) if len <= frame_bytes_max => Ok(Some(len as usize)),
        _ => Err(Error::FrameLength { len, frame_bytes_max }),
    }
}

/// The first frame in `buf`, without its length, if it is there in full. The caller drops 4 bytes
/// more than the frame has before it asks for the next. Costs nothing, however often it is asked.
pub fn split_frame(buf: &[u8], limits: Limits) -> Result<Option<&[u8]>, Error> {
    let len = announced(buf, limits)?;
    Ok(len.and_then(|len| buf.get(LENGTH_BYTES..LENGTH_BYTES + len)))
}

/// How many bytes the first frame in `buf` is short of, as far as is known: at least 1, at most
/// 1 MiB, however much is announced. Room to reserve before the next read.
pub fn frame_wants(buf: &[u8], limits: Limits) -> usize {
    let whole = match announced(buf, limits) {
        Ok(Some(len)) => LENGTH_BYTES + len,
        Ok(None) | Err(_) => LENGTH_BYTES,
    };
    whole.saturating_sub(buf.len()).clamp(1, WANTS_MAX)
}

/// What a request says of itself, and its response needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Which request it is.
    pub api: Api,
    /// The version of its message, and of the response. Supported, but for `ApiVersions`.
    pub version: i16,
    /// Returned with the response.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<&'a str>,
}

/// A request, borrowing from its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the protocol's; see the modules")]
pub enum Request<'a> {
    Produce(produce::Request<'a>),
    Fetch(fetch::Request<'a>),
    ListOffsets(list_offsets::Request<'a>),
    Metadata(metadata::Request<'a>),
    FindCoordinator(find_coordinator::Request<'a>),
    ApiVersions(api_versions::Request<'a>),
    CreateTopics(create_topics::Request<'a>),
    DeleteTopics(delete_topics::Request<'a>),
    InitProducerId(init_producer_id::Request<'a>),
    SaslHandshake(sasl_handshake::Request<'a>),
    SaslAuthenticate(sasl_authenticate::Request<'a>),
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the protocol's; see the modules")]
pub enum Response {
    Produce(produce::Response),
    Fetch(fetch::Response),
    ListOffsets(list_offsets::Response),
    Metadata(metadata::Response),
    FindCoordinator(find_coordinator::Response),
    ApiVersions(api_versions::Response),
    CreateTopics(create_topics::Response),
    DeleteTopics(delete_topics::Response),
    InitProducerId(init_producer_id::Response),
    SaslHandshake(sasl_handshake::Response),
    SaslAuthenticate(sasl_authenticate::Response),
}

impl Response {
    /// Which request it answers.
    pub const fn api(&self) -> Api {
        match self {
            Self::Produce(_) => Api::Produce,
            Self::Fetch(_) => Api::Fetch,
            Self::ListOffsets(_) => Api::ListOffsets,
            Self::Metadata(_) => Api::Metadata,
            Self::FindCoordinator(_) => Api::FindCoordinator,
            Self::ApiVersions(_) => Api::ApiVersions,
            Self::CreateTopics(_) => Api::CreateTopics,
            Self::DeleteTopics(_) => Api::DeleteTopics,
            Self::InitProducerId(_) => Api::InitProducerId,
            Self::SaslHandshake(_) => Api::SaslHandshake,
            Self::SaslAuthenticate(_) => Api::SaslAuthenticate,
        }
    }
}

/// Reads a frame that [`split_frame`] gave. `ApiVersions` of an unsupported version is read as far as
/// every version of it goes, since it has to be answered: see [`api_versions::Response::to`].
pub fn decode(frame: &[u8], limits: Limits) -> Result<(Header<'_>, Request<'_>), Error> {
    let mut fields = Fields::new(frame, limits.elements_max);
    let key = fields.i16("an api key")?;
    let version = fields.i16("an api version")?;
    let correlation_id = fields.i32("a correlation id")?;
    let api = Api::from_key(key).ok_or(Error::UnknownApi { key })?;
    let mut header = Header { api, version, correlation_id, client_id: None };
    if !api.versions().contains(version) {
        if api == Api::ApiVersions {
            return Ok((header, Request::ApiVersions(api_versions::Request::default())));
        }
        return Err(Error::UnsupportedVersion { api, version });
    }
    // The client id keeps the older form of a string in every version.
    header.client_id = fields.nullable_string("a client id")?;
    fields.set_flexible(api.is_flexible(version));
    fields.tags()?;
    let request = decode_body(api, version, &mut fields)?;
    fields.end(left_over(&header, &request))?;
    Ok((header, request))
}

/// How many bytes may follow the message. librdkafka (as of 2.16) writes the list of a Metadata that asks
/// for all topics in the older form, four zeros, where flexible versions have one: three more bytes come,
/// which brokers of Kafka pass over.
fn left_over(header: &Header<'_>, request: &Request<'_>) -> usize {
    match request {
        Request::Metadata(request)
            if request.topics.is_none() && header.api.is_flexible(header.version) =>
        {
            3
        }
        _ => 0,
    }
}

fn decode_body<'a>(api: Api, version: i16, f: &mut Fields<'a>) -> Result<Request<'a>, Error> {
    Ok(match api {
        Api::Produce => Request::Produce(produce::decode(f)?),
        Api::Fetch => Request::Fetch(fetch::decode(version, f)?),
        Api::ListOffsets => Request::ListOffsets(list_offsets::decode(version, f)?),
        Api::Metadata => Request::Metadata(metadata::decode(version, f)?),
        Api::FindCoordinator => Request::FindCoordinator(find_coordinator::decode(version, f)?),
        Api::ApiVersions => Request::ApiVersions(api_versions::decode(version, f)?),
        Api::CreateTopics => Request::CreateTopics(create_topics::decode(f)?),
        Api::DeleteTopics => Request::DeleteTopics(delete_topics::decode(version, f)?),
        Api::InitProducerId => Request::InitProducerId(init_producer_id::decode(version, f)?),
        Api::SaslHandshake => Request::SaslHandshake(sasl_handshake::decode(f)?),
        Api::SaslAuthenticate => Request::SaslAuthenticate(sasl_authenticate::decode(f)?),
    })
}

/// Appends the frame of the response to the request with this header. On an error `out` is as before.
pub fn encode(header: &Header<'_>, response: &Response, out: &mut Vec<u8>) -> Result<(), Error> {
    if response.api() != header.api {
        return Err(Error::WrongResponse { asked: header.api, given: response.api() });
    }
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    let body = out.len();
    let mut writer = FieldWriter::new(out);
    writer.i32(header.correlation_id);
    writer.set_flexible(header.api.is_flexible(header.version));
    if header.api != Api::ApiVersions {
        writer.tags();
    }
    encode_body(header.version, response, &mut writer);

    let Ok(len) = i32::try_from(out.len() - body) else {
        out.truncate(start);
        return Err(Error::ResponseTooLarge);
    };
    if let Some(place) = out.get_mut(start..body) {
        place.copy_from_slice(&len.to_be_bytes());
    }
    Ok(())
}

fn encode_body(version: i16, response: &Response, w: &mut FieldWriter<'_>) {
    match response {
        Response::Produce(response) => produce::encode(response, version, w),
        Response::Fetch(response) => fetch::encode(response, version, w),
        Response::ListOffsets(response) => list_offsets::encode(response, version, w),
        Response::Metadata(response) => metadata::encode(response, version, w),
        Response::FindCoordinator(response) => find_coordinator::encode(response, version, w),
        Response::ApiVersions(response) => api_versions::encode(*response, version, w),
        Response::CreateTopics(response) => create_topics::encode(response, version, w),
        Response::DeleteTopics(response) => delete_topics::encode(response, version, w),
        Response::InitProducerId(response) => init_producer_id::encode(response, w),
        Response::SaslHandshake(response) => sasl_handshake::encode(response, w),
        Response::SaslAuthenticate(response) => sasl_authenticate::encode(response, version, w),
    }
}

#[cfg(test)]
mod tests;
