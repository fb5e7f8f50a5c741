//! Which requests are understood, in which versions.

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the protocol's, and say it")]
pub enum Api {
    Produce,
    Fetch,
    ListOffsets,
    Metadata,
    FindCoordinator,
    SaslHandshake,
    ApiVersions,
    CreateTopics,
    DeleteTopics,
    InitProducerId,
    SaslAuthenticate,
}

/// The versions of one request that are supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// The first that is decoded.
    pub min: i16,
    /// The last that is decoded.
    pub max: i16,
    /// The first that `ApiVersions` announces. Lower than `min` for Produce alone: librdkafka takes a
    /// broker that does not announce version 0 for one that cannot compress (KAFKA-18659).
    pub announced_min: i16,
    /// The first with compact lengths and tagged fields; [`NEVER`] if none has them.
    pub flexible: i16,
}

/// Above every version.
pub const NEVER: i16 = i16::MAX;

impl VersionRange {
    const fn new(min: i16, max: i16, flexible: i16) -> Self {
        Self { min, max, announced_min: min, flexible }
    }

    /// Whether `version` is decoded.
    pub const fn contains(&self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }
}

impl Api {
    /// All, in order of their keys.
    pub const ALL: [Self; 11] = [
        Self::Produce,
        Self::Fetch,
        Self::ListOffsets,
        Self::Metadata,
        Self::FindCoordinator,
        Self::SaslHandshake,
        Self::ApiVersions,
        Self::CreateTopics,
        Self::DeleteTopics,
        Self::InitProducerId,
        Self::SaslAuthenticate,
    ];

    /// The number that stands for it in a request.
    pub const fn key(self) -> i16 {
        match self {
            Self::Produce => 0,
            Self::Fetch => 1,
            Self::ListOffsets => 2,
            Self::Metadata => 3,
            Self::FindCoordinator => 10,
            Self::SaslHandshake => 17,
            Self::ApiVersions => 18,
            Self::CreateTopics => 19,
            Self::DeleteTopics => 20,
            Self::InitProducerId => 22,
            Self::SaslAuthenticate => 36,
        }
    }

    /// The request with this number, if it is understood.
    pub fn from_key(key: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.key() == key)
    }

    /// Its versions. The lower ends are those of Kafka 4.0. The upper ends stop where a version would
    /// promise what is not done: Produce and Fetch by topic id (13), offsets of tiered storage
    /// (`ListOffsets` 8), Metadata's own error code (13), and the second round of transactions
    /// (`FindCoordinator` and `InitProducerId` 5, Produce 12).
    pub const fn versions(self) -> VersionRange {
        match self {
            Self::Produce => VersionRange { min: 3, max: 11, announced_min: 0, flexible: 9 },
            Self::Fetch => VersionRange::new(4, 12, 12),
            Self::ListOffsets => VersionRange::new(1, 7, 6),
            Self::Metadata => VersionRange::new(0, 12, 9),
            Self::FindCoordinator | Self::ApiVersions => VersionRange::new(0, 4, 3),
            Self::SaslHandshake => VersionRange::new(0, 1, NEVER),
            Self::CreateTopics => VersionRange::new(2, 7, 5),
            Self::DeleteTopics => VersionRange::new(1, 6, 4),
            Self::InitProducerId => VersionRange::new(0, 4, 2),
            Self::SaslAuthenticate => VersionRange::new(0, 2, 2),
        }
    }

    /// Whether lengths are compact and fields tagged in this version.
    pub const fn is_flexible(self, version: i16) -> bool {
        version >= self.versions().flexible
    }
}

#[cfg(test)]
mod tests;
