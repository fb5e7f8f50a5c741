//! H18: the kernel asks over idle connections too late, as nobody has told it otherwise.
//!
//! Source: `tcp(7)` of Linux: `tcp_keepalive_time` is 7200 s, and holds for sockets with `SO_KEEPALIVE` that do not have `TCP_KEEPIDLE` of their own. The
//! documentation of AWS, "Network Load Balancers" and "NAT gateways": a connection is forgotten after 350 s without a segment. It was split: that a
//! connection *is* idle for longer than what lies between remembers is B20.

use std::time::Duration;

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Idle, Window};
use crate::words::span;

/// The longest that is remembered by NAT and balancers of AWS, in milliseconds; those of Azure forget earlier.
const REMEMBERED_MS: u64 = 350_000;

/// What fits all of them, in seconds.
const ADVISED: u64 = 60;

/// The probe tells of so many connections, at most.
const TOLD: usize = 50;

const SETTING: &str = "net.ipv4.tcp_keepalive_time";

pub(super) static CHECK: Check = Check {
    id: "H18",
    title: "keep-alive of connections comes later than a NAT or a balancer remembers them",
    severity: Severity::Info,
    needs: "nothing",
    expected: "net.ipv4.tcp_keepalive_time is at most 350 s, or no connection with another machine relies on it",
    guardrail: "net.ipv4.tcp_keepalive_time=60 in /etc/sysctl.d, and in the namespaces of containers by their engine",
    probes: &[
        "/proc/sys/net/ipv4/tcp_keepalive_time",
        "sock_diag: established connections with machines on other networks over which nothing went for a second, and their keep-alive timers; the fifty that are idle for longest",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until something is put between two machines that forgets connections: then the first request after a quiet time hangs, and whoever only listens hears nothing any more.",
        culprit: "A program asked for keep-alive and not for when. Then the kernel's setting holds, two hours unless it was changed, and NAT gateways and balancers forget a connection after four to six minutes.",
        proof: "net.ipv4.tcp_keepalive_time above 350 s, and connections with machines on other networks whose next question, counted from the last segment, comes later than that. Both numbers are of the network namespace that is looked at; each container has its own: --netns PID. It is only information: whether anything lies between cannot be seen from here, and whether a connection is idle for that long is B20. A program may have asked for a late time itself; then the setting does not help it.",
        fix: "sysctl -w net.ipv4.tcp_keepalive_time=60, the same in /etc/sysctl.d; containers have it from their engine (docker run --sysctl, securityContext.sysctls). It holds for connections that are opened from then on.",
        cost: "A segment a minute over each idle connection that has keep-alive. Undone by the old number.",
        lab: "Two network namespaces with a connection that has keep-alive, and a drawn time in the setting of one; mended by setting it to a minute and opening the connection anew.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let setting = network.setting(SETTING)?;
    let connections = network.connections.seen()?;
    let Some(idle) = &connections.idle else {
        return Err(Blind::Absent("times of idle connections: this was not looked for".to_owned()));
    };
    let late: Vec<u64> =
        idle.iter().filter_map(period_ms).filter(|ms| *ms > REMEMBERED_MS).collect();
    let observed = format!(
        "{SETTING} is {setting} s; {} connections with machines on other networks have keep-alive later than after 350 s",
        late.len()
    );
    let longest = late.iter().max().filter(|_| setting.saturating_mul(1_000) > REMEMBERED_MS);
    let fault = longest.map(|longest| fault(setting, *longest, &late, idle.len() >= TOLD));
    let cut = "all connections: there are more than are looked at";
    let unseen = connections.is_cut.then(|| Blind::Absent(cut.to_owned()));
    Ok(Verdict { observed, faults: fault.into_iter().collect(), unseen })
}

/// From the last segment to the kernel's question; it may be longer, as the timer is not set anew with each segment.
fn period_ms(connection: &Idle) -> Option<u64> {
    Some(connection.idle_ms.saturating_add(connection.probe_ms?))
}

fn fault(setting: u64, longest_ms: u64, late: &[u64], is_cut: bool) -> Fault {
    let least = if is_cut { "at least " } else { "" };
    Fault {
        severity: Severity::Info,
        aspect: None,
        at: None,
        observed: format!(
            "{least}{} connections with machines on other networks have keep-alive only after up to {} without a segment; {SETTING} is {setting} s",
            late.len(),
            span(Duration::from_millis(longest_ms))
        ),
        impact: "if a NAT or a balancer lies between, it forgets them earlier: the next request hangs until its time-out".to_owned(),
        fix: format!("sysctl -w {SETTING}={ADVISED} (undo: {setting}), the same in /etc/sysctl.d, and open the connections anew"),
        actions: vec![Action::undone_by(
            format!("sysctl -w {SETTING}={ADVISED}"),
            format!("sysctl -w {SETTING}={setting}"),
        )],
        risk: "a segment a minute over each idle connection".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: format!("sysctl {SETTING}"), value: setting.to_string() },
            Evidence {
                probe: "sock_diag, keep-alive timers".to_owned(),
                value: format!("{} later than after {REMEMBERED_MS} ms, the latest after {longest_ms} ms", late.len()),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
