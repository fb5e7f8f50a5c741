//! What the user says of what cannot be seen from here: `--fact NAME=VALUE`.

use std::time::Duration;

use crate::check::Blind;
use crate::record::Evidence;
use crate::snapshot::Window;
pub(in crate::checks) use crate::words::span as told;

/// The value of a fact; none if it is not given.
///
/// # Errors
/// It is given, and no such value.
pub(super) fn number(window: &Window<'_>, name: &str) -> Result<Option<u64>, Blind> {
    let Some(text) = window.after.facts.get(name) else { return Ok(None) };
    let wrong = || Blind::Denied(format!("a whole number in --fact {name}={text}"));
    text.trim().parse().ok().map(Some).ok_or_else(wrong)
}

/// The same of a time, such as `500ms`, `60s`, `2m`, `8h`, `7d`; a bare number is of seconds.
///
/// # Errors
/// It is given, and no time.
pub(super) fn time(window: &Window<'_>, name: &str) -> Result<Option<Duration>, Blind> {
    let Some(text) = window.after.facts.get(name) else { return Ok(None) };
    let wrong =
        || Blind::Denied(format!("a time in --fact {name}={text}: 500ms, 60s, 2m, 8h or 7d"));
    parse_time(text.trim()).map(Some).ok_or_else(wrong)
}

/// All of these times, in their order. It does not apply where none of them is given, and lacks what is not given where one is.
///
/// # Errors
/// See above.
pub(super) fn times<const N: usize>(
    window: &Window<'_>,
    names: [&str; N],
) -> Result<[Duration; N], Blind> {
    let given = names.map(|name| window.after.facts.contains_key(name));
    if !given.contains(&true) {
        return Err(Blind::OutOfPlace(format!(
            "nobody said --fact {}=...",
            names.join("=... --fact ")
        )));
    }
    let mut found = [Duration::ZERO; N];
    for (time_of, name) in found.iter_mut().zip(names) {
        *time_of = time(window, name)?.ok_or_else(|| missing(name))?;
    }
    Ok(found)
}

/// A fact that is needed beside others.
pub(super) fn missing(name: &str) -> Blind {
    Blind::Denied(format!("--fact {name}=..."))
}

/// That the user said it.
pub(in crate::checks) fn said(name: &str, value: impl std::fmt::Display) -> Evidence {
    Evidence { probe: format!("--fact {name}"), value: value.to_string() }
}

/// Such as `500ms`, `60s`, `2m`, `8h`, `7d`; a bare number is of seconds.
pub(in crate::checks) fn parse_time(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|one: char| one.is_ascii_alphabetic());
    let ms_each: u64 = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(ms_each).map(Duration::from_millis)
}

#[cfg(test)]
mod tests;
