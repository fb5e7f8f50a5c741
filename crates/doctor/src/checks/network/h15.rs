//! H15: the queue of connections that are being opened is full: their first segments are dropped, or answered with cookies.
//!
//! Source: Linux `net/ipv4/tcp_input.c`, `tcp_conn_request`: where as many connections are being opened on a socket as its backlog, the next
//! one is answered with a cookie (`TCPReqQFullDoCookies`), or dropped if `tcp_syncookies` is 0 (`TCPReqQFullDrop`).

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::Window;

const DROPS: &str = "TCPReqQFullDrop";
const COOKIES: &str = "TCPReqQFullDoCookies";

const SETTING: &str = "net.ipv4.tcp_syncookies";

/// With this value of the setting cookies are sent whether the queue is full or not.
const ALWAYS: u64 = 2;

pub(super) static CHECK: Check = Check {
    id: "H15",
    title: "connections that are being opened do not fit their queue",
    severity: Severity::Critical,
    needs: "nothing",
    expected: "TcpExtTCPReqQFullDrop and TcpExtTCPReqQFullDoCookies do not grow",
    guardrail: "alert on rate(node_netstat_TcpExt_SyncookiesSent[5m]) > 0; net.ipv4.tcp_syncookies=1",
    probes: &["/proc/net/netstat: TcpExt", "/proc/sys/net/ipv4/tcp_syncookies"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "New connections take seconds or time out, or come up and then are slower than others over the same path; the kernel logs \"possible SYN flooding on port\".",
        culprit: "A connection whose first segment came, and whose handshake has not ended, waits in a queue of the listening socket, which holds as many as the backlog. It is full if more come in a round trip than that, if the answers do not reach the clients, or if somebody floods the port. With tcp_syncookies=0 the next ones are dropped. With 1 they are answered with a cookie: nothing is lost, but what both sides could have agreed on (window scaling, selective acknowledgements) is, unless both use timestamps.",
        proof: "Fails where TcpExtTCPReqQFullDrop (critical) or TcpExtTCPReqQFullDoCookies (warning) grew between the two looks. A total since boot is no fault. With tcp_syncookies=2 cookies are sent always and prove nothing.",
        fix: "See which socket, and from where: ss -tn state syn-recv. If it is a flood of many sources, leave cookies on and have it filtered before this machine. If they are clients of yours, let the program listen with a longer backlog, and raise net.core.somaxconn to that first. Where the clients do not get the answers, a route or a firewall is at fault.",
        cost: "A longer backlog takes about 300 bytes for each connection that is being opened; the program has to listen anew. Cookies cost nothing until the queue is full. Undone by setting both back.",
        lab: "In a network namespace of its own whose firewall drops the answers: more connections than the backlog, with cookies and without; mended by making no more.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let (drops, cookies) = (window.tcp_ext_growth(DROPS)?, window.tcp_ext_growth(COOKIES)?);
    let setting = window.after.host.network.seen()?.setting(SETTING);
    let seconds = window.seconds();
    let observed = format!(
        "{drops} connections were dropped and {cookies} answered with a cookie in {seconds:.1} s"
    );
    let mut faults = Vec::new();
    if drops > 0 {
        faults.push(dropped(drops, seconds));
    }
    match setting {
        Ok(ALWAYS) => {}
        _ if cookies > 0 => faults.push(answered(cookies, seconds)),
        _ => {}
    }
    Ok(Verdict { observed, faults, unseen: None })
}

fn evidence(name: &str, grown: u64, seconds: f64) -> Vec<Evidence> {
    let probe = format!("/proc/net/netstat TcpExt{name}");
    vec![Evidence { probe, value: format!("{grown} more in {seconds:.1} s") }]
}

fn dropped(drops: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Critical,
        aspect: Some("dropped"),
        at: None,
        observed: format!("{drops} first segments of connections were dropped in {seconds:.1} s: their queue is full"),
        impact: "new connections wait 1, 3, 7 s and time out now".to_owned(),
        fix: format!("sysctl -w {SETTING}=1 (undo: 0); then see from where they come: ss -tn state syn-recv"),
        actions: vec![Action::undone_by(
            format!("sysctl -w {SETTING}=1"),
            format!("sysctl -w {SETTING}=0"),
        )],
        risk: "connections that are opened by a cookie may do without window scaling and selective acknowledgements".to_owned(),
        reversible: true,
        evidence: evidence(DROPS, drops, seconds),
        confidence: Confidence::High,
    }
}

fn answered(cookies: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("cookies"),
        at: None,
        observed: format!("{cookies} connections were answered with a cookie in {seconds:.1} s: their queue is full"),
        impact: "connections come up, but without window scaling and selective acknowledgements where a side has no timestamps: slow over long paths".to_owned(),
        fix: "see from where they come: ss -tn state syn-recv; if from clients of yours, have the program listen with a longer backlog, and net.core.somaxconn with it".to_owned(),
        actions: Vec::new(),
        risk: "the program has to listen anew: a restart or a reload".to_owned(),
        reversible: true,
        evidence: evidence(COOKIES, cookies, seconds),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
