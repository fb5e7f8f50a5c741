use super::*;
use crate::config::cli::with_settings;

fn gather(flags: &[&str], environment: &[(&str, &str)]) -> Result<Resolved> {
    let command = with_settings(clap::Command::new("groundsill"));
    let matches = command.get_matches_from(std::iter::once(&"groundsill").chain(flags));
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Resolved::gather(&matches, &environment.iter().map(own).collect())
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
fn an_unknown_variable_is_refused_and_the_nearest_named_but_not_what_others_set() {
    for (name, nearest) in [
        ("GROUNDSILL_DATADIR", "GROUNDSILL_DATA"),
        ("GROUNDSILL_DURABILTY", "GROUNDSILL_DURABILITY"),
        ("GROUNDSILL_RESP_PORT", "GROUNDSILL_RESP"),
    ] {
        let error = gather(&[], &[(name, "6379")]).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
        assert!(error.contains(&format!("`{nearest}`")), "{error}");
    }
    let links = [
        ("GROUNDSILL_SERVICE_HOST", "10.0.0.7"),
        ("GROUNDSILL_SERVICE_PORT_RESP", "6379"),
        ("GROUNDSILL_PORT", "tcp://10.0.0.7:6379"),
        ("GROUNDSILL_PORT_6379_TCP_ADDR", "10.0.0.7"),
        ("GROUNDSILL_RESP_PORT_6379_TCP", "tcp://10.0.0.7:6379"),
    ];
    gather(&[], &links).unwrap();
}

#[test]
fn a_directory_without_a_name_is_refused_wherever_it_comes_from() {
    let flag = gather(&["--data", ""], &[]).unwrap();
    let variable = gather(&[], &[("GROUNDSILL_DATA", " ")]).unwrap();
    for (resolved, origin) in [(flag, "command line"), (variable, "GROUNDSILL_DATA")] {
        let error = format!("{:#}", Config::new(&resolved).unwrap_err());
        assert!(error.contains("names no directory") && error.contains(origin), "{error}");
    }
}

#[test]
fn one_address_for_two_fronts_is_refused_and_both_are_named() {
    let flags = ["--resp", "127.0.0.1:7000", "--http", "127.0.0.1:7000"];
    let error = Config::new(&gather(&flags, &[]).unwrap()).unwrap_err().to_string();
    assert!(error.contains("`resp` and `http`") && error.contains("7000"), "{error}");
    let any = ["--resp", "127.0.0.1:0", "--kafka", "127.0.0.1:0", "--http", "[::1]:9092"];
    Config::new(&gather(&any, &[]).unwrap()).unwrap();
}

#[test]
fn a_command_about_a_directory_finds_it_where_the_server_does() {
    let (_dir, path) = file("data = 'file'\nresp = '127.0.0.1:1'\n");
    let command = || cli::with_data(clap::Command::new("verify"), "");
    let data = |flags: &[&str], environment: &[(&str, &str)]| {
        let matches = command().get_matches_from([&["verify"], flags].concat());
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let resolved = Resolved::gather(&matches, &environment.iter().map(own).collect());
        value::data(&resolved.unwrap()).unwrap().display().to_string()
    };
    assert_eq!(data(&[], &[]), "./data");
    assert_eq!(data(&["--config", &path], &[]), "file");
    assert_eq!(data(&["--config", &path], &[("GROUNDSILL_DATA", "variable")]), "variable");
    assert_eq!(data(&["--data", "flag"], &[("GROUNDSILL_DATA", "variable")]), "flag");
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
fn a_value_beyond_all_sense_is_refused_with_the_bound() {
    for (flag, value, bound) in [
        ("--memory", "1024TiB", "the most is 65536 GiB"),
        ("--memory", "1MiB", "the least is 256 MiB"),
        ("--connections", "1048577", "the most is 1048576"),
        ("--log-segment", "1", "the least is 1 MiB"),
        ("--log-segment", "5GiB", "the most is 4 GiB"),
        ("--log-history", "1025TiB", "the most is 1048576 GiB"),
        ("--disk-free-min", "1025TiB", "the most is 1048576 GiB"),
        ("--drain-time", "25h", "the longest is 1d"),
        ("--log-history-age", "36501d", "the longest is 36500d"),
    ] {
        let error = Config::new(&gather(&[flag, value], &[]).unwrap()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(bound) && error.contains(value), "{flag}: {error}");
    }
    let most = ["--memory", "64TiB", "--connections", "1048576", "--log-segment", "4GiB"];
    Config::new(&gather(&most, &[]).unwrap()).unwrap();
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
