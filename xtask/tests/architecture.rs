//! The code has the shape that ARCHITECTURE.md draws. The rules stand there and nowhere else: this
//! reads them out of its `layers` and `third-party` blocks, its code map and its tour, and holds them
//! against the manifests and the sources.

#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// From a crate to the crates that it may name, or the other way round.
type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_workspace_holds_the_crates_that_are_drawn() {
    let names = |edges: &Edges| edges.keys().cloned().collect::<BTreeSet<_>>();
    let (drawn, built) = (names(&drawn_layers()), names(&built_layers()));
    assert_eq!(drawn, built, "left: the `layers` block of ARCHITECTURE.md; right: the workspace");
}

#[test]
fn crates_depend_on_the_layers_that_are_drawn_and_on_no_other() {
    let wrong = differences(&drawn_layers(), &built_layers());
    assert!(
        wrong.is_empty(),
        "a new arrow is rare: can the code move instead? If not, change the `layers` block of \
         ARCHITECTURE.md in the same commit.\n{}",
        wrong.join("\n")
    );
}

#[test]
fn layers_are_drawn_from_the_bottom_up() {
    let mut seen = BTreeSet::new();
    for (krate, uses) in edges(&block("layers"), "->") {
        for layer in &uses {
            assert!(seen.contains(layer), "{krate} -> {layer}: draw {layer} above it");
        }
        seen.insert(krate);
    }
}

