//! R18: the server runs with other settings than its file has: the next start takes them back.
//!
//! Source: the documentation of Redis, "Configuration" (CONFIG SET, CONFIG REWRITE), "Persistence" (turning the append-only file on), and
//! `redis.conf` for what holds where the file says nothing.

use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis, RedisFile};

/// What is compared, and what holds where the file does not name it, if that is the same in every version since 5.0.
const COMPARED: &[(&str, &[&str])] = &[
    ("appendonly", &["no"]),
    ("appendfsync", &["everysec"]),
    ("save", &["3600 1 300 100 60 10000", "900 1 300 10 60 10000"]),
    ("maxmemory", &["0"]),
    ("maxmemory-policy", &["noeviction"]),
    ("stop-writes-on-bgsave-error", &["yes"]),
    ("min-replicas-to-write", &["0"]),
    ("replica-serve-stale-data", &["yes"]),
    ("replica-priority", &["100"]),
    ("protected-mode", &[]),
    ("repl-timeout", &["60"]),
    ("repl-backlog-size", &[]),
    ("no-appendfsync-on-rewrite", &["no"]),
];

pub(super) static CHECK: Check = Check {
    id: "R18",
    title: "the server runs with other settings than its file has",
    severity: Severity::Critical,
    needs: "+info +config|get; root on its machine, to read its file",
    expected: "what CONFIG GET says is what the file says",
    guardrail: "CONFIG REWRITE after each CONFIG SET; the file in version control",
    probes: &[
        "INFO: config_file, process_id, commandstats of config|set",
        "CONFIG GET of 13 settings, none of which is secret",
        "the file of settings, as /proc/PID/root has it",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a restart, months later, the server behaves as it once did: it evicts, or refuses writes, or comes up with old data or none.",
        culprit: "Somebody mended something with CONFIG SET and did not say CONFIG REWRITE. With appendonly that loses data: a server that was given an append-only file while it ran, and whose file of settings says no, loads its last snapshot at the next start and not the append-only file; and the other way round it loads an append-only file that ended when it was turned off.",
        proof: "Settings that matter for what is kept are compared, in their units; where the file does not name one, with what holds unless told otherwise, if that is the same in every version. Critical where appendonly differs. An option on the line of command overrules the file as well, and lasts: so it is sure only where the server counts a CONFIG SET since its start. Settings of included files are not read, and are said not to be. Aspect file: there is no file at all, and CONFIG SET was used.",
        fix: "Decide which is right. If the running one is: CONFIG REWRITE, which keeps the comments of the file. If the file is: CONFIG SET to what it says, now and not by the next restart.",
        cost: "CONFIG REWRITE writes the file, which the server's user must be allowed to; keep a copy for undo. It takes everything over that was set, not this alone. A tool that writes the file will overwrite it: change it there, too.",
        lab: "A server whose maxmemory is set to something else than its file says; mended by CONFIG REWRITE.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let file = server.file.seen()?;
    let running = server.config.seen()?;
    // Counted by that name from 7.0 on.
    let calls = server.calls.seen().ok().and_then(|it| it.get("config|set")).copied().unwrap_or(0);
    let Some(path) = &file.path else {
        let faults = if calls > 0 { vec![nowhere(calls)] } else { Vec::new() };
        let observed = "it was started without a file of settings, and none was changed".to_owned();
        return Ok(Verdict { observed, faults, unseen: None });
    };
    let mut differing = Vec::new();
    for (name, otherwise) in COMPARED {
        let Some(now) = running.get(*name) else { continue };
        let said = file.settings.get(*name);
        // An included file may say it.
        if said.is_none() && (file.includes || otherwise.is_empty()) {
            continue;
        }
        let is_same = match said {
            Some(said) => plain(said) == plain(now),
            None => otherwise.iter().any(|it| plain(it) == plain(now)),
        };
        if !is_same {
            differing.push(Difference { name, now, said });
        }
    }
    let compared = COMPARED.iter().filter(|(name, _)| running.contains_key(*name)).count();
    let faults =
        if differing.is_empty() { Vec::new() } else { vec![fault(path, &differing, file, calls)] };
    let observed = format!("{compared} settings are as {path} has them");
    let unseen =
        file.includes.then(|| Blind::Absent(format!("way to know what {path} includes says")));
    Ok(Verdict { observed, faults, unseen })
}

/// A setting that is not as the file has it.
struct Difference<'a> {
    name: &'static str,
    now: &'a str,
    said: Option<&'a String>,
}

/// A value with its unit taken out: `1gb` and `1073741824` are the same.
fn plain(value: &str) -> String {
    let value = value.trim().to_lowercase();
    let digits = value.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let unit = match &value[digits.len()..] {
        "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return value.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    digits.parse::<u64>().map_or_else(|_| value.clone(), |it| it.saturating_mul(unit).to_string())
}

fn fault(path: &str, differing: &[Difference<'_>], file: &RedisFile, calls: u64) -> Fault {
    let of = |it: &Difference<'_>| match it.said {
        Some(said) => format!("{} is \"{}\", the file says \"{said}\"", it.name, it.now),
        None => format!("{} is \"{}\", the file says nothing", it.name, it.now),
    };
    let all: Vec<String> = differing.iter().map(of).collect();
    let loses = differing.iter().any(|it| it.name == "appendonly");
    let evidence = differing.iter().flat_map(|it| {
        let said = it.said.map_or("not named", String::as_str);
        [
            shown(&format!("CONFIG GET {}", it.name), &it.now),
            shown(&format!("{path} {}", it.name), &said),
        ]
    });
    Fault {
        severity: if loses { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: None,
        observed: all.join("; "),
        impact: if loses {
            "at the next start it loads another file than the one that it writes now: what was written since is gone".to_owned()
        } else {
            "at the next start it goes by its file again, and whatever this mended comes back"
                .to_owned()
        },
        fix: format!(
            "if what runs is right: cp -p {path} {path}.before && redis-cli CONFIG REWRITE (undo: put the copy back); else CONFIG SET what the file says"
        ),
        actions: Vec::new(),
        risk: "CONFIG REWRITE takes over everything that was set since the start".to_owned(),
        reversible: true,
        evidence: evidence.chain([shown("INFO commandstats config|set", &calls)]).collect(),
        confidence: if calls > 0 && !file.includes { Confidence::High } else { Confidence::Low },
    }
}

/// There is no file to keep it in.
fn nowhere(calls: u64) -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("file"),
        at: None,
        observed: format!("CONFIG SET was called {calls} times, and there is no file of settings"),
        impact: "what was set is gone at the next start".to_owned(),
        fix: "start it with a file (redis-server /etc/redis/redis.conf), or put what was set on the line of command".to_owned(),
        actions: Vec::new(),
        risk: "a start anew loses what is not written to disk".to_owned(),
        reversible: true,
        evidence: vec![shown("INFO config_file", "\"\""), shown("INFO commandstats config|set", &calls)],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
