//! H40: packets come through a tunnel with wrong checksums, as something on the way to the wire was to make them and did not.
//!
//! Source: projectcalico/calico issue 3145 and felix pull request 2811: before Linux 5.7 the checksum of what is masqueraded on its way into a
//! tunnel is wrong; Linux commit ea64d8d6c675, "netfilter: nat: never update the UDP checksum when it's 0", which distributions have taken back
//! to older kernels. calico issue 4727 and replicatedhq/kURL pull request 5041: vmxnet3 with a port of the tunnel that the hypervisor does not
//! expect. calico pull request 8746: to leave checksums to the card is right elsewhere, and costs much if it is turned off.
//! J. Stone and C. Partridge, "When the CRC and TCP checksum disagree", 2000: of one in 1,100 to one in 32,000 packets of the internet the
//! checksum was wrong.

use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{Received, Tunnel, Tunnels, Window};

/// Fewer packets with a wrong checksum in a window are of noise on a line.
const WRONG_MIN: u64 = 3;

/// More than one in so many is beyond what was seen on the internet.
const ONE_IN: u64 = 1_000;

/// Drivers that are known to make wrong checksums for tunnels.
const BAD_DRIVERS: [&str; 1] = ["vmxnet3"];

/// The first series of Linux in which the checksum of what is masqueraded into a tunnel is right.
const MENDED: (u64, u64) = (5, 7);

