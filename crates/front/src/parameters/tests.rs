use super::*;

#[test]
fn the_table_is_in_order_and_every_name_is_found_in_any_case() {
    assert!(PARAMETERS.is_sorted_by(|a, b| a.name < b.name));
    for parameter in PARAMETERS {
        let found = find(parameter.name.to_uppercase().as_bytes());
        assert_eq!(found.map(|found| found.name), Some(parameter.name));
    }
    assert!(find(b"no-such-parameter").is_none());
}

#[test]
fn the_documentation_lists_every_parameter_with_its_kind_and_no_other() {
    let text = include_str!("../../../../docs/protocols/redis.md");
    let section = text.split("\n### Parameters\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let mut listed = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split(" | ");
        let (names, kind) = (cells.next().unwrap(), cells.next().unwrap().trim());
        for name in names.split('`').skip(1).step_by(2) {
            assert!(listed.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
        }
    }
    for parameter in PARAMETERS {
        let kind = match parameter.kind {
            Kind::Effective { .. } => "effective",
            Kind::Fixed { .. } => "fixed",
            Kind::Inert { .. } => "inert",
        };
        assert_eq!(listed.remove(parameter.name).as_deref(), Some(kind), "{}", parameter.name);
    }
    assert!(listed.is_empty(), "documented, and not there: {listed:?}");
}
