//! Texts of statements in pieces, and what statements did between two looks. No grammar: what is read from it is a guess.

use crate::check::Blind;
use crate::snapshot::{Pair, Postgres, PostgresStatement, growth};

/// Words in small letters, without their quotes, and everything else character by character, but `::` as one.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => rest.get(1..).and_then(|it| it.find('"')).map_or(rest.len(), |at| at + 2),
            ':' if rest.starts_with("::") => 2,
            c if is_of_word(c) => rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        if first == '"' {
            pieces.push(piece.trim_matches('"').to_owned());
        } else if !first.is_whitespace() {
            pieces.push(piece.to_lowercase());
        }
        rest = after;
    }
    pieces
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// A statement that was run between the looks.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) statement: &'a PostgresStatement,
    /// What was seen of it first; none if it came up meanwhile.
    pub(super) before: Option<&'a PostgresStatement>,
    pub(super) text: &'a str,
    /// How often.
    pub(super) calls: u64,
    /// On the average, in microseconds.
    pub(super) mean_us: u64,
}

/// Statements that were run between the looks; and why some could not be looked at.
pub(super) fn runs<'a>(pair: &Pair<'a, Postgres>) -> Result<(Vec<Run<'a>>, Option<Blind>), Blind> {
    let before = pair.before()?.statements.seen()?;
    let mut runs = Vec::new();
    let mut unseen = None;
    for statement in pair.after()?.statements.seen()? {
        let Some(text) = &statement.text else {
            unseen = Some(Blind::Denied(
                "GRANT pg_monitor to the role, for statements of others".to_owned(),
            ));
            continue;
        };
        let earlier = before.iter().find(|it| it.id == statement.id);
        let since = |of: fn(&PostgresStatement) -> u64| {
            growth("pg_stat_statements", Some(earlier.map_or(0, of)), Some(of(statement)))
        };
        // One that was forgotten and came up again counts anew: the next look tells.
        let (Ok(calls), Ok(total_us)) = (since(|it| it.calls), since(|it| it.total_us)) else {
            continue;
        };
        if let Some(mean_us) = total_us.checked_div(calls) {
            runs.push(Run { statement, before: earlier, text, calls, mean_us });
        }
    }
    Ok((runs, unseen))
}

/// So much of a text as fits a line.
pub(super) fn short(text: &str) -> String {
    const CHARS: usize = 120;
    let mut told: String = text.chars().take(CHARS).collect();
    if told.len() < text.len() {
        told.push_str("...");
    }
    told
}

#[cfg(test)]
mod tests;
