//! Certificates, of servers and of clients.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Probed, Process};

/// Certificates, of servers and of clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// What servers of this machine present to those who connect.
    pub endpoints: Probed<Vec<TlsEndpoint>>,
    /// Whom programs of this machine trust unless told otherwise.
    pub trust: Probed<TrustBundle>,
}

/// A port that speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsEndpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who listens; none if this may not be seen.
    pub process: Option<Process>,
    /// What it presents, its own certificate first; from a handshake in which nothing is verified and no name is asked for.
    pub chain: Probed<Vec<Certificate>>,
    /// Certificates in files that have the same names as the one presented.
    #[serde(default)]
    pub files: Vec<CertificateFile>,
}

/// A certificate, as X.509 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Whose it is, such as `CN=shop.example`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Number that the issuer gave it, in hexadecimal.
    pub serial: String,
    /// From when on it holds, in seconds since 1970.
    pub not_before_s: i64,
    /// Until when, likewise.
    pub not_after_s: i64,
    /// DNS names and addresses of `subjectAltName`, in order; empty if it has none, none if a recording left them out.
    #[serde(default)]
    pub names: Option<Vec<String>>,
    /// Object identifier of the algorithm that it is signed with.
    pub signature: String,
    /// Whether it tells where its issuer's certificate can be fetched (`caIssuers`).
    pub tells_issuer: bool,
    /// Whether the machine's bundle has its issuer; none if there is no bundle to ask.
    pub issuer_trusted: Option<bool>,
}

/// A certificate in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFile {
    /// Where it is, as the process that listens sees it.
    pub path: String,
    /// Whether the configuration of that process names it; else it was found where such files usually are.
    pub configured: bool,
    /// The first in it.
    pub certificate: Certificate,
}

/// Certificates of authorities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustBundle {
    /// The file that programs read.
    pub path: String,
    /// How many it holds.
    pub count: u64,
    /// When it was last written, in seconds since 1970.
    pub written_s: i64,
    /// Those that were added on this machine, each by its file.
    pub added: Probed<Vec<AddedAuthority>>,
}

/// An authority that somebody added on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedAuthority {
    /// Its file.
    pub path: String,
    /// Its certificate.
    pub certificate: Certificate,
    /// Whether the bundle has it.
    pub bundled: bool,
}

impl Certificate {
    /// How long it holds in all, in seconds.
    pub const fn lifetime_s(&self) -> i64 {
        self.not_after_s.saturating_sub(self.not_before_s)
    }

    /// Whether it is signed by whom it is about.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it is the same as another: an issuer gives each number once.
    pub fn is(&self, other: &Self) -> bool {
        (&self.issuer, &self.serial) == (&other.issuer, &other.serial)
    }
}
