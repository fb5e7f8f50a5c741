use super::*;

#[test]
fn the_service_is_told_by_either_version_of_groups() {
    let one = "2:pids:/x\n1:name=systemd:/system.slice/redis-server.service\n0::/\n";
    let two = "0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n";
    assert_eq!(parse_unit(one).as_deref(), Some("redis-server.service"));
    assert_eq!(parse_unit(two).as_deref(), Some("postgresql@15-main.service"));
    assert_eq!(parse_unit("0::/user.slice/session-3.scope\n"), None);
}

#[test]
fn the_soft_limit_is_the_first_of_two_and_any_number_is_none() {
    let text = "[Service]\n# LimitNOFILE=1\nLimitNOFILE=65535\n LimitNOFILE = 1024:524288\nLimitNOFILE=infinity\n";
    assert_eq!(parse_values(text), [Some(65_535), Some(1_024), None]);
}

#[test]
fn what_is_dropped_beside_a_unit_counts_after_it() {
    let folder = std::env::temp_dir().join(format!("groundsill-units-{}", std::process::id()));
    let (first, second) = (folder.join("etc"), folder.join("lib"));
    fs::create_dir_all(first.join("db@.service.d")).unwrap();
    fs::create_dir_all(&second).unwrap();
    fs::write(second.join("db@.service"), "LimitNOFILE=1024\n").unwrap();
    let folders = [first.to_str().unwrap(), second.to_str().unwrap()];
    assert_eq!(soft_of(&folders, "db@main.service"), Some(1_024));
    fs::write(first.join("db@.service.d/10-more.conf"), "LimitNOFILE=4096\n").unwrap();
    assert_eq!(soft_of(&folders, "db@main.service"), Some(4_096));
    assert_eq!(soft_of(&folders, "other.service"), None);
    fs::remove_dir_all(folder).unwrap();
}
