//! What it means that a server did not let the doctor in, or did not answer a statement.
//!
//! The numbers of errors are for ever the same, in MySQL and in MariaDB; those from 1900 on are of one of both.

use mysql_async::{Error, ServerError};

use crate::snapshot::{self, Probed, Refusal};

/// A right is missing: 1044 on a database, 1142 on a table, 1143 on a column, 1227 in general; 1045 is of the account itself.
const DENIED: [u16; 5] = [1044, 1045, 1142, 1143, 1227];

/// It does not have such a thing: 1054 a column, 1064 a statement, 1109 and 1146 a table, 1193 a setting, 1235 at all.
const ABSENT: [u16; 6] = [1054, 1064, 1109, 1146, 1193, 1235];

/// It was cut off after the time that the session allows: 1969 in MariaDB, 3024 in MySQL.
const LATE: [u16; 2] = [1969, 3024];

/// What it means that there is no session.
pub(super) fn refusal(error: &Error) -> (Option<Refusal>, Probed<snapshot::Mysql>) {
    let Error::Server(told) = error else {
        return (None, Probed::Failed(format!("no connection: {}", cause(error))));
    };
    let message = without_values(&told.message);
    let seen = Probed::Denied(format!("to be let in; it says \"{message}\""));
    (Some(Refusal { code: told.code.to_string(), message }), seen)
}

/// What it means that a statement failed.
pub(super) fn unseen<T>(error: &Error) -> Probed<T> {
    match error {
        Error::Server(told) => of_statement(told),
        _ => Probed::Failed(format!("the connection broke: {}", cause(error))),
    }
}

fn of_statement<T>(ServerError { code, message, .. }: &ServerError) -> Probed<T> {
    match code {
        // The server names the privilege itself; of MariaDB another than of MySQL.
        1227 => Probed::Denied(privilege(message)),
        code if DENIED.contains(code) => {
            Probed::Denied(format!("a right on it ({})", without_values(message)))
        }
        code if ABSENT.contains(code) => {
            Probed::Absent(format!("such a thing in this version ({})", without_values(message)))
        }
        code if LATE.contains(code) => {
            Probed::Failed("it took the server more than 1 s, and was cut off".to_owned())
        }
        code => Probed::Failed(format!("it says \"{}\" ({code})", without_values(message))),
    }
}

/// `PROCESS` of "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation"; of several the last, as
/// the first is `SUPER`, which nobody should have for this.
fn privilege(message: &str) -> String {
    let inner = message.split_once(" the ").and_then(|(_, rest)| rest.split_once(" privilege"));
    let last = inner.and_then(|(names, _)| names.rsplit(',').next());
    let name = last.map_or("a privilege that it does not name", str::trim);
    format!("the privilege {name}: GRANT {name} ON *.* to the account")
}

/// Without what stands in quotes: names of accounts, hosts and tables.
pub(super) fn without_values(message: &str) -> String {
    let mut parts = message.split('\'');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        plain.push_str(if at % 2 == 0 { "''" } else { part });
    }
    plain
}

/// The innermost cause: the outer ones say the same before it.
fn cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
