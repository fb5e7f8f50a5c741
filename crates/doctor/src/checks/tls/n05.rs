//! N05: clients that verify refuse what a server presents, though it has not ended.
//!
//! Source: RFC 8446, 4.4.2 (the sender gives the whole chain but the root); RFC 9525, 2 (the subject is no name any more);
//! RFC 9155 (SHA-1 and MD5 are no signatures any more); RFC 5280, 4.2.2.1 (`caIssuers`).

use super::{chain, endpoints, who, whose};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Certificate, TlsEndpoint, Window};

/// MD5 and SHA-1 with RSA, DSA and ECDSA.
const BROKEN: [&str; 4] =
    ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10040.4.3", "1.2.840.10045.4.1"];

/// `--fact tls.name.443=shop.example` says by which name clients come to a port.
const FACT: &str = "tls.name.";

pub(super) static CHECK: Check = Check {
    id: "N05",
    title: "clients refuse a certificate: its chain has a hole, its signature is broken or its name is another",
    severity: Severity::Warning,
    needs: "nothing; --fact tls.name.PORT=NAME to hold a certificate against the name that clients use",
    expected: "the certificate comes with those of its issuers, has names of its own and no signature by SHA-1 or MD5",
    guardrail: "a probe that verifies as clients do: probe_success of blackbox_exporter with tls_config and without insecure_skip_verify",
    probes: &[
        "the handshakes of N04",
        "/etc/ssl/certs/ca-certificates.crt, or where other distributions have it: subjects",
        "--fact tls.name.PORT",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Browsers are content, while curl, Go and Java say \"unable to get local issuer certificate\" or \"unknown authority\". Or only new clients refuse, as old ones still took what the server has.",
        culprit: "A server has to send the certificates between its own and the root. With only its own, browsers fetch what is missing or know it from elsewhere, and programs do not. Signatures by SHA-1 or MD5 are refused by every current library. Names are looked for in subjectAltName alone: what stands in the subject is no name to Go, to browsers and to Java.",
        proof: "The chain: nothing issued the last certificate that is presented, the machine's bundle does not have its issuer, and the certificate itself says where that is to be fetched, which makes it not the root's own. A private root that signs directly may do so, too; thus the low confidence. Signature: of every certificate but roots, which nobody verifies. Names: of the first certificate; only for information if it is signed by itself, as then nobody verifies it. A name is held against the certificate only if the user says by which one clients come.",
        fix: "Chain: give the server the file with the chain (certbot: fullchain.pem, not cert.pem), and reload it. Signature and names: have it issued anew, with a name in subjectAltName.",
        cost: "A reload. A certificate that is issued anew has another serial number: clients that pin it have to be told.",
        lab: "A server that presents a certificate without the one of its issuer, signed by SHA-1, or without a name; mended by presenting the chain, or a proper one.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let all = endpoints(window)?;
    let (mut faults, mut unseen) = (Vec::new(), None);
    for endpoint in all {
        let (own, chain) = match chain(endpoint) {
            Ok(found) => found,
            Err(blind) => {
                unseen = Some(blind);
                continue;
            }
        };
        match is_cut(chain) {
            Ok(true) => faults.extend(chain.last().map(|last| cut(endpoint, last))),
            Ok(false) => {}
            Err(blind) => unseen = Some(blind),
        }
        let signed = chain.iter().filter(|it| !it.is_self_issued());
        let broken = signed.filter(|it| BROKEN.contains(&it.signature.as_str()));
        faults.extend(broken.map(|it| weak(endpoint, it)));
        let Some(names) = &own.names else {
            unseen = Some(Blind::Absent("list of names in what was recorded".to_owned()));
            continue;
        };
        let name = window.after.facts.get(&format!("{FACT}{}", endpoint.address.port()));
        if names.is_empty() {
            faults.push(nameless(endpoint, own));
        } else if let Some(name) = name.filter(|name| !names.iter().any(|it| matches(it, name))) {
            faults.push(other_name(endpoint, own, (names, name)));
        }
    }
    let observed = format!(
        "{} ports present certificates with chain, names and signatures in order",
        all.len()
    );
    Ok(Verdict { observed, faults, unseen })
}

/// Whether what the last certificate needs was left out.
fn is_cut(chain: &[Certificate]) -> Result<bool, Blind> {
    let Some(last) = chain.last() else { return Ok(false) };
    // A root ends the chain, and what tells of no issuer to fetch has none but a root that clients were given.
    if last.is_self_issued()
        || !last.tells_issuer
        || chain.iter().any(|it| it.subject == last.issuer)
    {
        return Ok(false);
    }
    let absent = || Blind::Absent("bundle of authorities on this machine to ask".to_owned());
    Ok(!last.issuer_trusted.ok_or_else(absent)?)
}

/// Whether a name of a certificate covers one that a client uses: `*` stands for one label, the first.
fn matches(pattern: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    pattern.strip_prefix("*.").map_or(pattern == name, |rest| {
        name.split_once('.').is_some_and(|(label, tail)| !label.is_empty() && tail == rest)
    })
}

fn cut(endpoint: &TlsEndpoint, last: &Certificate) -> Fault {
    Fault {
        fix:
            "give the server the file with the whole chain (certbot: fullchain.pem), and reload it"
                .to_owned(),
        // A root of its own that this machine was not given looks the same.
        confidence: Confidence::Low,
        ..fault(
            endpoint,
            last,
            "chain",
            format!(
                "{} presents no certificate of \"{}\", which issued that of {}",
                who(endpoint),
                last.issuer,
                whose(last)
            ),
            "programs that verify say \"unable to get local issuer certificate\" and refuse to connect; browsers do not",
        )
    }
}

fn weak(endpoint: &TlsEndpoint, certificate: &Certificate) -> Fault {
    fault(
        endpoint,
        certificate,
        "signature",
        format!(
            "{} presents a certificate of {} that is signed by {}",
            who(endpoint),
            whose(certificate),
            if certificate.signature == BROKEN[0] { "MD5" } else { "SHA-1" }
        ),
        "current libraries refuse it",
    )
}

fn nameless(endpoint: &TlsEndpoint, own: &Certificate) -> Fault {
    let severity = if own.is_self_issued() { Severity::Info } else { Severity::Warning };
    let observed =
        format!("{} presents a certificate without subjectAltName: {}", who(endpoint), own.subject);
    let impact = "Go, Java and browsers find no name in it and refuse to connect";
    Fault { severity, ..fault(endpoint, own, "name", observed, impact) }
}

fn other_name(
    endpoint: &TlsEndpoint,
    own: &Certificate,
    (names, name): (&[String], &str),
) -> Fault {
    let observed = format!(
        "{} presents a certificate for {}, clients come for {name}",
        who(endpoint),
        names.join(", ")
    );
    let impact = "clients that verify it refuse to connect";
    // A server that has several may present another to whom asks for that name.
    let confidence = Confidence::Low;
    Fault { confidence, ..fault(endpoint, own, "name", observed, impact) }
}

fn fault(
    endpoint: &TlsEndpoint,
    certificate: &Certificate,
    aspect: &'static str,
    observed: String,
    impact: &str,
) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: Some(endpoint.address.to_string()),
        observed,
        impact: impact.to_owned(),
        fix: "have it issued anew, with its names in subjectAltName and signed by SHA-256; then reload the server".to_owned(),
        actions: Vec::new(),
        risk: "a reload; clients that pin the old one have to be told".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("TLS handshake with {}", endpoint.address),
            value: format!(
                "subject {}, issuer {}, signature {}, names {}",
                certificate.subject,
                certificate.issuer,
                certificate.signature,
                certificate.names.as_deref().unwrap_or_default().join(" ")
            ),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
