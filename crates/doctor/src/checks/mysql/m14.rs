//! M14: a server that anybody can enter, or that gets no repairs any more; or that would not tell what is slow.
//!
//! Source: the life cycle of MySQL ("Oracle Lifetime Support Policy") and of MariaDB ("Maintenance Policy" of the foundation); the
//! reference of MySQL 8.4, 8.2.1 ("Account User Names and Passwords") and 2.9.4 ("Securing the Initial Account").

use super::literal;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, MysqlAccount, Pair};
use crate::words::date_of;

/// The last month in which each series of MySQL gets repairs.
const MYSQL: &[(&str, &str)] =
    &[("5.6", "2021-02"), ("5.7", "2023-10"), ("8.0", "2026-04"), ("8.4", "2032-04")];

/// The same of MariaDB.
const MARIADB: &[(&str, &str)] = &[
    ("10.2", "2022-05"),
    ("10.3", "2023-05"),
    ("10.4", "2024-06"),
    ("10.5", "2025-06"),
    ("10.6", "2026-07"),
    ("10.7", "2023-02"),
    ("10.8", "2023-05"),
    ("10.9", "2023-08"),
    ("10.10", "2023-11"),
    ("10.11", "2028-02"),
    ("11.0", "2024-06"),
    ("11.1", "2024-08"),
    ("11.2", "2024-11"),
    ("11.4", "2029-05"),
    ("11.8", "2028-06"),
];

pub(super) static CHECK: Check = Check {
    id: "M14",
    title: "anybody can enter the server, or it gets no repairs any more",
    severity: Severity::Critical,
    needs: "SELECT on mysql.user (MariaDB: on mysql.global_priv as well)",
    expected: "each account has a name and a password, none that may do everything comes from everywhere, and the version gets repairs",
    guardrail: "mariadb-secure-installation (mysql_secure_installation) once; validate_password or simple_password_check",
    probes: &[
        "mysql.user: name, host, plugin, whether it has a password (never which), Super_priv; accounts that are locked left out",
        "SELECT VERSION()",
        "SHOW GLOBAL VARIABLES: slow_query_log, performance_schema",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until somebody finds the port: then the tables are gone, and a note asks for money. Or a fault that was repaired long ago in newer versions.",
        culprit: "An installation makes accounts without a password, and older ones an account without a name, which takes everybody whose name it does not know. An account for everybody from everywhere ('%') was made to try something. A series of versions gets repairs for some years, and then no more.",
        proof: "Accounts that log in by password and have none, or have no name; accounts that may do everything and come from '%'; the version against the calendar of its makers (the clock is that of the machine that looks). Distributions may repair a version for longer: see theirs. Where neither the slow log nor performance_schema is on nothing would tell which statements are slow: info.",
        fix: "ALTER USER 'name'@'host' IDENTIFIED BY a password, or VIA unix_socket (MariaDB) or WITH auth_socket (MySQL) for one that is used on the machine itself; DROP USER ''@'host'; RENAME USER 'root'@'%' TO 'root'@'10.0.0.%'. A newer version: by way of a replica, one series after the other. SET GLOBAL slow_query_log = ON.",
        cost: "Who used the account has to be given the password first, or cannot log in any more. An upgrade of a series cannot be undone but by a copy from before. The slow log grows: rotate it.",
        lab: "A server with an account that is drawn: without a name, without a password, or of everybody; mended by dropping it. The lab is of MariaDB; what is of MySQL alone is tried on composed snapshots only.",
    },
    rule: Rule::Mysql(rule),
};

fn rule(pair: &Pair<'_, Mysql>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    let accounts = server.accounts.seen();
    faults.extend(accounts.iter().flat_map(|all| all.iter()).filter_map(account));
    let version = outdated(server, pair.window.after.at_ms);
    let unknown = version.as_ref().err().cloned();
    faults.extend(version.ok().flatten());
    let is_off = |name| Ok::<_, Blind>(matches!(server.variable(name)?, "OFF" | "0"));
    let blind = match (is_off("slow_query_log"), is_off("performance_schema")) {
        (Ok(true), Ok(true)) => {
            faults.push(untold());
            None
        }
        (Err(blind), _) | (_, Err(blind)) => Some(blind),
        _ => None,
    };
    let observed = format!("{}, and no account is open", server.identity.seen()?.version);
    Ok(Verdict { observed, faults, unseen: accounts.err().or(blind).or(unknown) })
}

