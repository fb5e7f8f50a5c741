//! Looks at servers, for tests of rules.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::ground;
use crate::record::Record;
use crate::snapshot::{Mysql, MysqlIdentity, Probed, Snapshot, Window};

/// A server of MariaDB that told these settings, and whose account sees everything.
pub(super) fn mariadb(variables: &[(&str, &str)]) -> Mysql {
    server("10.11.19-MariaDB", variables)
}

/// The same of MySQL.
pub(super) fn mysql(variables: &[(&str, &str)]) -> Mysql {
    server("8.4.3", variables)
}

fn server(version: &str, variables: &[(&str, &str)]) -> Mysql {
    let identity = MysqlIdentity {
        version: version.to_owned(),
        account: "doctor@%".to_owned(),
        privileges: vec!["SELECT".to_owned(), "PROCESS".to_owned()],
    };
    let (identity, variables) = (Probed::Seen(identity), Probed::Seen(texts(variables)));
    Mysql { identity, variables, ..Mysql::default() }
}

/// Texts by their names.
pub(super) fn texts(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect()
}

/// What a check says of a server that was the same at both looks, a second apart.
pub(super) fn judged(check: &Check, server: &Mysql) -> Vec<Record> {
    judged_over(check, 1, server, server)
}

/// What a check says of a server that was like this, and so many seconds later like that.
pub(super) fn judged_over(
    check: &Check,
    seconds: u64,
    before: &Mysql,
    after: &Mysql,
) -> Vec<Record> {
    let (before, after) = (look(1_000, before), look(1_000 + seconds * 1_000, after));
    check.judge(&Window { before: &before, after: &after })
}

/// A look at a server of this machine.
pub(super) fn look(at_ms: u64, server: &Mysql) -> Snapshot {
    let mut snapshot = ground::moment(at_ms, ground::host());
    snapshot.mysql.push(ground::server(":3306", server.clone()));
    snapshot
}
