use super::*;
use crate::config::cli::with_settings;

fn gather(flags: &[&str], environment: &[(&str, &str)]) -> Result<Resolved> {
    let command = with_settings(clap::Command::new("groundsill"));
    let matches = command.get_matches_from(std::iter::once(&"groundsill").chain(flags));
    let asked =
        |name: &str| environment.iter().find(|have| have.0 == name).map(|have| have.1.to_owned());
    Resolved::gather(&matches, &asked)
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("groundsill.toml");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (dir, path)
}

#[test]
fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
    let (_dir, path) = file("data = 'file'\nresp = '127.0.0.1:1'\nlog-level = 'warn'\n");
    let environment = [
        ("GROUNDSILL_DATA", "variable"),
        ("GROUNDSILL_RESP", "127.0.0.1:2"),
        ("GROUNDSILL_CONFIG", &path),
    ];
    let resolved = gather(&["--data", "flag"], &environment).unwrap();
    assert_eq!(resolved.get("data"), ("flag", &Origin::Flag));
    assert_eq!(
        resolved.get("resp"),
        ("127.0.0.1:2", &Origin::Environment("GROUNDSILL_RESP".into()))
    );
    assert_eq!(resolved.get("log-level"), ("warn", &Origin::File(path.clone().into())));
    assert_eq!(resolved.get("durability"), ("durable", &Origin::Default));
}

#[test]
fn an_unknown_key_is_refused_and_the_nearest_named() {
    let (_dir, path) = file("durabilty = 'durable'\n");
    let error = gather(&["--config", &path], &[]).unwrap_err().to_string();
    assert!(error.contains("`durabilty`") && error.contains("`durability`"), "{error}");
}

#[test]
fn every_default_is_valid() {
    Config::new(&gather(&[], &[]).unwrap()).unwrap();
}

#[test]
fn a_bad_value_names_the_setting_and_its_origin() {
    let error = format!(
        "{:#}",
        Config::new(&gather(&[], &[("GROUNDSILL_MEMORY", "1KiB")]).unwrap()).unwrap_err()
    );
    assert!(error.contains("`memory`") && error.contains("GROUNDSILL_MEMORY"), "{error}");
}

#[test]
fn an_address_that_others_can_reach_is_refused_unless_passwords_are_asked_for() {
    let reachable =
        [("--resp", "0.0.0.0:6379"), ("--kafka", "[::]:9092"), ("--http", "192.0.2.1:8080")];
    for (flag, address) in reachable {
        let error = Config::new(&gather(&[flag, address], &[]).unwrap()).unwrap_err().to_string();
        assert!(error.contains(address) && error.contains("loopback"), "{error}");
        assert!(error.contains("`password-file`"), "{error}");
        let guarded = gather(&[flag, address, "--password-file", "passwords"], &[]).unwrap();
        let config = Config::new(&guarded).unwrap();
        assert_eq!(config.password_file, Some("passwords".into()));
    }
}

#[test]
fn the_table_of_settings_stands_in_the_document() {
    let document = include_str!("../../../../docs/operations.md");
    let table = document.split("<!-- settings: ").nth(1).unwrap_or_default();
    let rows = table.lines().skip_while(|line| !line.starts_with("| `"));
    let rows: Vec<_> = rows.take_while(|line| line.starts_with("| `")).collect();
    let row = |setting: &Setting| {
        let Setting { key, default, help, .. } = setting;
        format!("| `{key}` | `{}` | `{default}` | {help} |", setting.variable())
    };
    let told: Vec<_> = SETTINGS.iter().map(row).collect();
    assert_eq!(rows, told, "docs/operations.md is to say:\n{}", told.join("\n"));
}
