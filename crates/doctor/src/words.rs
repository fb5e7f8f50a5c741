//! Numbers and times as people read them, and the calendar.

use std::time::Duration;

const DAY_MS: u64 = 86_400_000;

/// A length of time: `1.5 s`, `2 min`, `8 h`, `7 d`; rounded down from two minutes on.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => {
            let text = format!("{:.3}", time.as_secs_f64());
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A number to reckon with, and to show some digits of.
#[expect(clippy::cast_precision_loss, reason = "it is shown with some digits only")]
pub(crate) const fn float(number: u64) -> f64 {
    number as f64
}

/// Percent that one number is of another, rounded down; 0 of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> u64 {
    let percent = (u128::from(part) * 100).checked_div(u128::from(whole)).unwrap_or(0);
    u64::try_from(percent).unwrap_or(u64::MAX)
}

/// Days from the first of 1970 to a day of the Gregorian calendar.
pub(crate) fn day_of(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have the leap day at their end.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // Of the five months from March on, 153 days; it repeats.
    before + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Year, month and day of a moment, in milliseconds since 1970.
pub(crate) fn date_of(at_ms: u64) -> (u64, u64, u64) {
    // Days since 1 March of the year 0, in eras of 400 years.
    let days = at_ms / DAY_MS + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// A moment, in milliseconds since 1970: `2026-11-30 18:12:03 UTC`.
pub(crate) fn moment(at_ms: u64) -> String {
    let (year, month, day) = date_of(at_ms);
    let seconds = at_ms / 1_000 % 86_400;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests;
