//! Certificates as X.509 has them, and in files.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use super::bundle::Bundle;
use crate::snapshot::Certificate;

/// `id-ad-caIssuers` of RFC 5280.
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// More names than these are not kept.
const NAMES_MAX: usize = 100;

/// One of bytes in DER; none if they hold none.
pub(super) fn parse(der: &[u8], bundle: Option<&Bundle>) -> Option<Certificate> {
    let (_, x509) = X509Certificate::from_der(der).ok()?;
    let issuer = x509.issuer().to_string();
    let mut names: Vec<String> = x509
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|it| it.value.general_names.iter().filter_map(name).take(NAMES_MAX).collect())
        .unwrap_or_default();
    names.sort_unstable();
    Some(Certificate {
        subject: x509.subject().to_string(),
        issuer_trusted: bundle.map(|bundle| bundle.subjects.contains(&issuer)),
        issuer,
        serial: format!("{:x}", x509.tbs_certificate.serial),
        not_before_s: x509.validity().not_before.timestamp(),
        not_after_s: x509.validity().not_after.timestamp(),
        names: Some(names),
        signature: x509.signature_algorithm.algorithm.to_id_string(),
        tells_issuer: tells_issuer(&x509),
    })
}

/// Those of text in PEM, in its order. What else is in it, such as a key, is not looked at.
pub(super) fn parse_pem(text: &[u8], bundle: Option<&Bundle>) -> Vec<Certificate> {
    let blocks = Pem::iter_from_buffer(text).flatten();
    blocks
        .filter(|block| block.label == "CERTIFICATE" || block.label == "TRUSTED CERTIFICATE")
        .filter_map(|block| parse(&block.contents, bundle))
        .collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|it| std::net::IpAddr::from(it).to_string());
            let v6 = <[u8; 16]>::try_from(*bytes).map(|it| std::net::IpAddr::from(it).to_string());
            v4.or(v6).ok()
        }
        _ => None,
    }
}

fn tells_issuer(x509: &X509Certificate<'_>) -> bool {
    x509.extensions().iter().any(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityInfoAccess(access) => {
            access.iter().any(|it| it.access_method.to_id_string() == CA_ISSUERS)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
