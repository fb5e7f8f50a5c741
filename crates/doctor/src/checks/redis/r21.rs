//! R21: scripts pile up in the server, as each has its values in its text.
//!
//! Source: Redis `object.c` (`getMemoryDoctorReport`: more than 1000 scripts are many), the documentation, "Scripting with Lua" (what is sent
//! with EVAL is kept until SCRIPT FLUSH or a restart), and the notes of release 7.4 (of those of EVAL only the last 500 are kept).

use super::words::{mib, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

/// More scripts than programs have by hand, as the server's own doctor says.
const SCRIPTS_MAX: u64 = 1_000;

pub(super) static CHECK: Check = Check {
    id: "R21",
    title: "scripts pile up in the server: each has its values in its text",
    severity: Severity::Warning,
    needs: "+info",
    expected: "the server keeps at most 1000 scripts",
    guardrail: "alert on redis_number_of_cached_scripts > 1000; in review: EVAL only with a constant text, values in KEYS and ARGV",
    probes: &["INFO memory: number_of_cached_scripts, used_memory_lua, in both looks"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "The server takes more memory from week to week though there are no more keys, and maxmemory does not stop it; SCRIPT FLUSH or a restart helps, for a while. Commands with EVAL take longer than the script itself.",
        culprit: "A program puts values into the text of its scripts: return redis.call('GET', 'user:17'). To the server each is another script, which it compiles and keeps until SCRIPT FLUSH or a restart. From 7.4 on it keeps but the last 500 that came with EVAL, and all that came with SCRIPT LOAD.",
        proof: "By the rule of the server's own MEMORY DOCTOR: more than 1000 scripts are kept now. A warning where they grow between the looks, else it is worth knowing: a program that makes them may rest. What the scripts say is not read.",
        fix: "Give the script a constant text, and values as KEYS and ARGV; then SCRIPT FLUSH once (ASYNC from 6.2 on).",
        cost: "After SCRIPT FLUSH a program that sends EVALSHA alone is answered NOSCRIPT until it sends the text again: most clients do so by themselves, those that do not need a restart. A flush of very many scripts without ASYNC stops the server for its time.",
        lab: "A drawn number of scripts, each with another number in its text; mended by SCRIPT FLUSH.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let count: u64 = server.number("number_of_cached_scripts")?;
    let observed = format!("{count} scripts are kept");
    if count <= SCRIPTS_MAX {
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    // A flush between the looks leaves nothing to tell of growth.
    let more = pair.growth("number_of_cached_scripts", |it| it.counter("number_of_cached_scripts"));
    let more = more.ok().filter(|more| *more > 0);
    let grown = more.map_or_else(String::new, |more| format!(", {more} more between the looks"));
    let lua = server.counter("used_memory_lua")?;
    let taken = lua.map_or_else(String::new, |bytes| format!(", and take {}", mib(bytes)));
    let told = lua.map_or_else(|| "not told".to_owned(), |bytes| bytes.to_string());
    let fault = Fault {
        severity: if more.is_some() { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: None,
        observed: format!("{observed}{grown}{taken}"),
        impact: "they are kept until SCRIPT FLUSH or a restart; as long as a program makes more, memory grows that no key accounts for".to_owned(),
        fix: "constant texts of scripts, with values as KEYS and ARGV; then SCRIPT FLUSH once (ASYNC from 6.2 on)".to_owned(),
        actions: Vec::new(),
        risk: "clients that send EVALSHA alone are answered NOSCRIPT until they send the text again".to_owned(),
        reversible: true,
        evidence: vec![
            shown("INFO number_of_cached_scripts", &count),
            shown("INFO used_memory_lua", &told),
        ],
        confidence: Confidence::High,
    };
    Ok(Verdict { observed, faults: vec![fault], unseen: None })
}

#[cfg(test)]
mod tests;
