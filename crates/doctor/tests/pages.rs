//! `docs/doctor/` has the page of each check as the check itself says it. With `REWRITE=1` in the environment they are written.

use std::fs;
use std::path::Path;

use groundsill_doctor::{check, checks, report};

#[test]
fn each_check_has_its_page_and_no_other_is_there() {
    let folder = Path::new("../../docs/doctor");
    let mut names = Vec::new();
    for check in checks::all() {
        let (name, text) = (format!("{}.md", check.id), report::page(check));
        if std::env::var_os("REWRITE").is_some() {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(&name), &text).unwrap();
        }
        let found = fs::read_to_string(folder.join(&name)).unwrap_or_default();
        assert_eq!(
            found, text,
            "docs/doctor/{name}: REWRITE=1 cargo test -p groundsill-doctor writes it"
        );
        names.push(name);
    }
    let there = fs::read_dir(folder).unwrap();
    let mut there: Vec<_> =
        there.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    names.sort();
    assert_eq!(there, names);
}

/// Facts are named where they are read about.
#[test]
fn each_fact_that_a_check_takes_is_in_the_table_of_facts() {
    let table = fs::read_to_string("../../docs/doctor.md").unwrap();
    for one in checks::all() {
        let texts = [one.needs, one.expected, &one.probes.join(" ")].join(" ");
        for fact in texts.split("--fact ").skip(1) {
            let end = fact.find(|one: char| !(one.is_ascii_alphanumeric() || "-.".contains(one)));
            let name = &fact[..end.unwrap_or(fact.len())];
            assert!(
                table.contains(&format!("`{name}`")),
                "{}: {name} is not in docs/doctor.md",
                one.id
            );
            let is_known = |it: &&str| name == *it || it.ends_with('.') && name.starts_with(*it);
            assert!(check::FACTS.iter().any(is_known), "{}: {name} is no fact", one.id);
        }
    }
    for fact in check::FACTS {
        assert!(table.contains(&format!("`{fact}")), "{fact} is not in docs/doctor.md");
    }
}
