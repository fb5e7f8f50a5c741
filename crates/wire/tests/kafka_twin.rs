//! Our Kafka messages against an independent implementation of the protocol, in every supported
//! version: requests that it writes are read as what they say, and responses that are written are read
//! by it as what they say.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "twin/records.rs"]
mod records;
#[path = "twin/requests.rs"]
mod requests;
#[path = "twin/responses.rs"]
mod responses;

use bytes::{Bytes, BytesMut};
use groundsill_wire::kafka::{self, Api, Header, Limits, Request, Response};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn key_of(api: Api) -> ApiKey {
    ApiKey::try_from(api.key()).unwrap()
}

/// The bytes of a request as the other implementation writes it.
fn frame(api: Api, version: i16, body: &impl Encodable) -> Vec<u8> {
    let header = RequestHeader::default()
        .with_request_api_key(api.key())
        .with_request_api_version(version)
        .with_correlation_id(77)
        .with_client_id(Some(text("twin")));
    let mut bytes = BytesMut::new();
    header.encode(&mut bytes, key_of(api).request_header_version(version)).unwrap();
    body.encode(&mut bytes, version).unwrap();
    bytes.to_vec()
}

/// Reads `body` back in every version that is supported, and in no other.
fn check_request<'a, B: Encodable>(
    api: Api,
    frames: &'a mut Vec<Vec<u8>>,
    body: impl Fn(i16) -> B,
    expected: impl Fn(i16) -> Request<'a>,
) {
    let versions = api.versions();
    *frames = (versions.min..=versions.max).map(|v| frame(api, v, &body(v))).collect();
    for (version, frame) in (versions.min..).zip(frames.iter()) {
        let (header, request) = kafka::decode(frame, Limits::default()).unwrap();
        let client_id = Some("twin");
        assert_eq!(header, Header { api, version, correlation_id: 77, client_id });
        assert_eq!(request, expected(version), "version {version}");
        for end in 0..frame.len() {
            let cut = kafka::decode(&frame[..end], Limits::default());
            assert!(cut.is_err(), "version {version} reads when cut to {end} bytes");
        }
        let longer = [frame.as_slice(), &[0]].concat();
        let refused = kafka::decode(&longer, Limits::default());
        assert_eq!(refused.unwrap_err(), kafka::Error::TrailingBytes);
    }
}

/// Writes `response` in every version that is supported, and has the other implementation read it.
fn check_response<B: Decodable + PartialEq + std::fmt::Debug>(
    response: &Response,
    expected: impl Fn(i16) -> B,
) {
    let api = response.api();
    let versions = api.versions();
    for version in versions.min..=versions.max {
        let header = Header { api, version, correlation_id: 77, client_id: None };
        let mut out = b"before".to_vec();
        kafka::encode(&header, response, &mut out).unwrap();
        let sent = out.strip_prefix(b"before").unwrap();
        let frame = kafka::split_frame(sent, Limits::default()).unwrap().unwrap();
        assert_eq!(frame.len() + 4, sent.len());
        let mut bytes = Bytes::copy_from_slice(frame);
        let header_version = key_of(api).response_header_version(version);
        let header = ResponseHeader::decode(&mut bytes, header_version).unwrap();
        assert_eq!(header.correlation_id, 77);
        let read = B::decode(&mut bytes, version).unwrap();
        assert!(bytes.is_empty(), "version {version} leaves bytes over");
        assert_eq!(read, expected(version), "version {version}");
    }
}

const ID: [u8; 16] = *b"0123456789abcdef";

/// A topic named by [`ID`] alone.
fn with_id() -> DeleteTopicState {
    let bytes = [[0].as_slice(), &ID, &[0]].concat();
    DeleteTopicState::decode(&mut Bytes::from(bytes), 6).unwrap()
}
