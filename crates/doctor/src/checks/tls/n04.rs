//! N04: a certificate that a server presents is near its end, and nobody has renewed it.
//!
//! Source: RFC 5280, 4.1.2.5; that a third of the lifetime is the time to renew is what certbot and cert-manager do by default, and
//! holds for certificates of 6 and of 47 days as for those of 90. 30 days at most, so that one of ten years is not told of for three.

use super::{ahead_s, chain, end, endpoints, is_late, now_s, span, who, whose};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Certificate, TlsEndpoint, Window};

pub(super) static CHECK: Check = Check {
    id: "N04",
    title: "a certificate that a server presents is about to end, and was not renewed",
    severity: Severity::Critical,
    needs: "nothing; root, to name the process of another user",
    expected: "every certificate that is presented holds for at least a third of its lifetime, or for 30 days",
    guardrail: "alert on probe_ssl_earliest_cert_expiry - time() < 30 * 86400 (blackbox_exporter), and on the renewal itself",
    probes: &[
        "sock_diag: TCP sockets in the state LISTEN",
        "a TLS handshake without a name and without any verification with ports 443, 465, 636, 853, 993, 995, 5671, 6380, 6443, 8443, 8883 and 9093; with every other only if the look is deep",
        "SSLRequest and a TLS handshake with what PostgreSQL listens on",
    ],
    proof: Proof::Lab,
    catalogue: &["cert-manager-silent-expiry"],
    page: Page {
        symptom: "From one minute to the next every client refuses to connect, at night or on a Sunday: \"certificate has expired\". Nothing was deployed.",
        culprit: "Certificates end. What renews them (certbot, cert-manager, a script) has failed for weeks without anybody being told, or the one of this port was made by hand and belongs to nobody.",
        proof: "The certificate that the running server presents, not one in a file, and those that come with it. What renews certificates does so when a third of their lifetime is left; less than that, or less than 30 days of a long one, means that it does not. Critical when a quarter of that time is left, when it has ended, and while it does not hold yet.",
        fix: "Find what should renew it and why it does not: journalctl -u certbot, kubectl describe certificate, the log of whatever else does it. Renew, then have the server read it: most need a reload. If the file is already newer than what is presented, N09 says so. One that does not hold yet is almost always a clock that is wrong.",
        cost: "A reload; connections that are open stay. Clients that pin the old certificate or its key have to be told before.",
        lab: "A server with a certificate of which a small part of its lifetime is left; mended by one that was just made.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let (all, now_s) = (endpoints(window)?, now_s(window));
    let (mut faults, mut unseen, mut least) = (Vec::new(), None, None);
    for endpoint in all {
        let (_, chain) = match chain(endpoint) {
            Ok(found) => found,
            Err(blind) => {
                unseen = Some(blind);
                continue;
            }
        };
        faults.extend(chain.iter().filter_map(|it| fault(endpoint, it, now_s)));
        let soonest = chain.iter().map(|it| it.not_after_s.saturating_sub(now_s)).min();
        least = least.into_iter().chain(soonest).min();
    }
    let count = all.len();
    let observed = format!(
        "{count} ports present certificates, the first of which ends in {}",
        span(least.unwrap_or(0))
    );
    Ok(Verdict { observed, faults, unseen })
}

fn fault(endpoint: &TlsEndpoint, certificate: &Certificate, now_s: i64) -> Option<Fault> {
    let left = certificate.not_after_s.saturating_sub(now_s);
    let early = certificate.not_before_s.saturating_sub(now_s);
    if left >= ahead_s(certificate) && early <= 0 {
        return None;
    }
    let (who, whose) = (who(endpoint), whose(certificate));
    let lifetime = span(certificate.lifetime_s());
    let is_critical = early > 0 || is_late(certificate, now_s);
    let (observed, impact) = if early > 0 {
        (
            format!("{who} presents a certificate of {whose} that holds only in {}", span(early)),
            "clients that verify it refuse to connect until then".to_owned(),
        )
    } else {
        let end = end(certificate, now_s);
        let impact = if left < 0 {
            "clients that verify it refuse to connect now".to_owned()
        } else {
            format!("in {} clients that verify it refuse to connect, all at once", span(left))
        };
        (
            format!(
                "{who} presents a certificate of {whose} that {end}, of a lifetime of {lifetime}"
            ),
            impact,
        )
    };
    Some(Fault {
        severity: if is_critical { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(endpoint.address.to_string()),
        observed,
        impact,
        fix: "find what should renew it, and why it does not (journalctl -u certbot; kubectl describe certificate); renew it and reload the server; if it does not hold yet, see to the clock".to_owned(),
        actions: Vec::new(),
        risk: "a reload; clients that pin the old one have to be told".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("TLS handshake with {}", endpoint.address),
            value: format!(
                "serial {} of {}, notBefore {}, notAfter {} (seconds since 1970)",
                certificate.serial, certificate.issuer, certificate.not_before_s, certificate.not_after_s
            ),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;
