//! The authorities that programs of this machine trust unless told otherwise.
//!
//! Source: update-ca-certificates(8) of Debian, update-ca-trust(8) of Fedora.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::certificate;
use crate::snapshot::{AddedAuthority, Certificate, Probed, TrustBundle};

/// Where the bundle is: Debian and Alpine, Fedora, openSUSE.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where somebody puts authorities of their own: likewise.
const ADDED: [&str; 3] = [
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
];

/// So many files of those are read, at most.
const FILES_MAX: usize = 100;

/// The bundle, and what is asked of it.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) trust: TrustBundle,
    /// Whom it has.
    pub(super) subjects: BTreeSet<String>,
}

/// Reads the first that is there.
pub(super) fn read() -> Probed<Bundle> {
    let Some(path) = BUNDLES.into_iter().find(|path| Path::new(path).exists()) else {
        return Probed::Absent(format!("bundle of authorities: none of {}", BUNDLES.join(", ")));
    };
    crate::probe::text(path).map(|text| {
        let all = certificate::parse_pem(text.as_bytes(), None);
        let subjects = all.iter().map(|it| it.subject.clone()).collect();
        let trust = TrustBundle {
            path: path.to_owned(),
            count: all.len() as u64,
            written_s: written_s(path),
            added: added(&all),
        };
        Bundle { trust, subjects }
    })
}

/// When a file was last written; 0 if that is not told.
fn written_s(path: &str) -> i64 {
    let written = fs::metadata(path).and_then(|it| it.modified()).ok();
    let since = written.and_then(|it| it.duration_since(UNIX_EPOCH).ok());
    since.and_then(|it| i64::try_from(it.as_secs()).ok()).unwrap_or(0)
}

fn added(bundled: &[Certificate]) -> Probed<Vec<AddedAuthority>> {
    let mut files: Vec<_> = Vec::new();
    for folder in ADDED {
        match fs::read_dir(folder) {
            Ok(found) => files.extend(found.flatten().map(|it| it.path())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return crate::probe::unseen(&error, folder),
        }
    }
    // Of others the programs take no notice, and neither does this.
    files.retain(|path| path.extension().is_some_and(|it| it == "crt" || it == "pem"));
    files.sort();
    files.truncate(FILES_MAX);
    let mut all = Vec::new();
    for path in files {
        let path = path.to_string_lossy().into_owned();
        let found = match crate::probe::text(&path) {
            Probed::Seen(text) => certificate::parse_pem(text.as_bytes(), None),
            // It went meanwhile.
            Probed::Absent(_) => continue,
            other => return other.map(|_| Vec::new()),
        };
        all.extend(found.into_iter().map(|certificate| AddedAuthority {
            path: path.clone(),
            bundled: bundled.iter().any(|it| it.is(&certificate)),
            certificate,
        }));
    }
    Probed::Seen(all)
}
