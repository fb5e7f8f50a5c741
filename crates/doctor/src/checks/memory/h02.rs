//! H02: the kernel swaps memory of a database out to keep page cache, while memory is short.
//!
//! Source: Linux Documentation/admin-guide/sysctl/vm.rst, `swappiness`; 10 is what the profile throughput-performance of tuned sets
//! for servers, and MariaDB and MongoDB ask for 1. No measurement stands behind it alone, so it is information, and only where memory
//! is short now.

use super::h03::swapping;
use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Kind, Known, Window};

/// Above this it is told of.
const SWAPPINESS: u64 = 10;

/// Of the last minute some task waited for memory: as H07 warns, in hundredths of a percent.
const PRESSURE: u32 = 1_000;

pub(super) static CHECK: Check = Check {
    id: "H02",
    title: "memory is short, and the kernel would rather swap a database than drop page cache",
    severity: Severity::Info,
    needs: "nothing",
    expected: "vm.swappiness is at most 10 where a database runs, there is swap and memory is short",
    guardrail: "vm.swappiness=10 in /etc/sysctl.d",
    probes: &[
        "/proc/sys/vm/swappiness",
        "/proc/meminfo: SwapTotal",
        "/proc/vmstat: pswpin, and /proc/pressure/memory: some avg60",
        "/proc/PID/comm, for databases that are known by their names",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "A database answers late after a backup or another large read, and a part of it is in swap although much of the memory is page cache.",
        culprit: "Where memory is short the kernel weighs page cache against memory of processes. vm.swappiness is the weight: 60, the default, lets it swap a part of the buffers of a database to keep files that were read once.",
        proof: "Only where memory is short now: pages come back from swap (H03), or some task waited for memory for 10 % of the last minute (H07); and there is swap, and a process of a database that is known by its name. Then information above 10. The setting alone breaks nothing.",
        fix: "sysctl -w vm.swappiness=10, and a file in /etc/sysctl.d; with version 1 of control groups each group has a memory.swappiness of its own, which was copied when it was made. Memory that is short is the fault to mend: H34, H03.",
        cost: "Page cache is dropped sooner, so files are read again. Undone by setting it back.",
        lab: "That of H03, with a server of Redis beside it and vm.swappiness from 30 to 89; mended by setting it to 10.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    let memory = host.memory.seen()?;
    let swappiness = *memory.swappiness.seen()?;
    let well = |observed: String| Ok(Verdict { observed, ..Verdict::default() });
    if swappiness <= SWAPPINESS {
        return well(format!("vm.swappiness is {swappiness}"));
    }
    if memory.size("SwapTotal")? == 0 {
        return Err(Blind::OutOfPlace("there is no swap".to_owned()));
    }
    let servers = host.processes.seen()?.servers.seen()?;
    let Some(database) = servers.iter().find(|it| is_database(it)) else {
        return Err(Blind::OutOfPlace("no database runs here".to_owned()));
    };
    let waits = memory.pressure.memory.seen().map(|pressure| pressure.some.avg60);
    // Each of the two is enough; neither is known to be well without the other.
    let why = match (swapping(window), waits) {
        (Ok(Some((pages, _))), _) => format!("{pages} pages came back from swap"),
        (_, Ok(waits)) if waits >= PRESSURE => {
            format!(
                "a task waited for memory for {:.1} % of the last minute",
                f64::from(waits) / 100.0
            )
        }
        (Err(blind), _) | (_, Err(blind)) => return Err(blind),
        (Ok(None), Ok(_)) => {
            return well(format!("vm.swappiness is {swappiness}, and memory is not short"));
        }
    };
    let fault = Fault {
        severity: Severity::Info,
        aspect: None,
        at: None,
        observed: format!("vm.swappiness is {swappiness} beside {}, and {why}", database.process),
        impact:
            "parts of its buffers may be swapped out to keep page cache, and then it answers late"
                .to_owned(),
        fix: format!(
            "sysctl -w vm.swappiness={SWAPPINESS} (undo: {swappiness}); that memory is short is the fault to mend first: H03, H34"
        ),
        actions: vec![Action::undone_by(
            format!("sysctl -w vm.swappiness={SWAPPINESS}"),
            format!("sysctl -w vm.swappiness={swappiness}"),
        )],
        risk: "page cache is dropped sooner, so files are read again".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/proc/sys/vm/swappiness".to_owned(),
            value: swappiness.to_string(),
        }],
        confidence: Confidence::Low,
    };
    Ok(Verdict { observed: String::new(), faults: vec![fault], unseen: None })
}

fn is_database(server: &Known) -> bool {
    matches!(server.kind, Kind::Postgres | Kind::Mysql | Kind::Redis | Kind::Mongo)
}

#[cfg(test)]
mod tests;
