//! P18: statements write to temporary files what does not fit their memory; or they may take more memory than there is.
//!
//! Source: the documentation of PostgreSQL, 20.4.1 (`work_mem`, `hash_mem_multiplier`), 28.2 (`pg_stat_database.temp_bytes`).

use super::words::{counted, float, grouped, size};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresDatabase, growth};

/// In the window: less is one sort of a report.
const BYTES_MIN: u64 = 64 << 20;

/// A second: what one spinning disk would be busy with for a tenth of the time.
const BYTES_PER_SECOND_MIN: f64 = 10e6;

/// From this version on there is `hash_mem_multiplier`.
const MULTIPLIER_SINCE: u32 = 130_000;

pub(super) static CHECK: Check = Check {
    id: "P18",
    title: "statements spill to temporary files, or may take more memory than there is",
    severity: Severity::Warning,
    needs: "pg_monitor, to count the sessions of others that are active",
    expected: "sorts and hashes of daily statements fit work_mem, and as many as run at once fit the memory",
    guardrail: "alert on rate(pg_stat_database_temp_bytes[5m]) > 10e6; temp_file_limit for roles that write reports",
    probes: &[
        "pg_stat_database: temp_files, temp_bytes",
        "pg_stat_activity: how many clients are active, at both looks",
        "pg_settings: work_mem, hash_mem_multiplier, max_parallel_workers_per_gather",
        "/proc/meminfo: MemTotal, of a server on this machine",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-work-mem-parallel-oom"],
    page: Page {
        symptom: "Reports take minutes while the disk writes, and a disk is full for a while and then not; or, after work_mem was raised, the kernel kills a process of the server, and all connections end.",
        culprit: "Each sort and each hash of a statement may take work_mem, hashes hash_mem_multiplier times as much, each parallel worker again. What does not fit goes to temporary files. work_mem that is too low makes files of it, work_mem that is too high makes the sum outgrow the memory on a busy day.",
        proof: "Aspect spill: temp_bytes of a database grew between the looks by at least 64 MiB, and by 10 MB a second. Totals are no fault. Aspect memory, for information: the clients that were active at the busier look, each with one hash in its leader and all its workers, would take more than the memory of this machine. A statement with several sorts takes more, one without any nothing; the limit of a container is not taken into account.",
        fix: "For spills: log_temp_files = '10MB' tells which statements; an index in the order that they sort by, or more work_mem for their role (ALTER ROLE ... SET work_mem), not for all. For memory: lower work_mem or max_parallel_workers_per_gather for all, and raise it for the few roles that need it; limit how many run at once in the pool.",
        cost: "More work_mem may be taken many times over. Less makes some statements spill. Both are taken by new statements at once, and undone by RESET.",
        lab: "A sort of millions of rows with the least work_mem; mended by running it with enough.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let seconds = pair.window.seconds();
    let before = pair.before()?.databases.seen()?;
    let mut faults = Vec::new();
    let mut most = 0;
    for database in pair.after()?.databases.seen()? {
        let Some(name) = &database.name else { continue };
        // One that was made between the looks has counted from nothing, as has one to which nobody connected yet.
        let earlier = before.iter().find(|it| it.name == database.name);
        let of = |it: fn(&PostgresDatabase) -> Option<u64>| {
            growth(&format!("temporary files of {name}"), earlier.map_or(Some(0), it), it(database))
        };
        let (bytes, files) = (of(|it| it.temp_bytes)?, of(|it| it.temp_files)?);
        most = most.max(bytes);
        if bytes >= BYTES_MIN && float(bytes) >= BYTES_PER_SECOND_MIN * seconds {
            faults.push(spill(name, bytes, files, seconds));
        }
    }
    let memory = memory(pair);
    let unseen = match memory {
        Ok(fault) => {
            faults.extend(fault);
            None
        }
        Err(blind) => Some(blind),
    };
    Ok(Verdict {
        observed: format!("at most {} written to temporary files in {seconds:.1} s", size(most)),
        faults,
        unseen,
    })
}

fn spill(database: &str, bytes: u64, files: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("spill"),
        at: Some(format!("database {database}")),
        observed: format!(
            "{} bytes in {} were written in {seconds:.1} s",
            grouped(bytes),
            counted(files, "temporary file", "temporary files")
        ),
        impact: "these statements wait for the disk, and take it from all others; a larger one may fill it".to_owned(),
        fix: "ALTER SYSTEM SET log_temp_files = '10MB'; SELECT pg_reload_conf(); (undo: RESET) names them in the log; then an index, or ALTER ROLE ... SET work_mem for their role".to_owned(),
        actions: Vec::new(),
        risk: "work_mem may be taken several times by each statement of that role".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_stat_database {database}"),
            value: format!("temp_bytes {bytes} more, temp_files {files} more in {seconds:.1} s"),
        }],
        confidence: Confidence::High,
    }
}

/// What the clients that were active may take, against the memory of the machine.
fn memory(pair: &Pair<'_, Postgres>) -> Result<Option<Fault>, Blind> {
    let server = pair.after()?;
    let total = pair.window.after.host.memory_bytes;
    if !pair.server.local || total == 0 {
        // Of a machine elsewhere the memory is not known: then spills are all there is to say.
        return Ok(None);
    }
    let connections = server.connections.seen()?;
    if connections.hidden > 0 {
        return Err(Blind::Denied(
            "GRANT pg_monitor to the role, to count active sessions".to_owned(),
        ));
    }
    let earlier = pair.before()?.connections.seen()?.active;
    let active = connections.active.max(earlier);
    let number = |name: &str| {
        let text = server.setting(name)?;
        text.parse::<f64>().map_err(|error| Blind::Failed(format!("{name} is {text}: {error}")))
    };
    let work_mem_kb = number("work_mem")?;
    let multiplier =
        if server.version()? >= MULTIPLIER_SINCE { number("hash_mem_multiplier")? } else { 1.0 };
    let workers = number("max_parallel_workers_per_gather")?;
    let each = work_mem_kb * 1024.0 * multiplier * (1.0 + workers);
    let all = each * float(active);
    if all <= float(total) {
        return Ok(None);
    }
    let sum = format!("{:.0} GB", all / 1e9);
    Ok(Some(Fault {
        severity: Severity::Info,
        aspect: Some("memory"),
        at: None,
        observed: format!("{active} active sessions may take {sum} by work_mem, of {}", size(total)),
        impact: "if enough of them sort or hash much at once, the kernel kills one, and the server ends all connections".to_owned(),
        fix: "ALTER SYSTEM SET work_mem lower, and ALTER ROLE ... SET work_mem for those that need it; SELECT pg_reload_conf(); (undo: RESET)".to_owned(),
        actions: Vec::new(),
        risk: "statements that fitted before may write temporary files".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "pg_settings, pg_stat_activity, /proc/meminfo".to_owned(),
            value: format!(
                "work_mem={work_mem_kb} kB hash_mem_multiplier={multiplier} max_parallel_workers_per_gather={workers} active={active} MemTotal={total}"
            ),
        }],
        confidence: Confidence::Low,
    }))
}

#[cfg(test)]
mod tests;
