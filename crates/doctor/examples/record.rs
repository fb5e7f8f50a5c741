//! Runs labs, and keeps of what they saw what their checks read: `cargo run -p groundsill-doctor --example record -- H14 P01`
//! writes `snapshots/h14/fail-lab.json`, `snapshots/h14/pass-lab.json` and so on. For a machine that nobody needs.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use groundsill_doctor::check::Check;
use groundsill_doctor::checks;
use groundsill_doctor::lab::{self, Played};
use groundsill_doctor::probe::Moment;
use groundsill_doctor::report::Scene;
use groundsill_doctor::snapshot::{Provenance, Recording};
use serde_json::Value;

fn main() {
    let ids: Vec<String> = std::env::args().skip(1).collect();
    let seed = now().at_ms;
    for lab in lab::all() {
        let is_asked_for = ids.iter().any(|id| id.eq_ignore_ascii_case(lab.id));
        let Some(check) = checks::find(lab.id).filter(|_| is_asked_for) else { continue };
        let Played { outcome, failed, passed } = lab.run(&now, seed);
        say(&format!("{}: {outcome:?}", lab.id));
        if outcome.is_ok() {
            keep(check, "fail-lab", failed);
            keep(check, "pass-lab", passed);
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program for its authors")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::disallowed_methods, reason = "it is the rim of its program")]
fn now() -> Moment {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let ms = |seconds: i64, nanos: i64| {
        u64::try_from(seconds).unwrap_or(0) * 1_000 + u64::try_from(nanos).unwrap_or(0) / 1_000_000
    };
    let at_ms = u64::try_from(wall.as_millis()).unwrap_or(0);
    Moment { at_ms, up_ms: ms(up.tv_sec, up.tv_nsec) }
}

fn keep(check: &Check, name: &str, recording: Option<Recording>) {
    let Some(mut recording) = recording else { return say("  nothing to keep") };
    {
        let by = format!(
            "Linux {}, {}lab of {}; what the check does not read left out",
            minor(&recording.after.host.kernel),
            versions(&recording),
            check.id
        );
        recording.provenance = Provenance::Recorded(by);
    }
    for side in [&mut recording.before, &mut recording.after] {
        "host".clone_into(&mut side.host.name);
    }
    let Ok(mut value) = serde_json::to_value(&recording) else { return };
    let wanted = verdict(check, &value);
    reduce(&mut value, &mut Vec::new(), &mut |whole| verdict(check, whole) == wanted);
    let folder = Path::new("crates/doctor/snapshots").join(check.id.to_lowercase());
    let path = folder.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    match fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text + "\n")) {
        Ok(()) => say(&format!("  {}", path.display())),
        Err(error) => say(&format!("  {}: {error}", path.display())),
    }
}

/// `6.18` of `6.18.44-1`.
fn minor(kernel: &str) -> String {
    kernel.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Of the servers that were looked at.
fn versions(recording: &Recording) -> String {
    let servers = Scene::of(&recording.window()).servers;
    let told = servers.iter().map(|it| format!("{} {}, ", it.kind.name(), it.version));
    told.collect::<Vec<_>>().concat()
}

/// What the check makes of it; nothing if it is no recording any more.
fn verdict(check: &Check, value: &Value) -> Option<String> {
    let recording = Recording::parse(&value.to_string()).ok()?;
    serde_json::to_string(&check.judge(&recording.window())).ok()
}

/// Leaves out each member of objects and arrays, the outer ones first, that can go.
fn reduce(whole: &mut Value, path: &mut Vec<String>, is_same: &mut dyn FnMut(&Value) -> bool) {
    let pointer = path.iter().map(|step| format!("/{step}")).collect::<Vec<_>>().concat();
    let members: Vec<String> = match whole.pointer(&pointer) {
        Some(Value::Object(map)) => {
            map.keys().map(|key| key.replace('~', "~0").replace('/', "~1")).collect()
        }
        // From the end, so that those before keep their places.
        Some(Value::Array(list)) => (0..list.len()).rev().map(|at| at.to_string()).collect(),
        _ => return,
    };
    for member in members {
        let Some(taken) = take(whole, &pointer, &member) else { continue };
        if is_same(whole) {
            continue;
        }
        put(whole, &pointer, &member, taken);
        path.push(member);
        reduce(whole, path, is_same);
        path.pop();
    }
}

fn take(whole: &mut Value, pointer: &str, member: &str) -> Option<Value> {
    match whole.pointer_mut(pointer)? {
        Value::Object(map) => map.remove(&plain(member)),
        Value::Array(list) => {
            member.parse().ok().filter(|at| *at < list.len()).map(|at| list.remove(at))
        }
        _ => None,
    }
}

fn put(whole: &mut Value, pointer: &str, member: &str, value: Value) {
    match whole.pointer_mut(pointer) {
        Some(Value::Object(map)) => drop(map.insert(plain(member), value)),
        Some(Value::Array(list)) => list.insert(member.parse().unwrap_or(0), value),
        _ => {}
    }
}

fn plain(member: &str) -> String {
    member.replace("~1", "/").replace("~0", "~")
}
