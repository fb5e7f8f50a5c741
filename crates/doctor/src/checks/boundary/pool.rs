//! Of which server the pool of an application is: of the one that was looked at, or of the one that the user names.

use crate::check::Blind;
use crate::snapshot::Window;

/// Names the server by where it is, such as `:5432`: needed where there are several.
pub(super) const FACT: &str = "pool-server";

/// Where the server is, if the user named it.
///
/// # Errors
/// It cannot be told: there is none, several, none of that name, or a pooler stands between.
pub(super) fn server<'a>(window: &Window<'a>) -> Result<Option<&'a str>, Blind> {
    let after = window.after;
    let databases: Vec<&str> = (after.postgres.iter().map(|it| it.at.as_str()))
        .chain(after.mysql.iter().map(|it| it.at.as_str()))
        .collect();
    let poolers: Vec<&str> = after.pgbouncer.iter().map(|it| it.at.as_str()).collect();
    if databases.is_empty() {
        return Err(Blind::OutOfPlace("there is no postgres or mysql".to_owned()));
    }
    let Some(named) = after.facts.get(FACT).map(String::as_str) else {
        return if databases.len() + poolers.len() > 1 {
            let all = [databases, poolers].concat().join(", ");
            Err(Blind::Denied(format!("--fact {FACT}=..., which of {all} the pool is of")))
        } else {
            Ok(None)
        };
    };
    if databases.contains(&named) {
        return Ok(Some(named));
    }
    Err(if poolers.contains(&named) {
        Blind::OutOfPlace(format!("the pool is of the pooler {named}, which has limits of its own"))
    } else {
        Blind::Absent(format!("server {named} among those that were looked at"))
    })
}

/// Whether a server is that one.
pub(super) fn is_meant(named: Option<&str>, at: &str) -> bool {
    named.is_none_or(|named| named == at)
}

#[cfg(test)]
mod tests;
