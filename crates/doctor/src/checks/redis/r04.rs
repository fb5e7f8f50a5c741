//! R04: the append-only file is never flushed by the server.
//!
//! Source: the documentation of Redis, "Persistence": with `appendfsync no` the kernel decides, which on Linux takes up to about 30 s
//! (`vm.dirty_expire_centisecs`).

use super::words::shown;
use crate::check::{Action, Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

pub(super) static CHECK: Check = Check {
    id: "R04",
    title: "the append-only file is on, and never flushed",
    severity: Severity::Warning,
    needs: "+info +config|get",
    expected: "appendfsync is everysec or always",
    guardrail: "appendfsync everysec in the file of settings",
    probes: &["INFO aof_enabled", "CONFIG GET appendfsync"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a loss of power or a crash of the kernel the last half minute of writes is gone, although the append-only file is on and everybody believed that at most a second could be lost.",
        culprit: "appendfsync no: the server writes the file and never asks the kernel to put it on disk, which then happens when the kernel cares to, on Linux within about 30 s. Somebody set it because flushes made answers late.",
        proof: "The running settings. A crash of the server alone loses nothing: what was written is in the kernel.",
        fix: "CONFIG SET appendfsync everysec, and CONFIG REWRITE. It takes effect at once.",
        cost: "A flush each second, in a thread of its own. If the disk takes longer than two seconds for one, writes wait for it (see R16): then a faster disk is the answer, or one that no other writer shares. Undo with CONFIG SET appendfsync no.",
        lab: "A server with an append-only file and appendfsync no; mended by setting it.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.field("aof_enabled")? != "1" {
        return Err(Blind::OutOfPlace("it has no append-only file".to_owned()));
    }
    let flushed = server.setting("appendfsync")?;
    let fault = || Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: "the append-only file is on with appendfsync no".to_owned(),
        impact: "a loss of power or a crash of the kernel loses the writes of up to about 30 s"
            .to_owned(),
        fix: "CONFIG SET appendfsync everysec; CONFIG REWRITE (undo: CONFIG SET appendfsync no)"
            .to_owned(),
        actions: vec![Action::undone_by(
            "CONFIG SET appendfsync everysec",
            "CONFIG SET appendfsync no",
        )],
        risk: "a flush each second: writes wait where the disk takes longer than two seconds"
            .to_owned(),
        reversible: true,
        evidence: vec![shown("INFO aof_enabled", &1), shown("CONFIG GET appendfsync", &flushed)],
        confidence: Confidence::High,
    };
    Ok(Verdict {
        observed: format!("appendfsync is {flushed}"),
        faults: if flushed == "no" { vec![fault()] } else { Vec::new() },
        unseen: None,
    })
}

#[cfg(test)]
mod tests;
