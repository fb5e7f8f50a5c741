//! N10: programs of this machine trust an authority that has ended, or do not trust one that somebody put here for them.
//!
//! Source: update-ca-certificates(8), update-ca-trust(8): files are put into a folder, and a command puts them into the bundle.
//! Certificates of public authorities that have ended are in every bundle and harm nobody: they are not told of.

use super::{ahead_s, end, now_s, span, whose};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{AddedAuthority, TrustBundle, Window};

/// Authorities come and go in the list of Mozilla, which bundles are made of, several times a year.
const OLD_S: i64 = 365 * super::DAY_S;

pub(super) static CHECK: Check = Check {
    id: "N10",
    title: "an authority that was added on this machine has ended, or is not in the bundle that programs read",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "every authority that was added here holds and is in the bundle, and the bundle is not older than a year",
    guardrail: "update-ca-certificates in what builds the image, and a date of renewal for authorities of your own",
    probes: &[
        "/etc/ssl/certs/ca-certificates.crt, or where other distributions have it: certificates, and when it was written",
        "/usr/local/share/ca-certificates/*.crt, /etc/pki/ca-trust/source/anchors, /etc/pki/trust/anchors: certificates",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Calls to services of your own fail with \"unknown authority\" or \"certificate has expired\" from this machine only, while the certificate of the service is in order and others reach it.",
        culprit: "Somebody put the authority's file into the folder and did not run the command that puts it into the bundle, or it was lost with a new image. Or the authority itself, made for ten years ten years ago, has ended: then everything that it signed is refused, however fresh.",
        proof: "Each certificate in the folder for authorities of one's own is looked for in the bundle by its issuer and number, and its end is held against the time. Programs that bring a bundle of their own (Java, Python with certifi, containers) are not looked at.",
        fix: "Not in the bundle: update-ca-certificates (Debian), update-ca-trust (Fedora), then restart what should trust it. About to end: make a new authority, add it beside the old one everywhere, then sign with it. An old bundle: update the package ca-certificates.",
        cost: "Programs read the bundle when they start: a restart. A new authority has to be everywhere before anything is signed with it, or that is refused.",
        lab: "A file with an authority that has ended in the folder for one's own, as one namespace sees it; mended by taking it away.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let TrustBundle { path, count, written_s, added } =
        window.after.host.tls.seen()?.trust.seen()?;
    let now_s = now_s(window);
    let (mut faults, mut unseen, mut own) = (Vec::new(), None, 0);
    match added.seen() {
        Ok(added) => {
            own = added.len();
            faults.extend(added.iter().filter_map(|it| ended(it, now_s)));
            faults.extend(added.iter().filter(|it| !it.bundled).map(|it| left_out(it, path)));
        }
        Err(blind) => unseen = Some(blind),
    }
    let age_s = now_s.saturating_sub(*written_s);
    if *written_s > 0 && age_s > OLD_S {
        faults.push(old(path, age_s));
    }
    let observed =
        format!("{count} authorities in {path}, {own} of which were added here and hold");
    Ok(Verdict { observed, faults, unseen })
}

fn ended(added: &AddedAuthority, now_s: i64) -> Option<Fault> {
    let AddedAuthority { path, certificate, .. } = added;
    let left = certificate.not_after_s.saturating_sub(now_s);
    if left >= ahead_s(certificate) {
        return None;
    }
    let observed =
        format!("the authority {} in {path} {}", whose(certificate), end(certificate, now_s));
    let when = if left < 0 { "now".to_owned() } else { format!("in {}", span(left)) };
    let impact = format!("everything that it signed is refused {when}, however fresh");
    let fix = "make a new authority, add it beside this one on every machine, then sign with it; if nobody needs it any more, remove the file and run update-ca-certificates";
    Some(fault(added, "end", observed, impact, fix))
}

fn left_out(added: &AddedAuthority, bundle: &str) -> Fault {
    let AddedAuthority { path, certificate, .. } = added;
    let observed = format!("the authority {} in {path} is not in {bundle}", whose(certificate));
    let impact = "programs of this machine refuse everything that it signed".to_owned();
    let fix = "update-ca-certificates (Debian) or update-ca-trust (Fedora), and restart what should trust it; undo: remove the file and run it again";
    fault(added, "bundle", observed, impact, fix)
}

fn old(path: &str, age_s: i64) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("age"),
        at: None,
        observed: format!("{path} was written {} ago", span(age_s)),
        impact: "sites whose authority is newer are refused".to_owned(),
        fix: "update the package ca-certificates".to_owned(),
        actions: Vec::new(),
        risk: "authorities that were withdrawn meanwhile are trusted no more".to_owned(),
        reversible: true,
        evidence: vec![Evidence { probe: format!("stat {path}"), value: format!("{age_s} s ago") }],
        confidence: Confidence::High,
    }
}

fn fault(
    added: &AddedAuthority,
    aspect: &'static str,
    observed: String,
    impact: String,
    fix: &str,
) -> Fault {
    let AddedAuthority { path, certificate, bundled } = added;
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: Some(path.clone()),
        observed,
        impact,
        fix: fix.to_owned(),
        actions: Vec::new(),
        risk: "programs read the bundle when they start: a restart".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: path.clone(),
            value: format!(
                "serial {}, notAfter {} (seconds since 1970), in the bundle: {bundled}",
                certificate.serial, certificate.not_after_s
            ),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
