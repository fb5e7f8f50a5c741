//! N09: the certificate was renewed, and the server still presents the old one.

use super::{chain, end, endpoints, is_late, now_s, span, who, whose};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Certificate, CertificateFile, TlsEndpoint, Window};

pub(super) static CHECK: Check = Check {
    id: "N09",
    title: "the certificate on disk is newer than the one that is presented: renewed, never reloaded",
    severity: Severity::Critical,
    needs: "root, to see which files the process has",
    expected: "the server presents the newest certificate that its files hold",
    guardrail: "certbot --deploy-hook, or whatever renews, has to reload the server; alert on probe_ssl_earliest_cert_expiry (blackbox_exporter), which sees what is presented",
    probes: &[
        "the handshakes of N04",
        "/proc/PID/cmdline, /proc/PID/cwd and the files of settings of nginx, Apache, HAProxy, stunnel and PostgreSQL, and those that the command line names: names of files of certificates",
        "those files, and /etc/letsencrypt/live/*/fullchain.pem, through /proc/PID/root: certificates only",
    ],
    proof: Proof::Lab,
    catalogue: &["cert-manager-silent-expiry"],
    page: Page {
        symptom: "The certificate was renewed in time, its file is in order, what renews it reports success; and one night every client says \"certificate has expired\".",
        culprit: "A server reads its certificate when it starts or is told to reload. What renewed it did not tell it, or put the file where the server does not read it.",
        proof: "The certificate of the handshake is held against those in the files that the process that listens has in its settings, for the same names: one of them begins to hold later. The file that the process was given proves it; one that only lies where certbot keeps them may be meant for something else, and is told with low confidence.",
        fix: "Reload the server: systemctl reload nginx, SELECT pg_reload_conf(), and so on; where the new file lies elsewhere, copy it first. Then have whatever renews do that each time.",
        cost: "A reload; connections that are open stay with the old certificate. If the new file does not fit its key the reload fails and says so: nginx -t, or the log, before.",
        lab: "A server of PostgreSQL whose certificate is replaced on disk; mended by a reload.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let (all, now_s) = (endpoints(window)?, now_s(window));
    let (mut faults, mut unseen, mut current) = (Vec::new(), None, 0);
    for endpoint in all {
        match newest(endpoint) {
            Ok((own, newest)) if newest.certificate.not_before_s > own.not_before_s => {
                faults.push(stale(endpoint, own, newest, now_s));
            }
            Ok(_) => current += 1,
            Err(blind) => unseen = Some(blind),
        }
    }
    let observed = format!("{current} ports present the newest certificate that their files hold");
    Ok(Verdict { observed, faults, unseen })
}

/// What is presented, and the newest in files for the same names; of two alike, the one that is configured.
fn newest(endpoint: &TlsEndpoint) -> Result<(&Certificate, &CertificateFile), Blind> {
    let (own, _) = chain(endpoint)?;
    let address = endpoint.address;
    if endpoint.process.is_none() {
        return Err(Blind::Denied(format!("root, to see which files {address} has")));
    }
    let newest =
        endpoint.files.iter().max_by_key(|it| (it.certificate.not_before_s, it.configured));
    let newest = newest.ok_or_else(|| {
        Blind::Absent(format!(
            "file in the settings of {} with the certificate of {address}",
            who(endpoint)
        ))
    })?;
    Ok((own, newest))
}

fn stale(endpoint: &TlsEndpoint, own: &Certificate, newest: &CertificateFile, now_s: i64) -> Fault {
    let CertificateFile { path, configured, certificate } = newest;
    let who = who(endpoint);
    let newer = span(certificate.not_before_s.saturating_sub(own.not_before_s));
    let end = end(own, now_s);
    let is_late = is_late(own, now_s);
    let is_past = own.not_after_s < now_s;
    Fault {
        severity: if is_late { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(endpoint.address.to_string()),
        observed: format!(
            "{who} presents a certificate of {} that {end}; the one in {path} is {newer} newer",
            whose(own)
        ),
        impact: if is_past {
            "clients that verify it refuse to connect now, though a good one is at hand".to_owned()
        } else {
            format!("when it has ended, in {}, clients that verify it refuse to connect, though a good one is at hand", span(own.not_after_s.saturating_sub(now_s)))
        },
        fix: if *configured {
            format!("reload {who} (systemctl reload UNIT; PostgreSQL: SELECT pg_reload_conf();), and have what renews it do so each time")
        } else {
            format!("see whether {who} should read {path} or a copy of it; copy it, reload, and have what renews it do both")
        },
        actions: Vec::new(),
        risk: "a reload; test the settings before (nginx -t), as a key that does not fit makes it fail".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("TLS handshake with {}", endpoint.address),
                value: format!("serial {}, notBefore {}", own.serial, own.not_before_s),
            },
            Evidence {
                probe: path.clone(),
                value: format!("serial {}, notBefore {}", certificate.serial, certificate.not_before_s),
            },
        ],
        confidence: if *configured { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;