fn account(account: &MysqlAccount) -> Option<Fault> {
    let MysqlAccount { user, host, open, all } = account;
    let name = format!("{}@{}", literal(user), literal(host));
    let is_near = ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
    let (aspect, severity, observed, impact) = if *open || user.is_empty() {
        let what =
            if user.is_empty() { "has no name: it takes everybody" } else { "needs no password" };
        let may = if *all { "everything" } else { "what the account may" };
        let from =
            if is_near { "every user of the machine" } else { "everybody who reaches the port" };
        let severity = if is_near { Severity::Warning } else { Severity::Critical };
        ("open", severity, format!("{name} {what}"), format!("{from} can do {may}"))
    } else if *all && host == "%" {
        let observed = format!("{name} may do everything, from everywhere");
        (
            "everywhere",
            Severity::Info,
            observed,
            "a password that leaks is enough, from any place".to_owned(),
        )
    } else {
        return None;
    };
    Some(Fault {
        severity,
        aspect: Some(aspect),
        at: Some(name.clone()),
        observed,
        impact,
        fix: match (user.is_empty(), *open) {
            (true, _) => format!("DROP USER {name}"),
            (false, true) => format!(
                "ALTER USER {name} IDENTIFIED BY a password, or VIA unix_socket (MySQL: WITH auth_socket)"
            ),
            (false, false) => {
                format!("RENAME USER {name} TO {}@ an address from where it is used", literal(user))
            }
        },
        actions: Vec::new(),
        risk: "who uses it has to be told before, or cannot log in any more".to_owned(),
        reversible: !user.is_empty(),
        evidence: vec![Evidence {
            probe: "mysql.user".to_owned(),
            value: format!("{name}: password needed {}, Super_priv {}", !open, all),
        }],
        confidence: Confidence::High,
    })
}

/// Whether the series of the version gets no repairs any more.
fn outdated(server: &Mysql, at_ms: u64) -> Result<Option<Fault>, Blind> {
    let identity = server.identity.seen()?;
    let number = identity.number();
    let series = format!("{}.{}", number / 10_000, number / 100 % 100);
    let known = if identity.is_mariadb() { MARIADB } else { MYSQL };
    let Some((_, until)) = known.iter().find(|(it, _)| *it == series) else {
        return Err(Blind::Absent(format!("end of series {series} in what this doctor knows")));
    };
    if month(at_ms).as_str() <= *until {
        return Ok(None);
    }
    Ok(Some(Fault {
        severity: Severity::Warning,
        aspect: Some("version"),
        at: None,
        observed: format!("{} gets no repairs since {until}", identity.version),
        impact: "holes and faults that are found from now on stay, unless the distribution mends them".to_owned(),
        fix: "a replica of the next series first, then switch over; one series after the other".to_owned(),
        actions: Vec::new(),
        risk: "it cannot be undone but by a copy from before; read what changed in the reference of the new series".to_owned(),
        reversible: false,
        evidence: vec![Evidence { probe: "SELECT VERSION()".to_owned(), value: identity.version.clone() }],
        confidence: Confidence::High,
    }))
}

/// Year and month, such as `2026-11`, of milliseconds since 1970.
fn month(at_ms: u64) -> String {
    let (year, month, _) = date_of(at_ms);
    format!("{year}-{month:02}")
}

fn untold() -> Fault {
    Fault {
        severity: Severity::Info,
        aspect: Some("slow log"),
        at: None,
        observed: "neither slow_query_log nor performance_schema is on".to_owned(),
        impact: "when the server is slow nothing tells which statements it is".to_owned(),
        fix: "SET GLOBAL slow_query_log = ON; and in the file (undo: OFF)".to_owned(),
        actions: Vec::new(),
        risk: "the log grows with each slow statement, with its values: rotate it".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "SHOW GLOBAL VARIABLES slow_query_log, performance_schema".to_owned(),
            value: "OFF, OFF".to_owned(),
        }],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