#[test]
fn crates_of_others_are_named_only_by_those_who_own_them() {
    let mut ledger = Vec::new();
    for line in block("third-party").lines() {
        let (entry, reason) = line.split_once(" : ").expect("`crate <- owners : reason`");
        assert!(!reason.trim().is_empty(), "{line}\nsays no reason");
        ledger.push(entry.to_owned());
    }
    let ledger: Edges = edges(&ledger.join("\n"), "<-").into_iter().collect();
    let wrong = differences(&ledger, &third_party());
    assert!(
        wrong.is_empty(),
        "the `third-party` block of ARCHITECTURE.md says `crate <- owners : reason`, and the \
         manifests say otherwise:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_crate_takes_the_workspace_lints_and_begins_by_saying_what_it_is() {
    for package in packages() {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let settings = read(&manifest);
        assert!(
            settings.contains("[lints]\nworkspace = true"),
            "{}: add `[lints]` with `workspace = true`",
            manifest.display()
        );
        for target in list(&package["targets"]) {
            let source = PathBuf::from(text(&target["src_path"]));
            let begins = read(&source).starts_with("//! ");
            assert!(begins, "{}: begin with `//!` and what it is for", source.display());
        }
    }
}

#[test]
fn the_code_map_says_of_every_crate_what_it_does_not_know() {
    let document = document();
    for krate in built_layers().into_keys() {
        let heading = format!("\n### `{krate}`");
        let entry = document.split(&heading).nth(1).unwrap_or_else(|| {
            panic!("the code map of ARCHITECTURE.md has no heading \"### `{krate}`\"")
        });
        let entry = entry.split("\n#").next().unwrap_or(entry);
        let states_absence = ["Knows no", "Knows neither", "Knows nothing"];
        assert!(
            states_absence.iter().any(|words| entry.contains(words)),
            "the entry of {krate} in the code map has no sentence \"Knows no ...\""
        );
    }
}

#[test]
fn the_tour_stops_at_code_that_exists() {
    let document = document();
    let stops: Vec<_> = document.split('`').filter(|word| word.contains(".rs::")).collect();
    assert!(!stops.is_empty(), "the tour has no stops; a stop is `path/file.rs::Item`");
    for stop in stops {
        let (path, item) = stop.split_once("::").expect("a path and an item");
        let source = read(&root().join(path));
        assert!(defines(&source, item), "{stop}: no such item; follow it to where it went");
    }
}

/// Whether `source` defines `item`: `Name`, `name` or `Type::method`.
fn defines(source: &str, item: &str) -> bool {
    const KEYWORDS: [&str; 9] =
        ["fn", "struct", "enum", "trait", "const", "static", "type", "mod", "macro_rules!"];
    item.split("::").all(|name| {
        KEYWORDS.iter().any(|keyword| {
            source
                .split(&format!("{keyword} {name}"))
                .skip(1)
                .any(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
        })
    })
}

#[test]
fn an_item_is_found_by_its_whole_name() {
    let source = "pub struct Writer;\nimpl Writer { pub fn put_bytes(&self) {} }";
    assert!(defines(source, "Writer") && defines(source, "Writer::put_bytes"));
    assert!(!defines(source, "Write") && !defines(source, "put") && !defines(source, "Reader"));
}

#[test]
fn an_arrow_too_many_and_one_too_few_are_both_told() {
    let drawn = edges("a ->\nb -> a", "->").into_iter().collect();
    let built = edges("a -> b\nb ->", "->").into_iter().collect();
    let told = differences(&drawn, &built);
    assert_eq!(
        told,
        [
            "a, b: in the manifests, not in the document",
            "b, a: in the document, not in the manifests"
        ]
    );
}

/// One sentence for each pair that is on one side only.
fn differences(document: &Edges, manifests: &Edges) -> Vec<String> {
    let pairs = |edges: &Edges| -> BTreeSet<(String, String)> {
        let pairs =
            edges.iter().flat_map(|(from, to)| to.iter().map(|to| (from.clone(), to.clone())));
        pairs.collect()
    };
    let (document, manifests) = (pairs(document), pairs(manifests));
    let undrawn = manifests
        .difference(&document)
        .map(|(a, b)| format!("{a}, {b}: in the manifests, not in the document"));
    let unbuilt = document
        .difference(&manifests)
        .map(|(a, b)| format!("{a}, {b}: in the document, not in the manifests"));
    undrawn.chain(unbuilt).collect()
}

/// The lines `name ARROW names` of a block, in their order.
fn edges(block: &str, arrow: &str) -> Vec<(String, BTreeSet<String>)> {
    let parse = |line: &str| {
        let (from, to) = line.split_once(arrow).unwrap_or_else(|| panic!("{line}: no `{arrow}`"));
        (from.trim().to_owned(), to.split_whitespace().map(str::to_owned).collect())
    };
    block.lines().map(parse).collect()
}

fn drawn_layers() -> Edges {
    edges(&block("layers"), "->").into_iter().collect()
}

fn built_layers() -> Edges {
    let packages = packages();
    let ours: BTreeSet<_> = packages.iter().map(|package| text(&package["name"])).collect();
    let uses = |package: &Value| {
        let names =
            normal_dependencies(package).into_iter().map(|dependency| text(&dependency["name"]));
        names.filter(|name| ours.contains(name)).map(|name| layer(&name)).collect()
    };
    packages.iter().map(|package| (layer(&text(&package["name"])), uses(package))).collect()
}

fn third_party() -> Edges {
    let mut used = Edges::new();
    for package in packages() {
        for dependency in normal_dependencies(&package) {
            if dependency["path"].is_null() {
                let owners = used.entry(text(&dependency["name"])).or_default();
                owners.insert(layer(&text(&package["name"])));
            }
        }
    }
    used
}

/// Those that the product is built from: neither for tests nor for build scripts.
fn normal_dependencies(package: &Value) -> Vec<Value> {
    let all = list(&package["dependencies"]).into_iter();
    all.filter(|dependency| dependency["kind"].is_null()).collect()
}

/// The name by which the document calls a package.
fn layer(package: &str) -> String {
    match package {
        "groundsill" => "app".to_owned(),
        other => other.strip_prefix("groundsill-").unwrap_or(other).to_owned(),
    }
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    list(&metadata["packages"])
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().expect("a list").clone()
}

/// What stands in the document between a fence with this name and the next fence.
fn block(name: &str) -> String {
    let document = document();
    let rest = document.split(&format!("\n```{name}\n")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("ARCHITECTURE.md has no block `{name}`"));
    rest.split("```").next().unwrap_or(rest).to_owned()
}

fn document() -> String {
    read(&root().join("ARCHITECTURE.md"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
