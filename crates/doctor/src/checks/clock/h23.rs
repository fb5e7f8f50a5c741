//! H23: the clock is wrong, or nothing keeps it right.
//!
//! Source: the node mixin, `NodeClockSkewDetected` (50 ms) and `NodeClockNotSynchronising`; RFC 5905 for how an offset is measured.

use super::ms;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Clocks, Measured, Window};

/// Microseconds that the clock may be off.
const OFF_US: u64 = 50_000;

/// Between two looks the clock may have been set by no more milliseconds than this against the one that nobody sets: the
/// resolution of both, and how long it takes to read them one after the other.
const STEP_MS: u64 = 1_000;

pub(super) static CHECK: Check = Check {
    id: "H23",
    title: "the clock is wrong, or nothing keeps it right",
    severity: Severity::Critical,
    needs: "root, to see processes of other users where /proc is mounted with hidepid; --fact ntp=HOST to measure",
    expected: "a program keeps the clock right, it is less than 50 ms off, and it was not set between the looks",
    guardrail: "alert on abs(node_timex_offset_seconds) > 0.05 and node_timex_sync_status == 0; chrony with makestep only at its start",
    probes: &[
        "/proc/PID/comm: chronyd, ntpd, systemd-timesyncd, ntpd-rs, ptp and so on",
        "/run/systemd/timesync/synchronized",
        "one question to the time server that --fact ntp=HOST names, at most; else none",
        "the wall clock against the time since the machine was started, of both looks",
    ],
    proof: Proof::Lab,
    catalogue: &["node-clock-drift-tls-jwt"],
    page: Page {
        symptom: "Certificates and tokens are refused now and then as not yet valid or expired, leases end early, logs of two machines do not fit together; and when somebody looks the clock is right.",
        culprit: "Nothing sets the clock, or it cannot reach a server of time, and it drifts by seconds a day, most on a virtual machine that was paused or moved. Or it drifted and was set by a leap, which moves every time-out and lease that reads the wall clock.",
        proof: "A warning as aspect keeper where no program is seen that is known to set the clock, or systemd-timesyncd has not set it since the machine was started: it need not be wrong yet. Critical as aspect offset only where it is measured: --fact ntp=HOST asks that server once, and more than 50 ms (as in the node mixin) beyond what the way there and back may hide is a fault. A warning as aspect step where the wall clock moved by more than 1 s against the time since the start between two looks of one run of the machine. In a container programs of the machine are not seen, so keeper does not apply there.",
        fix: "Install chrony (or start systemd-timesyncd: timedatectl set-ntp true) and name servers that can be reached, inside a cloud that of the provider; chronyc tracking and chronyc sources say how it goes. A clock that is far off: chronyc makestep once, with leases and jobs in mind.",
        cost: "chrony takes little and corrects slowly, which harms nobody. A leap backwards repeats seconds: cron jobs, tokens and locks that read the wall clock notice. Undone by stopping it; the clock then drifts again.",
        lab: "A server of time of its own that is ahead or behind by as much as is drawn; mended by having it tell the right time. The clock itself is not touched, so what keeps it is not changed.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let clocks = window.after.host.clocks.seen()?;
    let mut faults: Vec<Fault> = Vec::new();
    let mut unseen = None;
    match keeper(window, clocks) {
        Ok(found) => faults.extend(found),
        Err(blind) => unseen = Some(blind),
    }
    let mut observed = vec!["a program keeps the clock right".to_owned()];
    match clocks.measured.as_ref().map(|it| it.seen()) {
        Some(Ok(measured)) => {
            observed.push(format!(
                "it is {} {} {}",
                off(measured),
                side(measured),
                measured.server
            ));
            faults.extend(offset(measured));
        }
        Some(Err(blind)) => unseen = unseen.or(Some(blind)),
        None => {}
    }
    faults.extend(step(window));
    if window.after.host.view.container.is_some() {
        observed.remove(0);
        if observed.is_empty() && faults.is_empty() && unseen.is_none() {
            return Err(Blind::OutOfPlace(
                "in a container it cannot be seen what keeps the clock of the machine".to_owned(),
            ));
        }
    }
    Ok(Verdict { observed: observed.join("; "), faults, unseen })
}

fn off(measured: &Measured) -> String {
    ms(measured.ahead_us.unsigned_abs() / 1_000)
}

const fn side(measured: &Measured) -> &'static str {
    if measured.ahead_us > 0 { "behind" } else { "ahead of" }
}

