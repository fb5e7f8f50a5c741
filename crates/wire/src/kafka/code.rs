//! The error codes of the Kafka protocol that are given.

use base::Kind;

/// An error code, as responses carry it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i16);

#[expect(missing_docs, reason = "the names are the protocol's, and say it")]
impl ErrorCode {
    pub const UNKNOWN_SERVER_ERROR: Self = Self(-1);
    pub const NONE: Self = Self(0);
    pub const OFFSET_OUT_OF_RANGE: Self = Self(1);
    pub const CORRUPT_MESSAGE: Self = Self(2);
    pub const UNKNOWN_TOPIC_OR_PARTITION: Self = Self(3);
    pub const LEADER_NOT_AVAILABLE: Self = Self(5);
    pub const NOT_LEADER_OR_FOLLOWER: Self = Self(6);
    pub const REQUEST_TIMED_OUT: Self = Self(7);
    pub const MESSAGE_TOO_LARGE: Self = Self(10);
    pub const COORDINATOR_LOAD_IN_PROGRESS: Self = Self(14);
    pub const COORDINATOR_NOT_AVAILABLE: Self = Self(15);
    pub const NOT_COORDINATOR: Self = Self(16);
    pub const INVALID_TOPIC: Self = Self(17);
    pub const RECORD_LIST_TOO_LARGE: Self = Self(18);
    pub const INVALID_REQUIRED_ACKS: Self = Self(21);
    pub const TOPIC_AUTHORIZATION_FAILED: Self = Self(29);
    pub const CLUSTER_AUTHORIZATION_FAILED: Self = Self(31);
    pub const INVALID_TIMESTAMP: Self = Self(32);
    pub const UNSUPPORTED_SASL_MECHANISM: Self = Self(33);
    pub const ILLEGAL_SASL_STATE: Self = Self(34);
    pub const UNSUPPORTED_VERSION: Self = Self(35);
    pub const TOPIC_ALREADY_EXISTS: Self = Self(36);
    pub const INVALID_PARTITIONS: Self = Self(37);
    pub const INVALID_REPLICATION_FACTOR: Self = Self(38);
    pub const INVALID_REPLICA_ASSIGNMENT: Self = Self(39);
    pub const INVALID_CONFIG: Self = Self(40);
    pub const INVALID_REQUEST: Self = Self(42);
    pub const UNSUPPORTED_FOR_MESSAGE_FORMAT: Self = Self(43);
    pub const POLICY_VIOLATION: Self = Self(44);
    pub const OUT_OF_ORDER_SEQUENCE_NUMBER: Self = Self(45);
    pub const DUPLICATE_SEQUENCE_NUMBER: Self = Self(46);
    pub const INVALID_PRODUCER_EPOCH: Self = Self(47);
    pub const TRANSACTIONAL_ID_AUTHORIZATION_FAILED: Self = Self(53);
    pub const STORAGE_ERROR: Self = Self(56);
    pub const SASL_AUTHENTICATION_FAILED: Self = Self(58);
    pub const UNKNOWN_PRODUCER_ID: Self = Self(59);
    pub const FETCH_SESSION_ID_NOT_FOUND: Self = Self(70);
    pub const INVALID_FETCH_SESSION_EPOCH: Self = Self(71);
    pub const FENCED_LEADER_EPOCH: Self = Self(74);
    pub const UNKNOWN_LEADER_EPOCH: Self = Self(75);
    pub const UNSUPPORTED_COMPRESSION_TYPE: Self = Self(76);
    pub const INVALID_RECORD: Self = Self(87);
    pub const THROTTLING_QUOTA_EXCEEDED: Self = Self(89);
    pub const UNKNOWN_TOPIC_ID: Self = Self(100);
}

/// For what has no code of its own: whoever knows which topic or record is meant says it better.
/// Codes that clients retry stand for kinds that a retry can mend, and only for those.
impl From<Kind> for ErrorCode {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Invalid => Self::INVALID_REQUEST,
            Kind::NotFound => Self::UNKNOWN_TOPIC_OR_PARTITION,
            Kind::Exists => Self::TOPIC_ALREADY_EXISTS,
            Kind::Conflict | Kind::Unavailable => Self::LEADER_NOT_AVAILABLE,
            Kind::Denied => Self::TOPIC_AUTHORIZATION_FAILED,
            Kind::Limit => Self::POLICY_VIOLATION,
            Kind::Closed => Self::NOT_LEADER_OR_FOLLOWER,
            Kind::Corrupt => Self::STORAGE_ERROR,
            Kind::Internal => Self::UNKNOWN_SERVER_ERROR,
        }
    }
}
