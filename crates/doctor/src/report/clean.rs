//! Text of strangers, as it may be shown.

use std::fmt::Write;

/// Without what a terminal would obey, or what would turn the direction of what follows: a process calls itself what it likes.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for one in text.chars() {
        if is_turn(one) {
            clean.extend(one.escape_unicode());
        } else if one.is_control() {
            clean.extend(one.escape_default());
        } else {
            clean.push(one);
        }
    }
    clean
}

/// The same within JSON, which escapes all but those.
pub(super) fn turns(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        if is_turn(one) {
            let _endless = write!(out, "\\u{:04x}", u32::from(one));
        } else {
            out.push(one);
        }
    }
    out
}

/// Whether it has what follows run in another direction.
const fn is_turn(one: char) -> bool {
    matches!(one, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same within XML and HTML.
pub(super) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in clean(text).chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(one),
        }
    }
    escaped
}