fn keeper(window: &Window<'_>, clocks: &Clocks) -> Result<Option<Fault>, Blind> {
    if window.after.host.view.container.is_some() {
        return Ok(None);
    }
    let keepers = clocks.keepers.seen()?;
    let observed = match (keepers.as_slice(), clocks.timesync) {
        ([], _) => "no program is seen that sets the clock".to_owned(),
        ([one], Some(false)) if one.name.starts_with("systemd-timesyn") => {
            format!("{one} has not set the clock since the machine was started")
        }
        _ => return Ok(None),
    };
    let names: Vec<String> = keepers.iter().map(ToString::to_string).collect();
    Ok(Some(Fault {
        severity: Severity::Warning,
        aspect: Some("keeper"),
        at: None,
        observed,
        impact: "it drifts, by seconds a day: certificates, tokens and leases fail once it is off enough".to_owned(),
        fix: "apt-get install chrony, or timedatectl set-ntp true, with servers that can be reached; then chronyc tracking or timedatectl timesync-status".to_owned(),
        actions: Vec::new(),
        risk: "a clock that is far off is set by a leap at first: see how far before (--fact ntp=HOST)".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/PID/comm".to_owned(),
            value: format!("of programs that set clocks: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }),
        }],
        confidence: Confidence::High,
    }))
}

/// Only what is sure: the way there and back may be as uneven as it is long.
fn offset(measured: &Measured) -> Option<Fault> {
    let Measured { server, ahead_us, delay_us, stratum } = measured;
    let sure = ahead_us.unsigned_abs().saturating_sub(delay_us / 2);
    if sure <= OFF_US {
        return None;
    }
    Some(Fault {
        severity: Severity::Critical,
        aspect: Some("offset"),
        at: Some(format!("against {server}")),
        observed: format!("the clock is {} {} {server}", off(measured), side(measured)),
        impact: "leases, tokens and certificates that other machines judge by their clocks are taken for expired or not yet valid".to_owned(),
        fix: "see what keeps it: chronyc tracking, timedatectl timesync-status; mend that; chronyc makestep sets it at once".to_owned(),
        actions: Vec::new(),
        risk: "a leap backwards repeats seconds, one forwards ends leases: at a quiet time".to_owned(),
        reversible: false,
        evidence: vec![Evidence {
            probe: format!("NTP {server}"),
            value: format!("offset {ahead_us} us, delay {delay_us} us, stratum {stratum}"),
        }],
        confidence: Confidence::High,
    })
}

/// The wall clock against the one that nobody sets.
fn step(window: &Window<'_>) -> Option<Fault> {
    let (before, after) = (window.before, window.after);
    if before.up_ms == 0 || before.host.boot.is_empty() || before.host.boot != after.host.boot {
        return None;
    }
    let up = i128::from(after.up_ms) - i128::from(before.up_ms);
    let moved = i128::from(after.at_ms) - i128::from(before.at_ms) - up;
    let by = u64::try_from(moved.unsigned_abs()).unwrap_or(u64::MAX);
    if by <= STEP_MS {
        return None;
    }
    let way = if moved > 0 { "forwards" } else { "backwards" };
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("step"),
        at: None,
        observed: format!("the clock was set {way} by {} within {:.1} s", ms(by), window.seconds()),
        impact: "leases, time-outs and schedules that read the wall clock ended early or late".to_owned(),
        fix: "find who set it: journalctl -u chrony -u systemd-timesyncd; have it corrected slowly, by a leap only at its start (makestep 1.0 3)".to_owned(),
        actions: Vec::new(),
        risk: "a clock that is corrected slowly is wrong for longer".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "wall clock against the time since the start".to_owned(),
            value: format!("{moved} ms apart, over {up} ms"),
        }],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;
