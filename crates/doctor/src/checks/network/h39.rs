//! H39: rules of the firewall do not follow what runs: a process holds the lock of iptables for long, or there are very many.
//!
//! Source: iptables(8), `--wait`: each change takes the lock on `/run/xtables.lock`. kube-proxy and network plugins change rules as services come
//! and go. iptables-restore of a rule set that is not too large takes a small part of a second.
//! That more than 5,000 rules are many is this project's choice.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{LockHolder, Window, Xtables};

/// Who holds it for so long, in milliseconds, is told of.
const HELD_MS: u64 = 1_000;

/// More rules are told of.
const RULES_MANY: u64 = 5_000;

pub(super) static CHECK: Check = Check {
    id: "H39",
    title: "a process holds the lock of iptables, or there are so many rules that each change takes long",
    severity: Severity::Warning,
    needs: "root, to count rules; looks that are at least 1 s apart, or a holder that was started only to change rules",
    expected: "nobody holds /run/xtables.lock for a second, and nftables has at most 5,000 rules",
    guardrail: "kube-proxy in the mode nftables or ipvs; alert on kubeproxy_sync_proxy_rules_duration_seconds",
    probes: &[
        "/run/xtables.lock",
        "/proc/locks",
        "/proc/PID/stat and /proc/PID/comm of the holder",
        "nfnetlink NFT_MSG_GETRULE, counted; asked only where nf_tables is built in (modules.builtin) or loaded already (/proc/modules)",
    ],
    proof: Proof::Lab,
    catalogue: &["iptables-xtables-lock-drops"],
    page: Page {
        symptom: "For some seconds after each deployment connections to a service go to containers that are gone; new containers get their network late; \"another app is currently holding the xtables lock\".",
        culprit: "Whoever changes rules of iptables takes a lock of the whole machine. With many thousands of rules each change reads and writes all of them, which takes seconds, and meanwhile everybody else waits: kube-proxy, the network plugin, the container engine, the firewall.",
        proof: "Fails where the same process holds /run/xtables.lock at both looks and these are at least a second apart, or where an iptables or iptables-restore that holds it runs for longer than that. How many wait for it is told. A lock that is held for a moment is no fault. iptables on nftables takes no such lock; its rules are counted, with all others of nftables, in the network namespace that is looked at, and more than 5,000 are told as information (aspect rules): how much they cost depends on how many each packet meets, which cannot be seen from outside. Those of the older iptables-legacy are not counted.",
        fix: "See what it does: cat /proc/PID/stack, and how many rules there are: iptables-legacy-save | wc -l. If they are many thousands, move kube-proxy to the mode nftables or ipvs, or the plugin to eBPF. If it hangs, end it.",
        cost: "Ending a process while it writes rules leaves the old ones, as each table is put in place at once. Another mode of kube-proxy is a restart of it on each node.",
        lab: "flock holds the lock, and others wait for it; mended by ending it. And a namespace with a drawn number of rules above 5,000, mended by taking them away.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let network = window.after.host.network.seen()?;
    let rules = network.rules.seen();
    let mut verdict = match (lock(window), &rules) {
        // Whether somebody used the older iptables says nothing of rules.
        (Err(Blind::OutOfPlace(why)), Ok(0)) => return Err(Blind::OutOfPlace(why)),
        (Err(Blind::OutOfPlace(why)), _) => Verdict { observed: why, ..Verdict::default() },
        (verdict, _) => verdict?,
    };
    match rules {
        Ok(count) => {
            verdict.observed = format!("{}; {count} rules of nftables", verdict.observed);
            verdict.faults.extend((*count > RULES_MANY).then(|| many(*count)));
        }
        Err(blind) => verdict.unseen = Some(blind),
    }
    Ok(verdict)
}

fn lock(window: &Window<'_>) -> Result<Verdict, Blind> {
    let after = match window.after.host.network.seen()?.xtables.seen() {
        Err(Blind::Absent(what)) if what.ends_with("xtables.lock") => {
            return Err(Blind::OutOfPlace("nobody has used the lock of iptables here".to_owned()));
        }
        other => other?,
    };
    let Some(holder) = &after.holder else {
        let observed = "nobody holds the lock of iptables".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    };
    let held_ms = held_ms(window, holder);
    let observed = format!("{} holds the lock of iptables", holder.process);
    let faults = match held_ms {
        Some(held_ms) if held_ms >= HELD_MS => vec![fault(after, holder, held_ms)],
        _ => Vec::new(),
    };
    Ok(Verdict { observed, faults, unseen: None })
}

fn many(count: u64) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("rules"),
        at: None,
        observed: format!("nftables has {count} rules here"),
        impact: "each change of iptables on nftables reads all of them, and a packet that meets them one by one is late".to_owned(),
        fix: "see whose they are: nft list ruleset | grep -c KUBE-, or the table with most; kube-proxy in the mode nftables or ipvs; a set or a map in place of a rule for each address".to_owned(),
        actions: Vec::new(),
        risk: "another mode of kube-proxy restarts it on each node".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "nfnetlink NFT_MSG_GETRULE".to_owned(),
            value: count.to_string(),
        }],
        confidence: Confidence::Low,
    }
}

/// For how long it holds the lock at least, in milliseconds; none if that cannot be told.
fn held_ms(window: &Window<'_>, holder: &LockHolder) -> Option<u64> {
    let before = window.before.host.network.seen().ok().and_then(|it| it.xtables.seen().ok());
    let had = before.and_then(|it| it.holder.as_ref()).map(|it| it.process.pid);
    let name = holder.process.name.as_str();
    let is_for_that = name.starts_with("iptables")
        || name.starts_with("ip6tables")
        || name.starts_with("xtables");
    if is_for_that {
        // It does nothing else, and takes the lock as it starts; others that wait for it do not hold it.
        return holder.running_ms;
    }
    (had == Some(holder.process.pid)).then(|| super::milliseconds(window))
}

fn fault(lock: &Xtables, holder: &LockHolder, held_ms: u64) -> Fault {
    let (process, waiting) = (&holder.process, lock.waiting);
    let seconds = held_ms / 1_000;
    let pid = process.pid;
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("pid {pid}")),
        observed: format!("{process} holds the lock of iptables for at least {seconds} s; {waiting} wait for it"),
        impact: "rules do not follow services and containers: connections go to some that are gone, new ones get no network".to_owned(),
        fix: format!("see what it does: cat /proc/{pid}/stack, and count rules: iptables-legacy-save | wc -l; beyond some thousands, kube-proxy in the mode nftables or ipvs"),
        actions: Vec::new(),
        risk: "another mode of kube-proxy restarts it on each node".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: "/proc/locks, /run/xtables.lock".to_owned(),
                value: format!("held by pid {pid}, {waiting} waiting"),
            },
            Evidence {
                probe: format!("/proc/{pid}/stat"),
                value: holder.running_ms.map_or_else(|| "not seen".to_owned(), |ms| format!("running for {ms} ms")),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