pub(super) static CHECK: Check = Check {
    id: "H40",
    title: "packets come with wrong checksums where there is a tunnel that leaves them to the card",
    severity: Severity::Warning,
    needs: "root, to see the namespaces of all processes; Linux 5.7 to see the features of interfaces",
    expected: "InCsumErrors of TCP and of UDP does not grow in any namespace of a machine with a tunnel",
    guardrail: "alert on rate(node_netstat_Udp_InCsumErrors[5m]) > 0 on nodes with a tunnel; ethtool -K TUNNEL tx-checksum-ip-generic off where the driver is known bad",
    probes: &[
        "rtnetlink RTM_GETLINK: interfaces of the kinds vxlan and geneve, and what they go over",
        "ethtool netlink FEATURES_GET of the tunnels and of the cards below them",
        "/sys/class/net/CARD/device/driver, /sys/module/DRIVER/version",
        "/proc/PID/net/snmp and snmp6 of a process of each network namespace, at most 500, if there is a tunnel",
    ],
    proof: Proof::Lab,
    catalogue: &["vxlan-tx-checksum-offload"],
    page: Page {
        symptom: "Calls between nodes of a cluster fail or hang for 1, 3 or 63 seconds, those within a node work, and ping works everywhere. The log of the kernel has \"UDP: bad checksum\".",
        culprit: "A tunnel leaves the checksum of a packet to the card, which sees a packet within a packet and makes it wrong, or not at all; or netfilter changes the packet in between. The other side drops it unheard, and it is sent again.",
        proof: "Warns where, while there is a tunnel, more than one in 1,000 and at least three of the segments or datagrams that came into a namespace between the two looks had a wrong checksum. Who sent them made them wrong: nodes of a cluster are mostly alike, so it is sure where a card below a tunnel here has a driver that is known for it (vmxnet3) and leaves checksums to it, or where the kernel is older than 5.7, else it is a guess. Such a driver without an error is told as information. The version of a driver and its firmware is shown, and not judged. Whether the port of the tunnel is one that the hypervisor expects cannot be seen.",
        fix: "On the machines that send, which in a cluster is all: ethtool -K TUNNEL tx-checksum-ip-generic off, and see whether it stops. For good where the plugin has a setting for it (Calico: featureDetectOverride ChecksumOffloadBroken=true), or by a kernel from 5.7 on; with vmxnet3, the port that VMware names (8472 without NSX, 4789 with it).",
        cost: "The processor makes the checksums, and segments are not cut by the card: a large part of the throughput of the tunnel. Undone by setting it on again; it does not outlast the interface.",
        lab: "Two network namespaces with a vxlan over a veth, and a raw socket that sends a drawn number of segments with wrong checksums through it; mended by sending none. A driver that makes them wrong takes that card, and is tried on composed numbers only.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let tunnels = window.after.host.network.seen()?.tunnels.seen()?;
    if tunnels.found.is_empty() {
        return Err(Blind::OutOfPlace(
            "there is no tunnel of vxlan or geneve that is up".to_owned(),
        ));
    }
    let kernel = window.after.host.kernel.as_str();
    let (mut faults, mut unseen) = (Vec::new(), None);
    for space in &tunnels.spaces {
        match Wrong::of(window, space) {
            Ok(wrong) => faults.extend(received(tunnels, &wrong, space, kernel, window.seconds())),
            Err(blind) => unseen = Some(blind),
        }
    }
    if faults.is_empty() {
        faults.extend(tunnels.found.iter().filter_map(sent));
    }
    if tunnels.spaces.is_empty() {
        unseen = Some(Blind::Absent("counters of checksums that were wrong".to_owned()));
    }
    if tunnels.unseen > 0 {
        let needs =
            format!("root, to look into the network namespaces of {} processes", tunnels.unseen);
        unseen = Some(Blind::Denied(needs));
    }
    let blind = tunnels.found.iter().find_map(|it| it.leaves_checksums.seen().err());
    let (count, spaces) = (tunnels.found.len(), tunnels.spaces.len());
    let observed = format!(
        "{count} tunnels, {} leave checksums to the card; none came wrong into {spaces} namespaces in {:.1} s",
        tunnels.found.iter().filter(|it| leaves(it)).count(),
        window.seconds()
    );
    Ok(Verdict { observed, faults, unseen: unseen.or(blind) })
}

fn leaves(tunnel: &Tunnel) -> bool {
    matches!(tunnel.leaves_checksums.seen(), Ok(true))
}

/// What came wrong into a namespace in the window, and what came in all.
struct Wrong {
    segments: (u64, u64),
    datagrams: (u64, u64),
}

impl Wrong {
    fn of(window: &Window<'_>, space: &Received) -> Result<Self, Blind> {
        let of = |name: &str, of: fn(&Received) -> Option<u64>| {
            window.host_growth(&format!("{name} of {}", space.space), |host| {
                let seen = &host.network.seen()?.tunnels.seen()?.spaces;
                if seen.is_empty() {
                    return Ok(None);
                }
                // A namespace that was made since the first look has counted from zero.
                seen.iter().find(|it| it.space == space.space).map_or(Ok(Some(0)), |it| Ok(of(it)))
            })
        };
        Ok(Self {
            segments: (
                of("TcpInCsumErrors", |it| it.wrong_segments)?,
                of("TcpInSegs", |it| Some(it.segments))?,
            ),
            datagrams: (
                of("UdpInCsumErrors", |it| it.wrong_datagrams)?,
                of("UdpInDatagrams and UdpInErrors", |it| Some(it.datagrams))?,
            ),
        })
    }

    fn is_fault(&self) -> bool {
        let is_over =
            |(wrong, all): (u64, u64)| wrong >= WRONG_MIN && wrong.saturating_mul(ONE_IN) > all;
        is_over(self.segments) || is_over(self.datagrams)
    }
}

/// Why a tunnel is known to send wrong checksums, if it is.
fn known_bad(tunnel: &Tunnel) -> Option<String> {
    let is_bad = |driver: &str| BAD_DRIVERS.contains(&driver);
    let card = tunnel.cards.iter().find(|it| it.driver.as_deref().is_some_and(is_bad))?;
    if !leaves(tunnel) || matches!(card.leaves_checksums.seen(), Ok(false)) {
        return None;
    }
    let version = card.version.as_ref().map_or_else(String::new, |it| format!(" {it}"));
    let driver = card.driver.as_deref().unwrap_or_default();
    Some(format!("{} over {} of {driver}{version}", tunnel.name, card.name))
}

fn is_old(kernel: &str) -> bool {
    let mut numbers = kernel.split(|it: char| !it.is_ascii_digit()).map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(first)), Some(Ok(second))) => (first, second) < MENDED,
        _ => false,
    }
}

