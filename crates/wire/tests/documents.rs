//! The protocol documents say what the code does.

use base::Kind;
use groundsill_wire::kafka::{Api, ErrorCode};
use groundsill_wire::resp::{Limits, ProtocolError};

const REDIS: &str = include_str!("../../../docs/protocols/redis.md");
const KAFKA: &str = include_str!("../../../docs/protocols/kafka.md");

#[test]
fn every_supported_request_stands_in_the_document_with_its_versions() {
    for api in Api::ALL {
        let versions = api.versions();
        let row = format!("| `{api:?}` | {} | {} to {} |", api.key(), versions.min, versions.max);
        assert!(KAFKA.contains(&row), "docs/protocols/kafka.md lacks {row}");
    }
    let rows =
        KAFKA.lines().filter(|line| line.starts_with("| `") && line.contains(" to ")).count();
    assert_eq!(rows, Api::ALL.len(), "docs/protocols/kafka.md promises more");
}

#[test]
fn every_kind_of_error_stands_in_the_document_with_its_code() {
    let kinds = [
        (Kind::Invalid, "Invalid"),
        (Kind::NotFound, "NotFound"),
        (Kind::Exists, "Exists"),
        (Kind::Conflict, "Conflict, Unavailable"),
        (Kind::Unavailable, "Conflict, Unavailable"),
        (Kind::Denied, "Denied"),
        (Kind::Limit, "Limit"),
        (Kind::Closed, "Closed"),
        (Kind::Corrupt, "Corrupt"),
        (Kind::Internal, "Internal"),
    ];
    for (kind, name) in kinds {
        let row = format!("| {name} | {} ", ErrorCode::from(kind).0);
        assert!(KAFKA.contains(&row), "docs/protocols/kafka.md lacks {row}");
    }
}

#[test]
fn every_protocol_error_stands_in_the_document_with_its_text() {
    let errors = [
        ProtocolError::MultibulkLength,
        ProtocolError::TooManyArgs { args: 2_147_483_648, args_max: 1_048_576 },
        ProtocolError::UnauthenticatedMultibulkLength(10),
        ProtocolError::BulkLength,
        ProtocolError::BulkTooLong { bytes: 67_108_865, bytes_max: 67_108_864 },
        ProtocolError::UnauthenticatedBulkLength(16_384),
        ProtocolError::ExpectedBulk(b'x'),
        ProtocolError::ExpectedLineEnd,
        ProtocolError::InlineTooBig(65_536),
        ProtocolError::MultibulkLineTooBig(65_536),
        ProtocolError::BulkLineTooBig(65_536),
        ProtocolError::UnbalancedQuotes,
        ProtocolError::RequestTooBig(144 << 20),
    ];
    for error in errors {
        let row = format!("| `{error}` |");
        assert!(REDIS.contains(&row), "docs/protocols/redis.md lacks {row}");
    }
}

#[test]
fn the_limits_stand_in_the_document() {
    let (known, stranger) = (Limits::AUTHENTICATED, Limits::UNAUTHENTICATED);
    let kib = |bytes: u32| bytes / 1024;
    // What is known of a client's arguments and requests, the server bounds by what a transaction may take.
    let cells = [
        format!(" MiB | {} KiB |", kib(stranger.bulk_bytes_max)),
        format!("| {} KiB | {} KiB |", kib(known.inline_bytes_max), kib(stranger.inline_bytes_max)),
        format!(" MiB | {} KiB |", kib(stranger.request_bytes_max)),
        format!("| 1,048,576 | {} |", stranger.args_max),
    ];
    for cells in cells {
        assert!(REDIS.contains(&cells), "docs/protocols/redis.md lacks {cells}");
    }
    assert_eq!(known.args_max, 1_048_576);
}
