use proptest::prelude::*;

use super::*;
use crate::kafka::ErrorCode;

const LIMITS: Limits = Limits { frame_bytes_max: 1000, elements_max: 100 };

fn header(api: Api, version: i16) -> Header<'static> {
    Header { api, version, correlation_id: 7, client_id: None }
}

fn header_bytes(key: i16, version: i16) -> Vec<u8> {
    [&key.to_be_bytes()[..], &version.to_be_bytes(), &7i32.to_be_bytes(), &[0xff, 0xff]].concat()
}

#[test]
fn a_frame_is_given_when_it_is_there_in_full() {
    let bytes = b"\x00\x00\x00\x03abc\x00\x00\x00\x00";
    for end in 0..7 {
        assert_eq!(split_frame(&bytes[..end], LIMITS), Ok(None));
        let missing = if end < 4 { 4 - end } else { 7 - end };
        assert_eq!(frame_wants(&bytes[..end], LIMITS), missing);
    }
    assert_eq!(split_frame(bytes, LIMITS), Ok(Some(b"abc".as_slice())));
    assert_eq!(split_frame(&bytes[7..], LIMITS), Ok(Some(b"".as_slice())));
}

#[test]
fn a_length_over_the_limit_is_refused_before_the_frame_arrives() {
    for len in [1001, i32::MAX, -1, i32::MIN] {
        let prefix = len.to_be_bytes();
        let refused = split_frame(&prefix, LIMITS);
        assert_eq!(refused, Err(Error::FrameLength { len, frame_bytes_max: 1000 }));
    }
    let large = Limits { frame_bytes_max: u32::MAX, ..LIMITS };
    let prefix = i32::MAX.to_be_bytes();
    assert_eq!(split_frame(&prefix, large), Ok(None));
    assert_eq!(frame_wants(&prefix, large), 1024 * 1024);
}

#[test]
fn what_is_not_supported_is_named() {
    let decoded =
        |key, version| decode(&header_bytes(key, version), LIMITS).map(|_| ()).unwrap_err();
    assert_eq!(decoded(99, 0), Error::UnknownApi { key: 99 });
    let versions = Api::Fetch.versions();
    for version in [versions.min - 1, versions.max + 1, -1, i16::MAX, i16::MIN] {
        let refused = Error::UnsupportedVersion { api: Api::Fetch, version };
        assert_eq!(decoded(Api::Fetch.key(), version), refused);
    }
    // Announced, and yet not decoded.
    let refused = Error::UnsupportedVersion { api: Api::Produce, version: 2 };
    assert_eq!(decoded(Api::Produce.key(), 2), refused);
    assert_eq!(refused.to_string(), "Produce of version 2 is not supported: use 3 to 11");
}

#[test]
fn a_response_to_another_request_is_refused_and_leaves_no_bytes() {
    let response = Response::ApiVersions(api_versions::Response::to(0));
    let mut out = b"before".to_vec();
    let refused = encode(&header(Api::Fetch, 4), &response, &mut out);
    assert_eq!(refused, Err(Error::WrongResponse { asked: Api::Fetch, given: Api::ApiVersions }));
    assert_eq!(out, b"before");
}

#[test]
fn a_coordinator_that_is_not_known_is_an_error_and_no_panic() {
    let response = find_coordinator::Response { throttle_time_ms: 0, coordinators: vec![] };
    let mut out = Vec::new();
    encode(&header(Api::FindCoordinator, 0), &Response::FindCoordinator(response), &mut out)
        .unwrap();
    let code = ErrorCode::COORDINATOR_NOT_AVAILABLE.0.to_be_bytes();
    assert_eq!(&out[8..10], &code);
}

/// As librdkafka 2.16 sends it from its admin client: client id, tags, and a list in the older form.
#[test]
fn a_metadata_of_librdkafka_that_asks_for_all_topics_is_read() {
    let frame = b"\0\x03\0\x0c\0\0\0\x03\0\x07rdkafka\0\0\0\0\0\x01\0\0";
    let (header, request) = decode(frame, LIMITS).unwrap();
    assert_eq!(header.client_id, Some("rdkafka"));
    assert!(matches!(request, Request::Metadata(request) if request.topics.is_none()));
    // The same frame with a list of no topics, which is no such mistake.
    let mut frame = frame.to_vec();
    frame[18] = 1;
    assert_eq!(decode(&frame, LIMITS).map(|_| ()), Err(Error::TrailingBytes));
}

#[test]
fn a_small_frame_cannot_announce_much() {
    // An array of topics that claims as many elements as fit an i32, in each form.
    for (version, count) in [(3, b"\x7f\xff\xff\xff".as_slice()), (9, b"\xff\xff\xff\xff\x07")] {
        let mut frame = header_bytes(Api::Metadata.key(), version);
        frame.extend_from_slice(if version >= 9 { b"\x00" } else { b"" });
        frame.extend_from_slice(count);
        let refused = decode(&frame, LIMITS).map(|_| ()).unwrap_err();
        assert_eq!(refused, Error::Malformed { expected: "topics" });
    }
    // As many elements as there are bytes for, and more than the limit.
    let mut frame = header_bytes(Api::Metadata.key(), 3);
    frame.extend_from_slice(&101i32.to_be_bytes());
    frame.extend_from_slice(&[0; 202]);
    let refused = decode(&frame, LIMITS).map(|_| ()).unwrap_err();
    assert_eq!(refused, Error::TooManyElements { elements_max: 100 });
}

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_refused(bytes: Vec<u8>) {
        let _ = split_frame(&bytes, LIMITS);
        let _ = decode(&bytes, LIMITS);
    }

    #[test]
    fn any_bytes_behind_a_header_are_a_request_or_refused(
        which in 0..Api::ALL.len(),
        version in 0i16..13,
        body in prop::collection::vec(prop_oneof![3 => 0u8..4, 1 => any::<u8>()], 0..80),
    ) {
        let mut frame = header_bytes(Api::ALL[which].key(), version);
        frame.extend_from_slice(&body);
        let _ = decode(&frame, LIMITS);
    }
}
