//! Certificates.

use std::time::Duration;

use crate::check::{Blind, Check};
use crate::snapshot::{Certificate, TlsEndpoint, Window};
use crate::words;

mod n04;
mod n05;
mod n09;
mod n10;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&n04::CHECK, &n05::CHECK, &n09::CHECK, &n10::CHECK];

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// A certificate is renewed when a third of its lifetime is left: what certbot, cert-manager and Caddy do unless told otherwise.
const RENEWED_AT: i64 = 3;

/// One that holds for years is not told of years ahead, but when a public authority would renew it, which gives 90 days.
const AHEAD_S_MAX: i64 = 30 * DAY_S;

/// Of that time a quarter is left: what renews it has failed for so long that it will not mend itself.
const LATE: i64 = 4;

/// How long before its end a certificate should have been renewed, in seconds.
fn ahead_s(certificate: &Certificate) -> i64 {
    (certificate.lifetime_s() / RENEWED_AT).min(AHEAD_S_MAX)
}

/// Whether its end is so near that it will be missed, or past.
fn is_late(certificate: &Certificate, now_s: i64) -> bool {
    certificate.not_after_s.saturating_sub(now_s) < ahead_s(certificate) / LATE
}

/// The time of the second look, in seconds since 1970.
fn now_s(window: &Window<'_>) -> i64 {
    i64::try_from(window.after.at_ms / 1_000).unwrap_or(i64::MAX)
}

/// A length of time, before or after.
fn span(seconds: i64) -> String {
    words::span(Duration::from_secs(seconds.unsigned_abs()))
}

/// When it ends, or ended.
fn end(certificate: &Certificate, now_s: i64) -> String {
    let left = certificate.not_after_s.saturating_sub(now_s);
    if left < 0 { format!("ended {} ago", span(left)) } else { format!("ends in {}", span(left)) }
}

/// Whose a certificate is: its first name, else its subject.
fn whose(certificate: &Certificate) -> &str {
    certificate.names.iter().flatten().next().map_or(&certificate.subject, String::as_str)
}

/// Who presents something, and where.
fn who(endpoint: &TlsEndpoint) -> String {
    let process = endpoint.process.as_ref();
    process.map_or_else(|| "a process that was not found".to_owned(), ToString::to_string)
}

/// The ports of this machine that speak TLS; that there is none makes a check of them out of place.
fn endpoints<'a>(window: &Window<'a>) -> Result<&'a [TlsEndpoint], Blind> {
    let found = window.after.host.tls.seen()?.endpoints.seen()?;
    if found.is_empty() {
        let none = "no port that is known to speak TLS listens here".to_owned();
        return Err(Blind::OutOfPlace(none));
    }
    Ok(found)
}

/// What one of them presents, its own certificate first.
fn chain(endpoint: &TlsEndpoint) -> Result<(&Certificate, &[Certificate]), Blind> {
    let chain = endpoint.chain.seen()?;
    let own = chain.first().ok_or_else(|| {
        Blind::Failed(format!("the certificate of {} could not be read", endpoint.address))
    })?;
    Ok((own, chain))
}

#[cfg(test)]
mod ground;
