//! The scripts of `testdata/` say what every command does.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The command that a line of a script sends, in lower case; `None` if it is no step.
fn command_of(line: &str) -> Option<String> {
    let (connection, words) = line.split_once("> ")?;
    let is_step = connection.bytes().all(|byte| byte.is_ascii_lowercase());
    let word = words.split_whitespace().next().filter(|_| is_step)?;
    Some(word.trim_matches(['"', '\'']).to_ascii_lowercase())
}

fn scripted(folder: &Path, commands: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripted(&path, commands);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            commands.extend(fs::read_to_string(&path).unwrap().lines().filter_map(command_of));
        }
    }
}

#[test]
fn every_command_is_sent_by_a_script() {
    let mut commands = BTreeSet::new();
    scripted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata"), &mut commands);
    let missing: Vec<&str> = groundsill_redis::COMMANDS
        .iter()
        .map(|command| command.name)
        .filter(|name| !commands.contains(*name))
        .collect();
    assert!(missing.is_empty(), "write a script in testdata/ that sends {missing:?}");
}

#[test]
fn a_step_is_told_from_prose_and_replies() {
    assert_eq!(command_of("> GET key").as_deref(), Some("get"));
    assert_eq!(command_of("other> MSET a 1").as_deref(), Some("mset"));
    for line in ["1) > GET", "~ like", "! crash", "Prose about > GET", "", "\"> GET\""] {
        assert_eq!(command_of(line), None, "{line}");
    }
}
