//! N08: the kernel is of a series that nobody mends any more.
//!
//! Source: kernel.org/releases.html, "Longterm release kernels", Projected EOL, with the change of February 2026 that gave 6.12 and 6.18 two
//! and one more years; for ended series the last release that was announced as such. Dates there are of months, so the whole month counts.
//! Other series end some weeks after the next one is out: all below 6.18 have.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::Window;
use crate::words::date_of;

/// The first two numbers of a release.
type Series = (u64, u64);

/// A year, and a month of it from 1 on.
type Month = (u64, u64);

/// The long-term series, with the year and month up to whose end they are mended.
const LONGTERM: &[(Series, Month)] = &[
    ((4, 4), (2022, 2)),
    ((4, 9), (2023, 1)),
    ((4, 14), (2024, 1)),
    ((4, 19), (2024, 12)),
    ((5, 4), (2025, 12)),
    ((5, 10), (2026, 12)),
    ((5, 15), (2026, 12)),
    ((6, 1), (2027, 12)),
    ((6, 6), (2027, 12)),
    ((6, 12), (2028, 12)),
    ((6, 18), (2028, 12)),
];

/// Of later ones this table knows nothing.
const LAST: Series = (6, 18);

pub(super) static CHECK: Check = Check {
    id: "N08",
    title: "the kernel is of a series that is not mended any more",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "a series that kernel.org still mends, or the kernel of a distribution that still does",
    guardrail: "the end of support of the distribution in the calendar of the team; alert on node_uname_info with an ended release",
    probes: &["/proc/sys/kernel/osrelease"],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until a fault that was mended elsewhere years ago is met here, or is used by somebody.",
        culprit: "Each series of Linux is mended for a time: most for some weeks, those for the long term for years. After that neither faults nor holes in it are.",
        proof: "The first two numbers of the release against the table of kernel.org for long-term series; all other series up to 6.18 have ended. A release with more than numbers, such as 5.14.0-362.el9, is built by a distribution, which may mend it for longer: that is information only, and the doctor does not know until when. Series after 6.18 are not known to this version. It is never sure, as who builds a kernel may mend it himself.",
        fix: "Take a series that is mended. With a distribution: see whether the release itself is still supported (its page on the end of life), and upgrade that.",
        cost: "A start of the machine with another kernel: try it on one of several machines first, the old one stays in the boot menu.",
        lab: "None: a lab cannot change the kernel that it runs on. The rule is a table.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let release = window.after.host.kernel.as_str();
    let series =
        series(release).ok_or_else(|| Blind::Absent("release of the kernel".to_owned()))?;
    if series > LAST {
        let what = format!(
            "end of Linux {}.{} in the table of this version: it goes up to {}.{}",
            series.0, series.1, LAST.0, LAST.1
        );
        return Err(Blind::Absent(what));
    }
    let known = LONGTERM.iter().find(|(it, _)| *it == series).map(|(_, end)| *end);
    let told = known.map_or_else(
        || "which was never for the long term".to_owned(),
        |(year, month)| format!("mended until the end of {year}-{month:02}"),
    );
    let observed = format!("Linux {release} is of series {}.{}, {told}", series.0, series.1);
    let is_ended = known.is_none_or(|end| month_of(window.after.at_ms) > end);
    let fault = is_ended.then(|| fault(release, observed.clone()));
    Ok(Verdict { observed, faults: fault.into_iter().collect(), unseen: None })
}

/// The first two numbers.
fn series(release: &str) -> Option<Series> {
    let mut numbers = release.trim().split(|it: char| !it.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether it is but numbers, as kernel.org names its own.
fn is_plain(release: &str) -> bool {
    release.trim().split('.').all(|it| it.parse::<u64>().is_ok())
}

/// Year and month of a moment, in milliseconds since 1970.
fn month_of(at_ms: u64) -> Month {
    let (year, month, _) = date_of(at_ms);
    (year, month)
}

fn fault(release: &str, observed: String) -> Fault {
    let is_plain = is_plain(release);
    Fault {
        severity: if is_plain { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: None,
        observed,
        impact: if is_plain {
            "faults and holes that are found from now on are not mended in it".to_owned()
        } else {
            "kernel.org does not mend it any more; the distribution that built it may, for longer: ask it".to_owned()
        },
        fix: if is_plain {
            "take a long-term series that is mended, such as 6.12 or 6.18; try it on one machine first".to_owned()
        } else {
            "see whether the release of the distribution is still supported; if not, upgrade it"
                .to_owned()
        },
        actions: Vec::new(),
        risk: "a start of the machine with another kernel; the old one stays in the boot menu"
            .to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/sys/kernel/osrelease".to_owned(),
            value: release.to_owned(),
        }],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