/// Of a namespace into which packets came with wrong checksums.
fn received(
    tunnels: &Tunnels,
    wrong: &Wrong,
    space: &Received,
    kernel: &str,
    seconds: f64,
) -> Option<Fault> {
    if !wrong.is_fault() {
        return None;
    }
    let ((segments, of_segments), (datagrams, of_datagrams)) = (wrong.segments, wrong.datagrams);
    let bad = tunnels.found.iter().find_map(known_bad);
    let is_likely = bad.is_some() || is_old(kernel);
    let suspects: Vec<&Tunnel> = tunnels
        .found
        .iter()
        .filter(|it| !matches!(it.leaves_checksums.seen(), Ok(false)))
        .collect();
    let names: Vec<&str> = suspects.iter().map(|it| it.name.as_str()).collect();
    let fix = if names.is_empty() {
        "no tunnel here leaves checksums to the card: turn it off on the machines that send: ethtool -K TUNNEL tx-checksum-ip-generic off".to_owned()
    } else {
        format!(
            "on this machine and on those that send to it, for each of {}: ethtool -K TUNNEL tx-checksum-ip-generic off (undo: on); see whether it stops",
            names.join(", ")
        )
    };
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some("received"),
        at: space.process.as_ref().map(|process| format!("namespace of {process}")),
        observed: format!(
            "{segments} of {of_segments} segments of TCP and {datagrams} of {of_datagrams} datagrams came with a wrong checksum in {seconds:.1} s"
        ),
        impact: "they are dropped unheard: calls between machines hang until they are sent again, or fail".to_owned(),
        fix,
        // Where it is on now alone, so that to turn it on again undoes it.
        actions: suspects.iter().filter(|it| leaves(it)).map(|it| turned_off(it)).collect(),
        risk: "the processor makes the checksums: the tunnel carries less".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("/proc/PID/net/snmp of {}: InCsumErrors", space.space),
                value: format!("TCP {segments}, UDP {datagrams} more in {seconds:.1} s"),
            },
            evidence(tunnels, kernel),
        ],
        confidence: if is_likely { Confidence::High } else { Confidence::Low },
    })
}

fn turned_off(tunnel: &Tunnel) -> Action {
    let set = |to| format!("ethtool -K {} tx-checksum-ip-generic {to}", quoted(&tunnel.name));
    Action::undone_by(set("off"), set("on"))
}

fn evidence(tunnels: &Tunnels, kernel: &str) -> Evidence {
    let of = |tunnel: &Tunnel| {
        let cards = tunnel.cards.iter().map(|card| {
            format!("{} ({})", card.name, card.driver.as_deref().unwrap_or("no driver"))
        });
        let state = match tunnel.leaves_checksums.seen() {
            Ok(true) => "on",
            Ok(false) => "off",
            Err(_) => "not seen",
        };
        let port = tunnel.port.map_or_else(|| "?".to_owned(), |port| port.to_string());
        let cards: Vec<String> = cards.collect();
        format!("{} {} port {port} over {}: {state}", tunnel.kind, tunnel.name, cards.join(", "))
    };
    let told: Vec<String> = tunnels.found.iter().map(of).collect();
    Evidence {
        probe: "FEATURES_GET, transmit checksums".to_owned(),
        value: format!("Linux {kernel}; {}", told.join("; ")),
    }
}

/// Of a tunnel that is known to send wrong ones, while none is seen.
fn sent(tunnel: &Tunnel) -> Option<Fault> {
    let bad = known_bad(tunnel)?;
    let port = tunnel.port.map_or_else(String::new, |port| format!(", port {port}"));
    Some(Fault {
        severity: Severity::Info,
        aspect: Some("driver"),
        at: Some(tunnel.name.clone()),
        observed: format!("{bad}{port}, leaves checksums to the card; none came wrong here"),
        impact: "if the hypervisor does not know the port of the tunnel, the other side drops what is sent; if calls between machines work, nothing breaks".to_owned(),
        fix: format!(
            "if calls between machines hang: ethtool -K {} tx-checksum-ip-generic off (undo: on)",
            tunnel.name
        ),
        actions: Vec::new(),
        risk: "the processor makes the checksums: the tunnel carries less".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/sys/class/net/CARD/device/driver, FEATURES_GET".to_owned(),
            value: bad,
        }],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;
