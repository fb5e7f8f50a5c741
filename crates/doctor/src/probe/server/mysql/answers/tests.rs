use super::*;

fn row(columns: &[(&str, &str)]) -> Row {
    columns.iter().map(|(name, it)| ((*name).to_owned(), Some((*it).to_owned()))).collect()
}

#[test]
fn of_grants_only_the_names_of_privileges_on_everything_are_kept() {
    let lines = [
        "GRANT SELECT, PROCESS, SLAVE MONITOR ON *.* TO `d`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
        "GRANT DELETE ON `shop`.* TO `d`@`%`",
        "GRANT USAGE ON *.* TO `e`@`%`",
    ];
    let rows: Vec<Row> = lines.iter().map(|line| row(&[("grants for d@%", line)])).collect();
    assert_eq!(privileges(&rows), ["SELECT", "PROCESS", "SLAVE MONITOR"]);
}

#[test]
fn a_replica_is_read_under_its_old_names_and_its_new_ones() {
    let old = row(&[
        ("connection_name", "eu"),
        ("master_host", "db-1"),
        ("master_port", "3306"),
        ("master_server_id", "7"),
        ("slave_io_running", "Connecting"),
        ("slave_sql_running", "Yes"),
        ("last_io_errno", "2003"),
        ("last_sql_errno", "0"),
        ("last_sql_error", "Query: 'INSERT INTO card VALUES (4111)'"),
        ("seconds_behind_master", "31"),
        ("sql_delay", "0"),
        ("master_log_file", "b.000002"),
        ("read_master_log_pos", "500"),
        ("relay_master_log_file", "b.000001"),
        ("exec_master_log_pos", "400"),
        ("replicate_do_db", "shop"),
        ("replicate_ignore_db", ""),
        ("using_gtid", "Slave_Pos"),
    ]);
    let channel_of_old = channel(&old);
    assert_eq!((&*channel_of_old.name, &*channel_of_old.source), ("eu", "db-1:3306"));
    assert_eq!((&*channel_of_old.io, channel_of_old.io_error), ("Connecting", 2003));
    assert_eq!(channel_of_old.behind_seconds, Some(31));
    assert_eq!(channel_of_old.fetched, ("b.000002".to_owned(), 500));
    assert_eq!(channel_of_old.applied, ("b.000001".to_owned(), 400));
    assert_eq!(channel_of_old.filters, ["replicate_do_db"]);
    assert!(!format!("{channel_of_old:?}").contains("4111"));
    let rename = |(name, it): (&String, &Option<String>)| {
        let name = name.replace("connection_name", "channel_name");
        (name.replace("master", "source").replace("slave", "replica"), it.clone())
    };
    let new: Row = old.iter().map(rename).collect();
    assert_eq!(channel(&new), channel_of_old);
}

#[test]
fn a_lag_that_is_null_is_none_and_not_zero() {
    let mut told = row(&[("slave_io_running", "No")]);
    told.insert("seconds_behind_master".to_owned(), None);
    assert_eq!(channel(&told).behind_seconds, None);
}

#[test]
fn of_a_session_neither_its_port_nor_more_of_its_statement_than_a_word_is_kept() {
    let told = |host: &str, verb: &str| {
        let columns = [("id", "9"), ("host", host), ("seconds", "3"), ("verb", verb)];
        let seen = sessions(&[row(&columns)]);
        seen.seen().unwrap()[0].clone()
    };
    assert_eq!(told("10.0.0.7:51834", "ALTER").host, "10.0.0.7");
    assert_eq!(told("2001:db8::7:51834", "ALTER").host, "2001:db8::7");
    assert_eq!(told("localhost", "SET@SECRET='X'").verb.as_deref(), Some("SET"));
    assert_eq!(told("localhost", "(SELECT").verb, None);
}

#[test]
fn an_answer_that_misses_a_number_is_failed_and_not_zero() {
    assert!(matches!(logs(&[row(&[("log_name", "b.000001")])]), Probed::Failed(_)));
    let seen = logs(&[row(&[("file_size", "1497")]), row(&[("file_size", "3")])]);
    assert_eq!(seen, Probed::Seen(MysqlLogs { files: 2, bytes: 1_500 }));
}
