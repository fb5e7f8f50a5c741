use super::*;

use std::collections::BTreeSet;

#[test]
fn the_table_of_metrics_stands_in_the_document() {
    let document = include_str!("../../../../../docs/operations.md");
    let table = document.split("<!-- metrics: ").nth(1).unwrap_or_default();
    let rows = table.lines().skip_while(|line| !line.starts_with("| `"));
    let rows: Vec<_> = rows.take_while(|line| line.starts_with("| `")).collect();
    let row = |metric: &Metric| {
        let Metric { name, kind, help, series } = metric;
        let label = match series {
            Series::Process(_) => "",
            Series::Shard(_) | Series::Times(_) => "`shard`",
            Series::Front(_) => "`front`",
            Series::Command(_) => "`command`",
            Series::Code => "`code`",
        };
        format!("| `{PREFIX}{name}` | {} | {label} | {help} |", kind.name())
    };
    let told: Vec<_> = METRICS.iter().map(row).collect();
    assert_eq!(rows, told, "docs/operations.md is to say:\n{}", told.join("\n"));
}

#[test]
fn names_are_told_once_and_as_prometheus_wants_them() {
    let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len());
    for Metric { name, kind, help, .. } in METRICS {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert!(!help.contains(['\\', '\n', '|']), "{help}");
    }
}

#[test]
fn milliseconds_are_told_in_seconds_also_below_zero() {
    let mut lines = String::new();
    for millis in [0, 1, -1, 1500, -61_007, i64::MIN] {
        put(&mut lines, "x", "", Some(Value::Millis(millis)));
    }
    put(&mut lines, "x", "", Some(Value::Nanos(12_000_034_999)));
    put(&mut lines, "x", "", None);
    let told: Vec<_> = lines.lines().map(|line| line.split(' ').next_back().unwrap()).collect();
    assert_eq!(
        told,
        ["0.000", "0.001", "-0.001", "1.500", "-61.007", "-9223372036854775.808", "12.000034"]
    );
}
