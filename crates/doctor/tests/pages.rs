//! `docs/doctor/` has the page of each check as the check itself says it. With `REWRITE=1` in the environment they are written.

use std::fs;
use std::path::Path;

use groundsill_doctor::{checks, report};

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
