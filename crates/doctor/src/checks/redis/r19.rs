//! R19: fewer clients may connect than the file says, as there are not enough descriptors.
//!
//! Source: Redis `server.c` (`adjustOpenFilesLimit`): at its start the server asks for `maxclients` and 32 more descriptors; what it does not
//! get it takes off `maxclients`, and says so in its log only.

use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis, RedisProcess};

/// Descriptors that the server keeps for itself (`CONFIG_MIN_RESERVED_FDS`).
const RESERVED: u64 = 32;

/// `maxclients` unless told otherwise.
const DEFAULT: u64 = 10_000;

pub(super) static CHECK: Check = Check {
    id: "R19",
    title: "maxclients was lowered for want of descriptors, and only the log says so",
    severity: Severity::Warning,
    needs: "+info +config|get; root on its machine, to read its file and its limits",
    expected: "maxclients is what the file says: the process may have as many descriptors, and 32 more",
    guardrail: "LimitNOFILE= in the unit, 32 above maxclients and some for persistence; alert on redis_config_maxclients below what it should be",
    probes: &[
        "CONFIG GET maxclients, INFO connected_clients",
        "/proc/PID/limits: Max open files",
        "the file of settings, as /proc/PID/root has it",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "New clients are refused with \"max number of clients reached\" at about a thousand, or four thousand, although the file says ten thousand.",
        culprit: "The server may have fewer descriptors than it needs, as it is started by a unit, a shell or a container with a low limit and not as root. It then lowers maxclients by itself, writes a warning into its log, and goes on.",
        proof: "The running maxclients is below what the file says (10000 where it says nothing), and is just 32 less than the soft limit of the process. Where there is no file the line of command may have said it: then of low confidence.",
        fix: "LimitNOFILE= in the unit (systemctl edit redis-server), ulimits: in a compose file; then start it again. Without a restart: prlimit --pid PID --nofile, then CONFIG SET maxclients.",
        cost: "A higher limit costs nothing until it is used; each client takes some 20 KiB. Undone by setting both back.",
        lab: "A server that is started with few descriptors, not as root; mended by starting it with enough.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let running = server.amount("maxclients")?;
    let process = server.process.seen()?;
    let file = server.file.seen()?;
    let said = file.settings.get("maxclients");
    if said.is_none() && file.includes {
        return Err(Blind::Absent(
            "way to know what the files that its file includes say of maxclients".to_owned(),
        ));
    }
    let wanted = match said {
        Some(said) => said.parse().map_err(|_error| {
            Blind::Failed(format!("its file says maxclients \"{said}\", which is no number"))
        })?,
        None => DEFAULT,
    };
    let observed = format!("maxclients is {running}, as it should be");
    let is_lowered = running < wanted && process.descriptors_max == Some(running + RESERVED);
    if !is_lowered {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let confidence = if file.path.is_some() { Confidence::High } else { Confidence::Low };
    let connected: u64 = server.number("connected_clients")?;
    let faults = vec![fault(running, wanted, *process, connected, confidence)];
    Ok(Verdict { observed, faults, unseen: None })
}

fn fault(
    running: u64,
    wanted: u64,
    process: RedisProcess,
    connected: u64,
    confidence: Confidence,
) -> Fault {
    let (limit, pid, needed) = (running + RESERVED, process.pid, wanted.saturating_add(RESERVED));
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!(
            "maxclients is {running} and should be {wanted}: the process may have {limit} descriptors"
        ),
        impact: format!(
            "after {} more clients it refuses the next (ERR max number of clients reached)",
            running.saturating_sub(connected)
        ),
        fix: format!(
            "prlimit --pid {pid} --nofile={needed}:{needed} (undo: {limit}:{limit}), then CONFIG SET maxclients {wanted}; LimitNOFILE={needed} in its unit for the next start"
        ),
        actions: Vec::new(),
        risk: "none until they are used; each client takes some 20 KiB".to_owned(),
        reversible: true,
        evidence: vec![
            shown("CONFIG GET maxclients", &running),
            shown(&format!("/proc/{pid}/limits"), &format!("Max open files {limit}")),
            shown("maxclients in its file", &wanted),
        ],
        confidence,
    }
}

#[cfg(test)]
mod tests;
