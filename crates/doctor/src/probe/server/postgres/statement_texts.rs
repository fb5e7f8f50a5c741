//! Texts of statements, without what may be a value.
//!
//! `pg_stat_statements` writes `$1` for what was a literal, but keeps the text as it was if it had forgotten the statement meanwhile, and
//! comments as they are. So what looks like a literal is left out here once more.

/// Longer texts are cut: a value that is cut has no end, and is left out to the end of the text.
const BYTES_MAX: usize = 2_000;

/// The text without literals and comments, in single spaces.
pub(super) fn without_literals(text: &str) -> String {
    let mut end = BYTES_MAX.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut rest = text.get(..end).unwrap_or_default();
    let mut told = String::new();
    while let Some(first) = rest.chars().next() {
        let length = token(rest, first);
        let (taken, after) = rest.split_at(length.clamp(first.len_utf8(), rest.len()));
        let is_space = first.is_whitespace() || taken.starts_with("--") || taken.starts_with("/*");
        if is_space {
            if !told.ends_with(' ') {
                told.push(' ');
            }
        } else if is_literal(taken, first) {
            told.push('?');
        } else {
            told.push_str(taken);
        }
        rest = after;
    }
    told.trim().to_owned()
}

/// How long the token is with which the text begins.
fn token(text: &str, first: char) -> usize {
    let to = |end: &str, skip: usize| {
        text.get(skip..).and_then(|it| it.find(end)).map_or(text.len(), |at| at + skip + end.len())
    };
    match first {
        '\'' => quoted(text, 0, false),
        // Before the quote: a string with escapes, of bits, of bytes or of Unicode.
        'e' | 'E' | 'b' | 'B' | 'x' | 'X' | 'n' | 'N' if text.get(1..2) == Some("'") => {
            quoted(text, 1, matches!(first, 'e' | 'E'))
        }
        '"' => to("\"", 1),
        '-' if text.starts_with("--") => to("\n", 2),
        '/' if text.starts_with("/*") => comment(text),
        '$' => {
            let name =
                text.get(1..).and_then(|it| it.find(|c: char| !c.is_alphanumeric() && c != '_'));
            match name {
                Some(at) if text.get(at + 1..).is_some_and(|it| it.starts_with('$')) => {
                    let tag = text.get(..at + 2).unwrap_or_default();
                    to(tag, tag.len())
                }
                Some(at) => at + 1,
                None => text.len(),
            }
        }
        c if c.is_ascii_digit() => {
            let is_of_number = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
            text.find(|c| !is_of_number(c)).unwrap_or(text.len())
        }
        c if c.is_alphabetic() || c == '_' => {
            text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(text.len())
        }
        c => c.len_utf8(),
    }
}

/// How long a comment is; they may stand within each other.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// How long a string is whose quote is at `at`. In one with escapes a backslash keeps a quote from ending it. In another it does so only where
/// `standard_conforming_strings` is off, which is not known here: then all that follows may be of the string, and is left out.
fn quoted(text: &str, at: usize, has_escapes: bool) -> usize {
    let mut is_escaped = false;
    for (place, c) in text.char_indices().skip_while(|(place, _)| *place <= at) {
        match c {
            '\'' if is_escaped && !has_escapes => return text.len(),
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// `$1` stands for one already.
fn is_literal(token: &str, first: char) -> bool {
    let is_parameter =
        token.len() > 1 && token.get(1..).is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()));
    match first {
        '\'' => true,
        '$' => !is_parameter,
        '"' => false,
        c if c.is_ascii_digit() => true,
        c => {
            c.is_alphabetic() && token.ends_with('\'') || c.is_alphabetic() && token.contains('\'')
        }
    }
}

#[cfg(test)]
mod tests;
