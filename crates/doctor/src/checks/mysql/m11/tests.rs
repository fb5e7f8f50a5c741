use super::*;
use crate::checks::mysql::looks::{judged, mariadb};
use crate::record::Status;
use crate::snapshot::{MysqlIdentity, Probed};

fn server(mode: &str, tables: &[(&str, Option<u64>)]) -> Mysql {
    let table = |(engine, rows): &(&str, Option<u64>)| MysqlTable {
        name: "shop.log".to_owned(),
        engine: (*engine).to_owned(),
        rows: *rows,
    };
    let tables = Probed::Seen(tables.iter().map(table).collect());
    Mysql { unsafe_tables: tables, ..mariadb(&[("sql_mode", mode)]) }
}

#[test]
fn a_mode_that_is_not_strict_is_a_warning() {
    let record = &judged(&CHECK, &server("NO_ENGINE_SUBSTITUTION", &[]))[0];
    assert_eq!((record.status, record.aspect), (Status::Fail, Some("strict")));
    assert_eq!(record.observed, "sql_mode is not strict: \"NO_ENGINE_SUBSTITUTION\"");
    for strict in ["STRICT_TRANS_TABLES", "ANSI,STRICT_ALL_TABLES"] {
        assert_eq!(judged(&CHECK, &server(strict, &[]))[0].status, Status::Pass);
    }
}

#[test]
fn a_table_of_myisam_with_rows_is_a_warning_and_one_of_aria_is_info() {
    let told =
        |engine, rows| judged(&CHECK, &server("STRICT_TRANS_TABLES", &[(engine, rows)])).remove(0);
    let record = told("MyISAM", Some(7));
    assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
    assert_eq!(record.observed, "shop.log is MyISAM, with about 7 rows");
    assert_eq!(told("MyISAM", None).status, Status::Fail);
    assert_eq!(told("MyISAM", Some(0)).status, Status::Pass);
    assert_eq!(told("Aria", Some(7)).severity, Severity::Info);
}

#[test]
fn tables_that_are_not_shown_are_not_fine() {
    let mut server = server("STRICT_TRANS_TABLES", &[]);
    server.identity = Probed::Seen(MysqlIdentity::default());
    assert_eq!(judged(&CHECK, &server)[0].status, Status::Skip);
}
