//! H21: an interface loses packets: they come damaged, find no room in the ring of the card, or cannot be sent.
//!
//! Source: Linux `Documentation/networking/statistics.rst` and `include/uapi/linux/if_link.h`, `struct rtnl_link_stats64`. What `drop` counts of
//! those that came is no fault by itself: packets of protocols that nobody here speaks are in it, too. It was split: paths that lose large
//! packets are H38; here it is only told where an interface of this machine takes larger packets than the one below it. Headers: RFC 7348
//! (vxlan), RFC 2784 (gre), RFC 2003 (ipip), RFC 4213 (sit), each over IPv4 without options.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{Interface, Layer, Window};

/// The least that an interface has to take for IPv6 (RFC 8200).
const IPV6_MTU: u64 = 1_280;

pub(super) static CHECK: Check = Check {
    id: "H21",
    title: "an interface loses packets",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "errs, fifo and carrier of /proc/net/dev do not grow on any interface, and none takes larger packets than the one below it",
    guardrail: "alert on rate(node_network_receive_errs_total[5m]) > 0, node_network_receive_fifo_total and node_network_transmit_errs_total alike",
    probes: &[
        "/proc/net/dev",
        "rtnetlink RTM_GETLINK: which interface lies over which, and their MTU",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Transfers over one interface are slow or stall, connections time out now and then, and only those over that interface.",
        culprit: "mtu: an interface takes larger packets than the one that it lies over, so that large ones are cut into pieces or lost, and small ones pass. The others: packets come damaged (a cable, a connector, a port, duplex that differs), or faster than the machine takes them from the ring of the card, or the interface cannot send: there is no carrier, or a tunnel has no path to its other end.",
        proof: "Warns where errs or fifo of what came, or errs of what went, grew between the two looks, for each interface. fifo is the ring; carrier among errs of what went is a tunnel without a path or a link that is down. What drop counts is only shown, as unwanted packets are in it. mtu: an interface whose largest packet with the header that it puts before is larger than what the interface below takes; that it hurts is not seen, as senders may find the size out, so it is of low confidence. The other end of a veth in another namespace is not seen, nor what a tunnel goes over that names no device.",
        fix: "ethtool -S IFACE says what kind they are. Damaged: the cable, the connector, the port on the other side. The ring: ethtool -G IFACE rx as large as ethtool -g IFACE shows. Cannot be sent: ip route get to the other end of the tunnel (ip -d link show IFACE names it). mtu: ip link set IFACE mtu, to that of the one below less the header; or raise that one, where all on that network do.",
        cost: "ethtool -G takes the link down for a moment. Undone by setting the ring back.",
        lab: "A network namespace with a tunnel whose other end has no route, and a drawn number of datagrams into it; mended by sending none. mtu: the link below a tunnel is made to take less than that sends; mended by having the tunnel take less. Damaged packets and a full ring take a real card, and are tried on composed numbers only.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let interfaces = network.interfaces.seen()?;
    let seconds = window.seconds();
    let (mut faults, mut unseen) = (Vec::new(), None);
    for (name, now) in interfaces {
        match Losses::of(window, name) {
            Ok(losses) => faults.extend(losses.faults(name, now, seconds)),
            // Its counters were set back.
            Err(blind) => unseen = Some(blind),
        }
    }
    match network.layers.seen() {
        Ok(layers) => faults.extend(layers.iter().filter_map(mismatch)),
        Err(blind) => unseen = Some(blind),
    }
    let count = interfaces.len();
    let observed = format!("{count} interfaces, none lost packets in {seconds:.1} s");
    Ok(Verdict { observed, faults, unseen })
}

/// What the counters of an interface grew by.
struct Losses {
    damaged: u64,
    overruns: u64,
    unsent: u64,
    carrier: u64,
    drops: u64,
}

impl Losses {
    fn of(window: &Window<'_>, name: &str) -> Result<Self, Blind> {
        let of = |what: &str, of: fn(&Interface) -> u64| {
            window.host_growth(&format!("{what} of {name}"), |host| {
                // One that was made since the first look has counted from zero.
                Ok(Some(host.network.seen()?.interfaces.seen()?.get(name).map_or(0, of)))
            })
        };
        let overruns = of("fifo", |it| it.receive_overruns)?;
        // Most drivers count those that found no room as errors, too.
        let damaged = of("errs", |it| it.receive_errors)?.saturating_sub(overruns);
        Ok(Self {
            damaged,
            overruns,
            unsent: of("errs of what went", |it| it.send_errors)?,
            carrier: of("carrier", |it| it.carrier_losses)?,
            drops: of("drop", |it| it.receive_drops)?,
        })
    }

    fn faults(&self, name: &str, now: &Interface, seconds: f64) -> Vec<Fault> {
        let Self { damaged, overruns, unsent, carrier, drops } = self;
        let evidence = Evidence {
            probe: format!("/proc/net/dev {name}"),
            value: format!(
                "in {seconds:.1} s: receive errs {damaged} beyond fifo {overruns}, drop {drops}; transmit errs {unsent}, carrier {carrier}; {} packets came and {} went in all",
                now.received, now.sent
            ),
        };
        let fault = |aspect, observed: String, fix: String, risk: &str| Fault {
            severity: Severity::Warning,
            aspect: Some(aspect),
            at: Some(name.to_owned()),
            observed: format!("{observed} in {seconds:.1} s"),
            impact: format!("what goes over {name} is sent again or lost"),
            fix,
            actions: Vec::new(),
            risk: risk.to_owned(),
            reversible: true,
            evidence: vec![evidence.clone()],
            confidence: Confidence::High,
        };
        let mut faults = Vec::new();
        if *damaged > 0 {
            faults.push(fault(
                "damaged",
                format!("{damaged} packets came damaged"),
                format!("see of what kind: ethtool -S {name}; then the cable, the connector and the port on the other side"),
                "none: looking changes nothing",
            ));
        }
        if *overruns > 0 {
            faults.push(fault(
                "ring",
                format!("{overruns} packets found no room in the ring of the card"),
                format!("ethtool -G {name} rx N, with the maximum that ethtool -g {name} shows (undo: its present value)"),
                "the link is down for a moment",
            ));
        }
        if *unsent > 0 {
            faults.push(fault(
                "unsent",
                format!("{unsent} packets could not be sent, {carrier} of them for want of a path or a carrier"),
                format!("see what it is: ip -d link show {name}; if it is a tunnel, ip route get to its other end"),
                "none: looking changes nothing",
            ));
        }
        faults
    }
}

/// Bytes that an interface puts before a packet, at least; none of a kind that is not known.
fn header(kind: &str) -> Option<u64> {
    Some(match kind {
        "bridge" | "vlan" | "macvlan" => 0,
        "ipip" | "sit" => 20,
        "gre" => 24,
        "gretap" => 38,
        "vxlan" | "geneve" => 50,
        _ => return None,
    })
}

/// Of an interface that takes larger packets than the one below it.
fn mismatch(layer: &Layer) -> Option<Fault> {
    let Layer { name, kind, mtu, below, below_mtu } = layer;
    let header = header(kind)?;
    let whole = mtu.saturating_add(header);
    if whole <= *below_mtu {
        return None;
    }
    let fits = below_mtu.saturating_sub(header);
    let word = quoted(name);
    let set = |mtu: u64| format!("ip link set {word} mtu {mtu}");
    // With less an interface loses its addresses of IPv6, and they do not come back by themselves.
    let is_enough = fits >= IPV6_MTU;
    let fix = if is_enough {
        format!(
            "{} (undo: {mtu}), and the same where it is configured; or raise {below}, where all on that network do",
            set(fits)
        )
    } else {
        format!(
            "raise {below}, where all on that network do: {fits} bytes are less than IPv6 takes"
        )
    };
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("mtu"),
        at: Some(name.clone()),
        observed: format!(
            "{kind} {name} takes packets of {mtu} bytes, {whole} with their header, and {below} below it takes {below_mtu}"
        ),
        impact: format!(
            "large packets over {name} are cut into pieces or lost, and small ones pass: transfers hang or are slow"
        ),
        fix,
        actions: is_enough.then(|| Action::undone_by(set(fits), set(*mtu))).into_iter().collect(),
        risk: "connections that are open send some large packets once more".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "RTM_GETLINK".to_owned(),
            value: format!("{name} mtu {mtu}, {below} mtu {below_mtu}"),
        }],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;
