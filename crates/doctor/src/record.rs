//! What a check comes to: one record for each thing that is wrong, or one that says that nothing is.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing breaks of it.
    Info,
    /// It will break, or breaks now and then.
    Warning,
    /// It breaks now, or data is at stake.
    Critical,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Something is wrong.
    Fail,
    /// It was looked at, and nothing is.
    Pass,
    /// It applies, and could not be looked at.
    Skip,
    /// It does not apply here.
    #[serde(rename = "n/a")]
    NotApplicable,
    /// Looking failed: our defect, or it took too long.
    Error,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess from what can be seen outside.
    Low,
    /// What was seen says so.
    High,
}

/// Something that was seen, as it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Where: a file, a statement, a call.
    pub probe: String,
    /// What stood there.
    pub value: String,
}

/// A command that mends something, for a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The command.
    pub run: String,
    /// What undoes it; empty if there is nothing to undo, none if nothing does.
    pub undo: Option<String>,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Of the check, such as `H14`.
    pub id: &'static str,
    /// Which face of it, if it has several.
    pub aspect: Option<&'static str>,
    /// How bad it is, or could have been.
    pub severity: Severity,
    /// What became of it.
    pub status: Status,
    /// What it is about: the host, or an address, a file, a table.
    pub target: String,
    /// What was seen, in a line; where nothing could be, why.
    pub observed: String,
    /// What should have been.
    pub expected: &'static str,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// What breaks, and when; empty where nothing does.
    pub impact: String,
    /// What to do: commands and settings.
    pub fix: String,
    /// The same for a shell, where commands alone do it.
    pub steps: Vec<Step>,
    /// What that costs, and what may go wrong.
    pub risk: String,
    /// Whether it can be undone.
    pub reversible: bool,
    /// What would have prevented it, or told of it.
    pub guardrail: &'static str,
    /// Incidents that it is known from.
    pub catalogue: &'static [&'static str],
    /// How sure it is.
    pub confidence: Confidence,
}

impl Severity {
    /// In lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// As a heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }
}

impl Step {
    /// A command of the shell.
    pub fn shell(run: impl Into<String>, undo: Option<String>) -> Self {
        Self { run: run.into(), undo }
    }

    /// A statement for PostgreSQL on a target such as `:5432` or `db.example:5432`, in a database of it.
    pub fn psql(at: &str, database: &str, statement: &str, undo: Option<&str>) -> Self {
        let (host, port) = place(at, "5432");
        let database = quoted(database);
        Self::by(statement, undo, |it| {
            format!("psql{host} -p {port} -d {database} -c {}", quoted(it))
        })
    }

    /// A command for Redis on a target such as `:6379`, `rediss://:6380` or the path of a socket.
    pub fn redis(at: &str, command: &str, undo: Option<&str>) -> Self {
        let to = if at.starts_with('/') {
            format!(" -s {}", quoted(at))
        } else {
            let tls = at.strip_prefix(TLS);
            let (host, port) = place(tls.unwrap_or(at), "6379");
            format!("{host} -p {port}{}", if tls.is_some() { " --tls" } else { "" })
        };
        Self::by(command, undo, |it| format!("redis-cli{to} {it}"))
    }

    /// A statement for MySQL on a target such as `:3306`.
    pub fn mysql(at: &str, statement: &str, undo: Option<&str>) -> Self {
        let (host, port) = place(at, "3306");
        // Without a host its client takes the socket, and no port.
        let host = if host.is_empty() { " -h 127.0.0.1".to_owned() } else { host };
        Self::by(statement, undo, |it| format!("mysql{host} -P {port} -e {}", quoted(it)))
    }

    /// Both the same way; what is nothing to undo stays so.
    fn by(run: &str, undo: Option<&str>, of: impl Fn(&str) -> String) -> Self {
        let undo = undo.map(|it| if it.is_empty() { String::new() } else { of(it) });
        Self { run: of(run), undo }
    }
}

/// What stands before a target of Redis that speaks TLS.
pub(crate) const TLS: &str = "rediss://";

/// Of a target, as words for a client: ` -h HOST`, or nothing of this machine; and the port.
fn place(at: &str, usual: &str) -> (String, String) {
    let (host, port) = at.rsplit_once(':').unwrap_or((at, usual));
    // Addresses of IPv6 are in brackets before a port, and without alone.
    let host = host.trim_matches(['[', ']']);
    let host = if host.is_empty() { String::new() } else { format!(" -h {}", quoted(host)) };
    (host, quoted(port))
}

/// A word of the shell, whatever is in it: names of tables and of hosts are chosen by strangers.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_' | '/');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl Record {
    /// Its id, with its face if it is one of several: `H32/journal`.
    pub fn name(&self) -> String {
        self.aspect.map_or_else(|| self.id.to_owned(), |aspect| format!("{}/{aspect}", self.id))
    }
}

#[cfg(test)]
mod tests;
