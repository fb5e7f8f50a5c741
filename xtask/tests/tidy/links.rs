//! Links between documents lead somewhere: to a file that is there, to a heading that is in it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::files::{File, root};
use crate::{finds, hold};

fn broken_links(file: &File) -> Vec<String> {
    if !file.is("md") {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (number, line) in prose(&file.text) {
        for target in targets(line).into_iter().filter(|target| !target.contains("://")) {
            if !resolves(file, target) {
                let advice = "leads nowhere: correct it, or take it out";
                complaints.push(format!("{}:{number}: {target}: {advice}", file.path));
            }
        }
    }
    complaints
}

/// The lines that are not in a fenced block, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

/// Where the links `[text](target)` of a line lead. What stands in backticks is not a link.
fn targets(line: &str) -> Vec<&str> {
    let plain = line.split('`').step_by(2);
    let after = plain.flat_map(|part| part.split("](").skip(1));
    after.filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

fn resolves(file: &File, target: &str) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
    if path.is_empty() {
        return headings(&file.text).any(|heading| heading == anchor);
    }
    let Some(path) = within_root(&folder.join(path)) else { return false };
    if anchor.is_empty() {
        return path.exists();
    }
    fs::read_to_string(path).is_ok_and(|text| headings(&text).any(|heading| heading == anchor))
}

/// The path with its `..` resolved, unless it leads out of the repository.
fn within_root(path: &Path) -> Option<PathBuf> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(root().join(parts.iter().collect::<PathBuf>()))
}

/// The anchors that a reader's renderer gives to the headings.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let lines = prose(text).filter(|(_, line)| line.starts_with('#'));
    lines.map(|(_, line)| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[test]
fn links_between_documents_lead_somewhere() {
    hold(broken_links);
    let text = "# A Head, twice!\n[a](#a-head-twice) [b](format.md#the-log) [c](https://example.net)\n\
                [d](../Cargo.toml) `[e](gone.md)`\n```\n[f](gone.md)\n```\n";
    finds(broken_links, 0, "docs/x.md", text);
    for broken in ["#gone", "gone.md", "format.md#gone", "../../outside.md", "/etc/hosts"] {
        finds(broken_links, 1, "docs/x.md", &format!("# Head\n[a]({broken})\n"));
    }
}
