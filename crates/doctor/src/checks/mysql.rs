//! MySQL and MariaDB.

use crate::check::Check;

#[cfg(test)]
mod looks;
mod m01;
mod m02;
mod m03;
mod m04;
mod m05;
mod m06;
mod m07;
mod m08;
mod m09;
mod m10;
mod m11;
mod m12;
mod m13;
mod m14;
mod m15;
mod m16;
mod m17;
mod m18;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[
    &m01::CHECK,
    &m02::CHECK,
    &m03::CHECK,
    &m04::CHECK,
    &m05::CHECK,
    &m06::CHECK,
    &m07::CHECK,
    &m08::CHECK,
    &m09::CHECK,
    &m10::CHECK,
    &m11::CHECK,
    &m12::CHECK,
    &m13::CHECK,
    &m14::CHECK,
    &m15::CHECK,
    &m16::CHECK,
    &m17::CHECK,
    &m18::CHECK,
];

/// The name of a table with that of its schema before it, as SQL takes it whatever is in it.
fn ticked(name: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let part = |part: &str| {
        if !part.is_empty() && part.chars().all(is_plain) {
            part.to_owned()
        } else {
            format!("`{}`", part.replace('`', "``"))
        }
    };
    match name.split_once('.') {
        Some((schema, table)) => format!("{}.{}", part(schema), part(table)),
        None => part(name),
    }
}

/// A text as it is written in a statement.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests;
