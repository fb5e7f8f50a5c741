//! H33: packets are dropped as they came over another interface than an answer would go.
//!
//! Source: RFC 3704; Linux `Documentation/networking/ip-sysctl.rst`, `rp_filter`: 1 is strict, 2 loose, and the higher of `all` and of the
//! interface counts. `net/ipv4/ip_input.c`, `ip_rcv_finish_core`, counts `IPReversePathFilter`.

use std::collections::BTreeMap;

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Interface, Window};

const DROPS: &str = "IPReversePathFilter";

const STRICT: u64 = 1;
const LOOSE: u64 = 2;

pub(super) static CHECK: Check = Check {
    id: "H33",
    title: "packets are dropped as an answer would go over another interface",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "TcpExtIPReversePathFilter does not grow",
    guardrail: "alert on rate(node_netstat_TcpExt_IPReversePathFilter[5m]) > 0 (node_exporter takes it with --collector.netstat.fields)",
    probes: &[
        "/proc/net/netstat: TcpExt",
        "/proc/sys/net/ipv4/conf/*/rp_filter",
        "/proc/net/dev and /proc/net/route",
    ],
    proof: Proof::Lab,
    catalogue: &["linux-rp-filter-drops"],
    page: Page {
        symptom: "tcpdump shows that packets arrive, and the program never gets them; only clients of some networks are hit, and no firewall rule matches.",
        culprit: "With rp_filter=1 a packet is dropped where the route back to its sender goes over another interface than it came. On a machine with two interfaces, with a tunnel or with policy routing, that is often so although all is well. Nothing is logged unless log_martians is on.",
        proof: "Fails where TcpExtIPReversePathFilter grew between the two looks. It is sure where routes go over more than one interface and one of these is strict; else it may be someone who sends with a forged address, and the drop is right: so it is for information.",
        fix: "See which packets: sysctl -w net.ipv4.conf.all.log_martians=1 and dmesg. If they are wanted, set rp_filter of that interface to 2: the higher of that and of all counts. Better still, route answers back over the interface over which the question came: a table of routes for each address (ip rule add from ADDRESS table N).",
        cost: "In loose mode a forged address passes that has any route. log_martians may log much: set it back after. Both are undone by setting them back.",
        lab: "Two network namespaces with two links between them: datagrams come over one, and the route back goes over the other; mended by the loose mode.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let drops = window.tcp_ext_growth(DROPS)?;
    let seconds = window.seconds();
    let observed = format!("{drops} packets were dropped by rp_filter in {seconds:.1} s");
    if drops == 0 {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let interfaces = window.after.host.network.seen()?.interfaces.seen();
    // What it says of interfaces helps, but that packets are dropped is so without.
    let none = BTreeMap::new();
    let fault = fault(interfaces.as_ref().map_or(&none, |it| *it), drops, seconds, &observed);
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

fn fault(
    interfaces: &BTreeMap<String, Interface>,
    drops: u64,
    seconds: f64,
    observed: &str,
) -> Fault {
    let real = || interfaces.iter().filter(|(name, _)| *name != "lo");
    let routed: Vec<&str> =
        real().filter(|(_, it)| it.is_routed).map(|(name, _)| name.as_str()).collect();
    let strict: Vec<&str> = real()
        .filter(|(_, it)| it.is_routed && it.reverse_path == Some(STRICT))
        .map(|(name, _)| name.as_str())
        .collect();
    let is_sure = routed.len() > 1 && !strict.is_empty();
    let where_strict = if strict.is_empty() {
        String::new()
    } else {
        format!("; strict on {}", strict.join(", "))
    };
    let loosen = match strict[..] {
        [] => "then route answers to these senders back over the interface that they come by"
            .to_owned(),
        [one] => format!(
            "sysctl -w net.ipv4.conf.{}.rp_filter={LOOSE} (undo: {STRICT})",
            one.replace('.', "/")
        ),
        _ => format!(
            "then set net.ipv4.conf.IFACE.rp_filter={LOOSE} (undo: {STRICT}) for the one that they come by"
        ),
    };
    let settings = real().map(|(name, it)| Evidence {
        probe: format!("interface {name}"),
        value: format!(
            "rp_filter {}, {}",
            it.reverse_path.map_or_else(|| "not seen".to_owned(), |it| it.to_string()),
            if it.is_routed { "routes go over it" } else { "no route goes over it" }
        ),
    });
    Fault {
        severity: if is_sure { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: None,
        observed: format!("{observed}{where_strict}"),
        impact: "connections of senders whose answers go another way time out; a firewall log shows nothing".to_owned(),
        fix: format!("see which they are: sysctl -w net.ipv4.conf.all.log_martians=1 (undo: 0), dmesg; if they are wanted, {loosen}"),
        actions: Vec::new(),
        risk: "in loose mode a forged address passes that has any route".to_owned(),
        reversible: true,
        evidence: [Evidence {
            probe: format!("/proc/net/netstat TcpExt{DROPS}"),
            value: format!("{drops} more in {seconds:.1} s"),
        }]
        .into_iter()
        .chain(settings.take(10))
        .collect(),
        confidence: if is_sure { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;
