//! The lists beside the crate, held to what is registered.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn table(name: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(name).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let (first, rest) = line.split_once('\t').unwrap_or_else(|| panic!("{name}: {line}"));
        (first.to_owned(), rest.to_owned())
    };
    lines.map(pair).collect()
}

#[test]
fn the_ids_that_are_here_are_those_that_are_registered() {
    let ids: BTreeMap<_, _> = table("ids.tsv").into_iter().collect();
    let here: BTreeSet<&str> =
        ids.iter().filter(|(_, state)| *state == "here").map(|(id, _)| id.as_str()).collect();
    let registered: BTreeSet<&str> = all().iter().map(|check| check.id).collect();
    let missing: Vec<_> = here.difference(&registered).collect();
    let unknown: Vec<_> = registered.difference(&here).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "missing {missing:?}, not in the list {unknown:?}"
    );
}

#[test]
fn each_incident_is_proved_by_the_checks_that_are_said_to_prove_it() {
    let states: BTreeMap<_, _> = table("ids.tsv").into_iter().collect();
    let mut wrong = Vec::new();
    let incidents = table("catalogue.tsv");
    for (incident, rest) in &incidents {
        let (ids, open) = rest.split_once("\topen: ").map_or((rest.as_str(), ""), |it| it);
        let is_ours = |id: &&str| matches!(states[*id].as_str(), "here" | "open");
        let ours: Vec<&str> = ids.split(' ').filter(is_ours).collect();
        let proves =
            |id: &str| find(id).is_some_and(|check| check.catalogue.contains(&incident.as_str()));
        let is_silent = !ours.is_empty() && !ours.iter().any(|id| proves(id));
        if is_silent == open.is_empty() && !ours.is_empty() {
            wrong.push(format!("{incident}: {ours:?} name it: {}; open: {open}", !is_silent));
        }
    }
    for check in all() {
        for named in check.catalogue {
            let known = incidents.iter().find(|(incident, _)| incident == named);
            if !known.is_some_and(|(_, ids)| ids.split([' ', '\t']).any(|id| id == check.id)) {
                wrong.push(format!("{}: {named} is not said to be proved by it", check.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Checks whose fault no lab makes, each with the reason; compared exactly.
#[test]
fn what_has_no_lab_says_why() {
    let told: BTreeMap<_, _> = table("no-lab.tsv").into_iter().collect();
    let without = all().into_iter().filter(|check| check.proof != Proof::Lab);
    let without: BTreeSet<_> = without.map(|check| check.id.to_owned()).collect();
    assert_eq!(told.into_keys().collect::<BTreeSet<_>>(), without);
    let labs = crate::lab::all().len();
    assert!(labs >= 60, "{labs} checks have a lab, 60 are asked for");
}
