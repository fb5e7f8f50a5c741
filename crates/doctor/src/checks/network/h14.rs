//! H14: a program accepts connections more slowly than they come, and the kernel drops them unheard.
//!
//! Source: listen(2); Linux `net/ipv4/tcp_ipv4.c`, where a listening socket whose queue holds more than its backlog
//! counts `ListenOverflows` and drops. Of a socket that listens, `sock_diag(7)` tells the queue as what was received and the
//! backlog as what was sent.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Listener, Window};

const OVERFLOWS: &str = "ListenOverflows";

pub(super) static CHECK: Check = Check {
    id: "H14",
    title: "connections are dropped because a program does not accept them in time",
    severity: Severity::Critical,
    needs: "nothing; root, to name the process of another user",
    expected: "no listening socket holds more connections than its backlog, and TcpExtListenOverflows does not grow",
    guardrail: "alert on rate(node_netstat_TcpExt_ListenOverflows[5m]) > 0",
    probes: &[
        "sock_diag: TCP sockets in the state LISTEN, of IPv4 and of IPv6",
        "/proc/net/netstat: TcpExt",
        "/proc/sys/net/core/somaxconn",
        "/proc/PID/fd and /proc/PID/comm, where a queue is full",
    ],
    proof: Proof::Lab,
    catalogue: &["linux-accept-queue-overflow"],
    page: Page {
        symptom: "Clients see connections that take one, three or seven seconds, or time out, while the server is idle and its log says nothing: it never heard of them.",
        culprit: "Connections that are established wait in the accept queue of a listening socket until the program takes them. It holds as many as the program asked for with listen(), cut to net.core.somaxconn, and one more. Beyond that the kernel drops the last step of the handshake, and the client sends again, later and later. Either the program is stuck or too slow in accepting, or the queue is too short for how many come at once.",
        proof: "Fails where a socket that listens holds more than its backlog now, which is what ss -ltn shows as a Recv-Q above Send-Q; and where TcpExtListenOverflows grew between the two looks. The settings alone are no fault: a short queue that is never full drops nothing.",
        fix: "If the program does not accept at all, find out why: a stack of its threads says where they wait. If it does, let it ask for a longer queue (nginx: listen ... backlog=, PostgreSQL: max_connections, Redis: tcp-backlog, Node: 511 unless told, Go takes somaxconn) and raise net.core.somaxconn to that first, as it cuts what is asked for.",
        cost: "A longer queue takes a few hundred bytes for each connection that waits. The program has to listen again: a restart, or a reload if it opens its socket anew. Undone by setting both back.",
        lab: "A socket that listens with a short backlog and accepts nothing, and more clients than that; mended by accepting them.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    // Each half says what it can: that one may not be looked at does not hide what the other shows.
    let (listeners, overflows) = (network.listeners.seen(), window.tcp_ext_growth(OVERFLOWS));
    if let (Err(blind), Err(_)) = (&listeners, &overflows) {
        return Err(blind.clone());
    }
    let seconds = window.seconds();
    let grown = overflows.as_ref().ok().map(|overflows| Evidence {
        probe: format!("/proc/net/netstat TcpExt{OVERFLOWS}"),
        value: format!("{overflows} more in {seconds:.1} s"),
    });
    let somaxconn = network.somaxconn.seen().ok().copied();
    let seen = listeners.as_ref().map_or(&[][..], |listeners| listeners);
    let crowded = seen.iter().filter(|listener| listener.waiting > listener.backlog);
    let mut faults: Vec<Fault> =
        crowded.map(|listener| full(listener, somaxconn, grown.clone())).collect();
    if let (true, Ok(overflows @ 1..)) = (faults.is_empty(), &overflows) {
        faults.push(overflowed(*overflows, seconds, grown));
    }
    let grown = overflows.as_ref().copied().unwrap_or(0);
    let count = seen.len();
    let observed = format!(
        "{count} sockets listen, none holds more than its backlog; {grown} overflows in {seconds:.1} s"
    );
    Ok(Verdict { observed, faults, unseen: listeners.err().or(overflows.err()) })
}

/// One whose queue is full now.
fn full(listener: &Listener, somaxconn: Option<u64>, grown: Option<Evidence>) -> Fault {
    let Listener { address, waiting, backlog, process } = listener;
    let who = process
        .as_ref()
        .map_or_else(|| "a process that was not found".to_owned(), ToString::to_string);
    let longer = u64::from(*backlog).max(512).saturating_mul(2);
    // What cuts the longer backlog, too.
    let raise = somaxconn.filter(|cut| *cut < longer).map_or_else(String::new, |cut| {
        format!("sysctl -w net.core.somaxconn={longer} (undo: {cut}) and ")
    });
    Fault {
        severity: Severity::Critical,
        aspect: None,
        at: Some(address.to_string()),
        observed: format!("{waiting} connections wait for {who}, whose backlog is {backlog}"),
        impact: format!(
            "new connections to {address} are dropped now; clients wait 1, 3, 7 s and time out"
        ),
        fix: format!(
            "see why {who} does not accept; if it does, {raise}have it listen with a backlog of {longer}"
        ),
        actions: somaxconn
            .filter(|cut| *cut < longer)
            .map(|cut| {
                let set = |it| format!("sysctl -w net.core.somaxconn={it}");
                Action::undone_by(set(longer), set(cut))
            })
            .into_iter()
            .collect(),
        risk: "it has to listen anew: a restart or a reload".to_owned(),
        reversible: true,
        evidence: [Evidence {
            probe: format!("sock_diag LISTEN {address}"),
            value: format!("Recv-Q {waiting}, Send-Q {backlog}"),
        }]
        .into_iter()
        .chain(grown)
        .collect(),
        confidence: Confidence::High,
    }
}

/// Some queue was full between the two looks.
fn overflowed(overflows: u64, seconds: f64, grown: Option<Evidence>) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!("{overflows} connections were dropped in {seconds:.1} s: an accept queue was full"),
        impact: "clients whose connections come in such moments wait 1, 3, 7 s and time out".to_owned(),
        fix: "find the socket: watch -n 0.1 'ss -ltn', where Recv-Q comes near Send-Q; give it a longer backlog, and net.core.somaxconn with it".to_owned(),
        actions: Vec::new(),
        risk: "the program has to listen anew: a restart or a reload".to_owned(),
        reversible: true,
        evidence: grown.into_iter().collect(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
