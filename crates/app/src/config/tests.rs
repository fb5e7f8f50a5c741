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
fn what_is_below_the_least_is_refused_with_the_least_and_the_least_itself_is_taken() {
    for (key, below) in
        [("memory", "255MiB"), ("memory", "0"), ("connections", "0"), ("log-segment", "1023KiB")]
    {
        let setting = SETTINGS.iter().find(|setting| setting.key == key).unwrap();
        let least = setting.least.unwrap();
        let flag = format!("--{key}");
        let error = Config::new(&gather(&[&flag, below], &[]).unwrap()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(&format!("`{key}` is `{below}`")), "{error}");
        assert!(error.ends_with(&format!("the least is {least}")), "{error}");
    }
    for setting in SETTINGS.iter().filter(|setting| setting.least.is_some()) {
        let flag = format!("--{}", setting.key);
        Config::new(&gather(&[&flag, setting.least.unwrap()], &[]).unwrap()).unwrap();
    }
}

#[test]
fn memory_is_what_was_said_or_three_fifths_of_what_there_is_but_not_below_the_least() {
    let of = |args: &[&str], available: u64| {
        Config::new(&gather(args, &[]).unwrap()).unwrap().memory_of(available)
    };
    assert_eq!(of(&[], 400 << 30), 240 << 30);
    assert_eq!(of(&[], 600 << 20), 344 << 20);
    assert_eq!(of(&[], 512 << 20), 256 << 20);
    assert_eq!(of(&["--memory", "auto"], 1000), 256 << 20);
    assert_eq!(of(&["--memory", "2GiB"], 1 << 30), 2 << 30);
}

#[test]
fn what_stays_free_of_the_disk_is_what_was_said_or_a_twentieth_of_a_small_one() {
    let of = |args: &[&str], size: u64| {
        Config::new(&gather(args, &[]).unwrap()).unwrap().disk_free_min_of(size)
    };
    assert_eq!(of(&[], 1 << 40), 256 << 20);
    assert_eq!(of(&["--disk-free-min", "auto"], 600 << 20), 30 << 20);
    assert_eq!(of(&["--disk-free-min", "0"], 600 << 20), 0);
    assert_eq!(of(&["--disk-free-min", "1GiB"], 600 << 20), 1 << 30);
}

#[test]
fn help_tells_the_default_of_every_setting_and_the_least_of_every_number() {
    let help = with_settings(clap::Command::new("serve")).term_width(0).render_help().to_string();
    let told = |key: &str| {
        let flag = format!("--{key} <");
        help.lines().find(|line| line.trim_start().starts_with(&flag)).unwrap().to_owned()
    };
    for Setting { key, default, least, .. } in SETTINGS {
        let line = told(key);
        assert!(line.contains(&format!("[default: {default}]")), "{line}");
        let bound =
            least.map_or(format!("[default: {default}]"), |least| format!("[least: {least}]"));
        assert!(line.ends_with(&bound), "{line}");
    }
}

#[test]
fn a_value_beyond_all_sense_is_refused_with_the_most_and_the_most_itself_is_taken() {
    for setting in SETTINGS {
        let Some(most) = setting.most else { continue };
        let flag = format!("--{}", setting.key);
        let error = Config::new(&gather(&[&flag, &format!("9{most}")], &[]).unwrap()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.ends_with(&format!("the most is {most}")), "{error}");
        Config::new(&gather(&[&flag, most], &[]).unwrap()).unwrap();
    }
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
        let quoted =
            |bound: Option<&str>| bound.map_or(String::new(), |bound| format!("`{bound}`"));
        let (least, most) = (quoted(setting.least), quoted(setting.most));
        format!("| `{key}` | `{}` | `{default}` | {least} | {most} | {help} |", setting.variable())
    };
    let told: Vec<_> = SETTINGS.iter().map(row).collect();
    assert_eq!(rows, told, "docs/operations.md is to say:\n{}", told.join("\n"));
}
