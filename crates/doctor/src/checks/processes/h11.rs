//! H11: a server runs with fewer descriptors than its unit gives it, or than its makers ask for.
//!
//! Source: systemd.exec(5), `LimitNOFILE=`; the documentation of MySQL and MariaDB on `open_files_limit` (at least 5000 are asked for), of
//! MongoDB, "UNIX ulimit Settings" (64000; it warns when it starts with less).

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Allowance, Kind, Window};

pub(super) static CHECK: Check = Check {
    id: "H11",
    title: "a server runs with fewer descriptors than it was meant to have",
    severity: Severity::Warning,
    needs: "root, to look at processes of other users",
    expected: "the soft limit of each server that runs is what its unit says, and what its makers ask for",
    guardrail: "LimitNOFILE= in the unit; alert on process_max_fds",
    probes: &[
        "/proc/PID/limits: Max open files",
        "/proc/PID/cgroup: its unit",
        "the files of that unit: LimitNOFILE=",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A server runs out of descriptors (EMFILE, \"too many open files\", a table cache or a number of clients that it lowered by itself) although the limit was raised.",
        culprit: "A limit is fixed when a process starts. The unit was changed and not loaded or the server not restarted; it was started by hand from a shell with 1024; or /etc/security/limits.conf was changed, which counts for logins and not for services.",
        proof: "The soft limit of the running process, as the kernel has it. Aspect unit: the process is in a service of systemd whose files say more (drop-ins counted, the last wins). Aspect documented: it has less than its makers ask for: 5000 of MySQL and MariaDB, 64000 of MongoDB. PostgreSQL makes do with what it has, Redis lowers its number of clients by itself (R19), and Java and Erlang machines do not tell what they serve: of these only the unit is compared. How many are in use is H12.",
        fix: "Now: prlimit --pid PID --nofile=SOFT:HARD, which helps where the program has not sized itself by the old limit. For good: LimitNOFILE= in a drop-in (systemctl edit UNIT), systemctl daemon-reload, and a restart.",
        cost: "A restart of the server. A program that uses select() breaks beyond 1024. prlimit is undone by setting both old numbers.",
        lab: "Redis in the group of a service whose unit says more than it runs with; mended by starting it with as many.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let processes = window.after.host.processes.seen()?;
    let (servers, limits) = (processes.servers.seen()?, processes.limits.seen()?);
    if servers.is_empty() {
        return Err(Blind::OutOfPlace("no server was seen here".to_owned()));
    }
    let hidden = servers.iter().find(|it| !limits.iter().any(|of| of.process == it.process));
    let unseen =
        hidden.map(|it| Blind::Denied(format!("root, to see the limits of {}", it.process)));
    let faults = limits.iter().filter_map(fault).collect();
    let observed =
        format!("{} servers may have as many descriptors as they were meant to", limits.len());
    Ok(Verdict { observed, faults, unseen })
}

/// What the makers of a server ask for at least.
const fn documented(kind: Kind) -> Option<u64> {
    match kind {
        Kind::Mysql => Some(5_000),
        Kind::Mongo => Some(64_000),
        Kind::Postgres | Kind::Redis | Kind::Pgbouncer | Kind::Etcd | Kind::Java | Kind::Erlang => {
            None
        }
    }
}

fn fault(allowance: &Allowance) -> Option<Fault> {
    let Allowance { process, kind, soft, hard, unit, unit_soft } = allowance;
    // None is no limit.
    let soft = (*soft)?;
    let by_unit = unit.as_ref().zip(unit_soft.filter(|it| soft < *it));
    let (aspect, wanted, who) = match (by_unit, documented(*kind)) {
        (Some((unit, wanted)), _) => ("unit", wanted, format!("its unit {unit} says")),
        (None, Some(wanted)) if soft < wanted => {
            ("documented", wanted, "its makers ask for".to_owned())
        }
        _ => return None,
    };
    let pid = process.pid;
    let of = |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |it| it.to_string());
    let raised = hard.map(|hard| hard.max(wanted));
    let for_good = match (aspect, unit) {
        ("unit", Some(unit)) => format!("systemctl daemon-reload; systemctl restart '{unit}'"),
        (_, Some(unit)) => {
            format!("LimitNOFILE={wanted} by systemctl edit '{unit}', and restart it")
        }
        (_, None) => format!("start it with {wanted}"),
    };
    Some(Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: Some(format!("pid {pid}")),
        observed: format!("{process} may have {soft} descriptors; {who} {wanted}"),
        impact: format!(
            "it fails at {soft} connections and files (EMFILE), or keeps to fewer by itself, long before what it was meant to bear"
        ),
        fix: format!(
            "{for_good}; until then prlimit --pid {pid} --nofile={wanted}:{} (undo: {soft}:{})",
            of(raised),
            of(*hard)
        ),
        actions: Vec::new(),
        risk: "a restart; a program that sized itself when it started takes no notice of prlimit"
            .to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("/proc/{pid}/limits"),
                value: format!("Max open files {soft} {}", of(*hard)),
            },
            Evidence { probe: "wanted".to_owned(), value: format!("{who} {wanted}") },
        ],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;
