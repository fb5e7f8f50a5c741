//! Numbers and names as people and as SQL read them.

use std::time::Duration;

use crate::check::Action;
use crate::snapshot::Postgres;
use crate::words;
pub(super) use crate::words::float;

/// When something will be full is told only of a window of a minute.
const WINDOW_MS: u128 = 60_000;

/// `1,204`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// `38 MB`, `1.2 GB`: of a thousand each.
pub(super) fn size(bytes: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let mut unit = 0;
    let mut amount = float(bytes);
    // What would be written as 1000 is 1.0 of the next.
    while amount >= 999.5 && unit + 1 < units.len() {
        amount /= 1_000.0;
        unit += 1;
    }
    let unit_name = units.get(unit).copied().unwrap_or_default();
    if unit > 0 && amount < 9.95 {
        format!("{amount:.1} {unit_name}")
    } else {
        format!("{amount:.0} {unit_name}")
    }
}

/// `41 min`, `3 d`: rounded down.
pub(super) fn span(seconds: u64) -> String {
    words::span(Duration::from_secs(seconds))
}

/// A name as SQL takes it: quoted where it has to be.
pub(super) fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// `1 index`, `12 indexes`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `412.0 GB`: powers of 1024, as PostgreSQL itself counts WAL and pages.
pub(super) fn binary(bytes: u64) -> String {
    let units = [(40, "TB"), (30, "GB"), (20, "MB"), (10, "kB")];
    for (shift, unit) in units {
        let tenths = (u128::from(bytes) * 10) >> shift;
        if tenths >= 10 {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

/// `3.1 M`, `1.60 G`: of transactions and rows.
pub(super) fn rough(number: u64) -> String {
    match number {
        1_000_000_000.. => {
            format!("{}.{:02} G", number / 1_000_000_000, number % 1_000_000_000 / 10_000_000)
        }
        1_000_000.. => format!("{}.{} M", number / 1_000_000, number % 1_000_000 / 100_000),
        _ => number.to_string(),
    }
}

/// Has ALTER SYSTEM set it, and the server take it up; each is a statement of its own, as ALTER SYSTEM may not stand in a transaction.
/// Nothing, where it would have no effect: what stands on the command line, or is of a database or a role, counts more.
pub(super) fn altered(server: &Postgres, name: &str, value: &str) -> Vec<Action> {
    let setting = server.settings.seen().ok().and_then(|all| all.get(name));
    let Some(setting) = setting else { return Vec::new() };
    if !matches!(setting.source.as_str(), "default" | "configuration file") {
        return Vec::new();
    }
    let set = |value: &str| {
        let is_word = value.chars().all(|one| one.is_ascii_alphabetic());
        let value = if is_word { value.to_owned() } else { literal(value) };
        format!("ALTER SYSTEM SET {name} = {value}")
    };
    // What stood in another file counts again once this is taken out; what ALTER SYSTEM had set, or may have, is set again.
    let is_of_others = setting.source == "default" || setting.is_altered == Some(false);
    let undo =
        if is_of_others { format!("ALTER SYSTEM RESET {name}") } else { set(&setting.setting) };
    let reload = "SELECT pg_reload_conf()";
    vec![Action::undone_by(set(value), undo), Action::undone_by(reload, reload)]
}

/// How fast something grew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    grown: u128,
    ms: u128,
}

impl Pace {
    /// Over a window of so many seconds; none if it is too short to tell what will be, or if nothing grew.
    pub(super) fn of(grown: u64, seconds: f64) -> Option<Self> {
        let ms = Duration::from_secs_f64(seconds).as_millis();
        (grown > 0 && ms >= WINDOW_MS).then_some(Self { grown: grown.into(), ms })
    }

    /// In a second.
    pub(super) fn per_second(self) -> u64 {
        u64::try_from(self.grown * 1_000 / self.ms).unwrap_or(u64::MAX)
    }

    /// How many seconds it takes to grow by so much more.
    pub(super) fn time_for(self, left: u64) -> u64 {
        let ms = u128::from(left) * self.ms / self.grown;
        u64::try_from(ms / 1_000).unwrap_or(u64::MAX)
    }
}

/// A name as it is written in a statement, quoted in any case: it may be a word of SQL.
pub(in crate::checks) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name with its schema as it is written in a statement.
pub(super) fn within(schema: &str, of: &str) -> String {
    format!("{}.{}", name(schema), name(of))
}

/// A text as it is written in a statement.
pub(in crate::checks) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests;
