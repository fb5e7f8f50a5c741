//! P10: a sequence comes to the end of what it, or a column that takes its numbers, can hold. Of the database that was asked.
//!
//! Source: the documentation of PostgreSQL, 8.1 (ranges of integers) and 52.52 (`pg_sequence`). Three quarters leave time to change the
//! type of a large column without a stop; nine tenths do not.

use super::words::{Pace, rough, span, within};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresColumn, PostgresSequence};

/// Of the last number that fits.
const WARNING_PERCENT: i128 = 75;

/// The same.
const CRITICAL_PERCENT: i128 = 90;

/// The probe asks for no more.
const ASKED: usize = 300;

pub(super) static CHECK: Check = Check {
    id: "P10",
    title: "a sequence comes to the end of what its column can hold",
    severity: Severity::Critical,
    needs: "SELECT on sequences (pg_read_all_data, from 14 on)",
    expected: "no sequence has given three quarters of the numbers that it, its columns and those that refer to them can hold",
    guardrail: "identity columns of bigint; this check in CI against the schema",
    probes: &[
        "pg_sequence, pg_depend, pg_attrdef, pg_constraint: where numbers of a sequence go, in the database of the connection",
        "last_value of sequences that do not have 64 bits from end to end",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "From one moment on every insert into a table fails: \"nextval: reached maximum value of sequence\" or \"integer out of range\".",
        culprit: "An integer holds 2,147,483,647. A column that was made as serial has such a type, and every attempt to insert takes a number, also those that fail or do nothing (ON CONFLICT). The sequence may be wider than its column: one of bigint at a column of integer tells nothing before it fails. And a column that refers to a wide one may itself have stayed narrow.",
        proof: "The last number that each sequence gave, against the smallest of: its own maximum, the type of each column that takes from it (by identity, ownership or default), and the type of each column that refers to such a one by a foreign key. It fails from 75 % on, and is critical from 90 %. Of the database of the connection only; sequences that count down, temporary ones, those that begin again by CYCLE, and keys that an application numbers itself are not judged.",
        fix: "Where only the sequence is narrow: ALTER SEQUENCE ... AS bigint, which is done at once. Where the column is: ALTER COLUMN ... TYPE bigint writes the whole table and all its indexes anew and stops all access meanwhile, so for a large one add a bigint column, keep it the same by a trigger, fill it in small steps, build its index CONCURRENTLY, and exchange both in one short transaction; the columns that refer to it first. To win time, set the sequence to the negative half, if nothing relies on order: ALTER SEQUENCE ... MINVALUE -2147483648 RESTART WITH -2147483648.",
        cost: "The change of type doubles the table for a while and, done at once, stops access for as long as it takes to write it. Clients have to read 64 bits as well: look at their types first.",
        lab: "A column of integer with a sequence of bigint that was set to a drawn number near the end; mended by a wider column.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let sequences = pair.after()?.sequences.seen()?;
    let faults = sequences.iter().filter_map(|it| near_end(pair, it)).collect();
    let fullest = sequences.iter().filter_map(|it| percent(it.last?, limit(it)?.0)).max();
    let unreadable: Vec<_> = sequences.iter().filter(|it| !it.readable).collect();
    let unseen = match unreadable.first() {
        Some(one) => Some(Blind::Denied(format!(
            "SELECT on {}, such as {}: GRANT pg_read_all_data to the role (14 and later), or GRANT SELECT ON ALL SEQUENCES IN SCHEMA {}",
            super::words::counted(unreadable.len() as u64, "sequence", "sequences"),
            within(&one.schema, &one.name),
            super::words::name(&one.schema)
        ))),
        None => (sequences.len() >= ASKED).then(|| {
            Blind::Absent(format!(
                "room for more than {ASKED} sequences in a look: the narrowest were judged"
            ))
        }),
    };
    let observed = format!(
        "{} of less than 64 bits, of which the fullest is at {} %",
        super::words::counted(sequences.len() as u64, "sequence", "sequences"),
        fullest.unwrap_or(0)
    );
    Ok(Verdict { observed, faults, unseen })
}

/// The last number that fits everywhere, and the column that sets it, if it is not the sequence itself.
fn limit(sequence: &PostgresSequence) -> Option<(i64, Option<&PostgresColumn>)> {
    let narrow = sequence.columns.iter().filter_map(|it| Some((most(&it.kind)?, it)));
    let narrowest = narrow.min_by_key(|(most, column)| (*most, column.refers));
    match narrowest {
        // A sequence with the end of its column ends where that does: the column is what is narrow.
        Some((most, column)) if most <= sequence.max => Some((most, Some(column))),
        _ if sequence.cycles => None,
        _ => Some((sequence.max, None)),
    }
}

/// What a type of integers can hold.
fn most(kind: &str) -> Option<i64> {
    match kind {
        "smallint" => Some(i16::MAX.into()),
        "integer" => Some(i32::MAX.into()),
        "bigint" => Some(i64::MAX),
        _ => None,
    }
}

fn percent(last: i64, limit: i64) -> Option<i128> {
    (limit > 0).then(|| i128::from(last) * 100 / i128::from(limit))
}

fn near_end(pair: &Pair<'_, Postgres>, sequence: &PostgresSequence) -> Option<Fault> {
    let (last, (limit, column)) = (sequence.last?, limit(sequence)?);
    // One that begins again before the column ends never comes there.
    if sequence.cycles && sequence.max <= limit {
        return None;
    }
    let percent = percent(last, limit).filter(|percent| *percent >= WARNING_PERCENT)?;
    let name = within(&sequence.schema, &sequence.name);
    let left =
        u64::try_from((i128::from(limit) - i128::from(last)) / i128::from(sequence.step.max(1)))
            .unwrap_or(0);
    let holds = column.map_or_else(
        || format!("the sequence ends at {limit}"),
        |it| {
            let how = if it.refers { "refers to its column and" } else { "takes from it and" };
            format!("{}.{}.{} {how} is {}", it.schema, it.table, it.name, it.kind)
        },
    );
    Some(Fault {
        severity: if percent >= CRITICAL_PERCENT { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(format!("{}.{}", sequence.schema, sequence.name)),
        observed: format!("sequence {}.{} is at {last}, {percent} % of {limit}: {holds}", sequence.schema, sequence.name),
        impact: format!("after {} more numbers{} every insert that takes one fails", rough(left), when(pair, sequence, left)),
        fix: column.map_or_else(
            || format!("ALTER SEQUENCE {name} AS bigint MAXVALUE 9223372036854775807;"),
            |it| {
                let table = within(&it.schema, &it.table);
                format!("a new bigint column for {table}.{}, kept the same by a trigger, filled in steps and exchanged; only for a small table: ALTER TABLE {table} ALTER COLUMN {} TYPE bigint;", super::words::name(&it.name), super::words::name(&it.name))
            },
        ),
        actions: Vec::new(),
        risk: column.map_or("none that is known: only the catalogue changes", |_| "ALTER COLUMN TYPE writes the table anew and stops all access meanwhile; clients have to read 64 bits").to_owned(),
        reversible: column.is_none(),
        evidence: vec![Evidence {
            probe: format!("{name} last_value"),
            value: format!("{last} of {limit}, max={} kind={}", sequence.max, sequence.kind),
        }],
        confidence: Confidence::High,
    })
}

/// When that is, by how fast numbers were given in the window.
fn when(pair: &Pair<'_, Postgres>, sequence: &PostgresSequence, left: u64) -> String {
    let same =
        |it: &&PostgresSequence| (&it.schema, &it.name) == (&sequence.schema, &sequence.name);
    let last = |server: &Postgres| {
        let last = server.sequences.seen()?.iter().find(same).and_then(|it| it.last);
        Ok(last.and_then(|it| u64::try_from(it / sequence.step.max(1)).ok()))
    };
    let (grown, seconds) = (pair.growth("numbers", last).unwrap_or(0), pair.window.seconds());
    Pace::of(grown, seconds).map_or_else(String::new, |pace| {
        let (left, rate) = (span(pace.time_for(left)), pace.per_second());
        format!(" (in about {left} at {rate}/s over {seconds:.0} s)")
    })
}

#[cfg(test)]
mod tests;
