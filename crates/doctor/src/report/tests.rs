use super::*;
use crate::check::Target;
use crate::ground;
use crate::record::Step;
use crate::snapshot::{Probed, Refusal, Server};

fn record(id: &'static str, status: Status, severity: Severity) -> Record {
    ground::record(id, status, severity)
}

fn report(records: Vec<Record>) -> Report {
    let (before, after) =
        (ground::moment(1, ground::host()), ground::moment(1_001, ground::host()));
    let window = Window { before: &before, after: &after };
    Report { records, ..Report::of([], &window, &Suppressions::default()) }
}

fn cost() -> Cost {
    Cost { seconds: 1.04, cpu_seconds: 0.02, peak_bytes: 9 << 20, queries: 24, bytes: 3_000 }
}

fn told(records: Vec<Record>, format: Format) -> String {
    report(records).tell(format, cost(), |_, word| word.to_owned())
}

/// Of each kind one, with what a stranger may have called itself.
fn one_of_each() -> Vec<Record> {
    let mut forged = record("H14", Status::Fail, Severity::Critical);
    forged.observed = "pid 7 \"\u{1b}[31m<x>&\nH14 ok\u{202e}\" | a".to_owned();
    vec![
        forged,
        record("H22", Status::Fail, Severity::Warning),
        record("H12", Status::Skip, Severity::Warning),
        record("P01", Status::Pass, Severity::Warning),
    ]
}

#[test]
fn the_worst_that_fails_decides_the_exit_code_and_what_passes_does_not() {
    let code = |records: Vec<Record>| report(records).exit_code(&[]);
    assert_eq!(code(vec![record("H01", Status::Pass, Severity::Critical)]), 0);
    assert_eq!(code(vec![record("H01", Status::Fail, Severity::Info)]), 0);
    assert_eq!(code(vec![record("H01", Status::Fail, Severity::Warning)]), 1);
    let both = vec![
        record("H01", Status::Fail, Severity::Warning),
        record("H02", Status::Fail, Severity::Critical),
    ];
    assert_eq!(code(both), 2);
}

#[test]
fn a_required_check_that_could_not_look_is_told_by_the_exit_code_unless_worse_is() {
    let unseen = || record("H03", Status::Skip, Severity::Warning);
    let code = |records: Vec<Record>| report(records).exit_code(&["H03"]);
    assert_eq!(code(vec![unseen()]), 3);
    assert_eq!(code(vec![record("H02", Status::Fail, Severity::Warning), unseen()]), 3);
    assert_eq!(code(vec![record("H02", Status::Fail, Severity::Critical), unseen()]), 2);
    assert_eq!(code(vec![record("H03", Status::Pass, Severity::Warning)]), 0);
}

#[test]
fn a_server_that_was_named_and_not_reached_is_told_by_the_exit_code_and_one_that_was_found_is_not()
{
    let code = |named: bool| {
        let (before, mut after) =
            (ground::moment(1, ground::host()), ground::moment(1_001, ground::host()));
        let refusal = Refusal { code: "53300".to_owned(), message: "too many clients".to_owned() };
        let (refused, seen) = (Some(refusal), Probed::Denied("to be let in".to_owned()));
        after.postgres.push(Server { at: ":5432".to_owned(), named, local: true, refused, seen });
        let window = Window { before: &before, after: &after };
        let report = Report::of([], &window, &Suppressions::default());
        assert_eq!(report.scene.servers[0].kind, Target::Postgres);
        report.exit_code(&[])
    };
    assert_eq!((code(true), code(false)), (3, 0));
}

#[test]
fn no_form_obeys_what_a_process_calls_itself() {
    for (name, format) in Format::ALL {
        let text = told(one_of_each(), format);
        let bad = ['\u{1b}', '\r', '\u{202e}'];
        assert!(!text.contains(bad), "{name}: {text}");
        assert!(text.contains("H14"), "{name}: {text}");
        let is_markup = matches!(format, Format::Html | Format::Junit | Format::Markdown);
        assert!(!is_markup || !text.contains("<x>"), "{name}: {text}");
    }
}

#[test]
fn forms_for_programs_can_be_read_by_programs() {
    let sarif: serde_json::Value =
        serde_json::from_str(&told(one_of_each(), Format::Sarif)).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[1]["level"]), (2, &serde_json::json!("warning")));
    let junit = told(one_of_each(), Format::Junit);
    assert!(
        junit.contains("tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"1\" time=\"1.040\""),
        "{junit}"
    );
    assert!(junit.contains("<testcase classname=\"doctor\" name=\"P01 host\"/>"), "{junit}");
    let metrics = told(one_of_each(), Format::Prometheus);
    for line in [
        "groundsill_doctor_findings{severity=\"critical\"} 1",
        "groundsill_doctor_finding{id=\"H22\",aspect=\"\",target=\"host\",severity=\"warning\"} 1",
        "groundsill_doctor_blind{id=\"H12\",aspect=\"\",target=\"host\",severity=\"warning\"} 1",
        "groundsill_doctor_passed 1",
        "groundsill_doctor_run_queries 24",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line}: {metrics}");
    }
}

#[test]
fn two_findings_that_differ_in_words_alone_are_one_series() {
    let mut other = record("H22", Status::Fail, Severity::Warning);
    other.observed = "the same in other words".to_owned();
    let metrics =
        told(vec![record("H22", Status::Fail, Severity::Warning), other], Format::Prometheus);
    assert_eq!(metrics.matches("finding{id=\"H22\"").count(), 1, "{metrics}");
}

#[test]
fn a_person_reads_what_breaks_what_proves_it_and_what_to_do() {
    let records = vec![
        record("H02", Status::Fail, Severity::Critical),
        record("H03", Status::Skip, Severity::Warning),
        record("H05", Status::Skip, Severity::Warning),
        record("H04", Status::Pass, Severity::Warning),
    ];
    let wanted = "\
groundsill doctor  db-3  Linux 6.1  16 CPU 64 GiB     host     1.0 s

CRITICAL
 H02  host             what was seen
      breaks   it breaks
      proof    /proc/it: 7
      fix      mend it
      cost     none; can be undone
      guard    watch it

COULD NOT LOOK
 H03 H05 host             what was seen

1 fine, 0 do not apply. Cost: 0.0 s CPU, 9 MiB, 24 queries, 2 KiB read from servers.
next: groundsill doctor --explain H02    --fix-script    --output json
";
    assert_eq!(told(records, Format::Text), wanted);
}

#[test]
fn the_worst_five_are_told_with_everything_and_of_the_others_a_line() {
    let many = (0..7).map(|_| record("H02", Status::Fail, Severity::Warning)).collect();
    let text = told(many, Format::Text);
    assert_eq!(text.matches("what was seen").count(), 7);
    assert_eq!(text.matches("      breaks ").count(), 5, "{text}");
    assert!(
        text.contains("\nwhat the others break and how they are mended (2): --output markdown\n"),
        "{text}"
    );
}

#[test]
fn what_is_different_from_an_earlier_look_is_told_by_what_it_is_and_not_by_its_words() {
    let before = [
        record("H02", Status::Fail, Severity::Critical),
        record("H03", Status::Fail, Severity::Warning),
    ];
    let mut same = record("H02", Status::Fail, Severity::Warning);
    same.observed = "another number".to_owned();
    let new = record("H14", Status::Fail, Severity::Warning);
    let changes = Changes::between(&before, &[&same, &new], |_| true, 7);
    let ids = |records: &[Record]| records.iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(
        (ids(&changes.appeared), ids(&changes.gone), changes.same),
        (vec!["H14"], vec!["H03"], 1)
    );
    let report = Report { changes: Some(changes), ..report(vec![same, new]) };
    let text = report.tell(Format::Text, cost(), |_, word| word.to_owned());
    assert!(
        text.contains("SINCE THE LAST LOOK    1 new, 1 gone, 1 as they were\n + H14 "),
        "{text}"
    );
}

#[test]
fn a_script_runs_what_can_be_undone_and_comments_what_cannot() {
    let step =
        |run: &str, undo: Option<&str>| Step { run: run.to_owned(), undo: undo.map(str::to_owned) };
    let mut safe = record("H14", Status::Fail, Severity::Critical);
    safe.steps =
        vec![step("sysctl -w net.core.somaxconn=1024", Some("sysctl -w net.core.somaxconn=128"))];
    let mut unsafe_ = record("P03", Status::Fail, Severity::Critical);
    unsafe_.steps = vec![step("psql -c 'drop it'", None), step("psql -c reload", Some(""))];
    let mut evil = record("H22", Status::Fail, Severity::Warning);
    evil.observed = "x\nrm -rf /".to_owned();
    let steps = || vec![step("sysctl -w vm.swappiness=1", Some("sysctl -w vm.swappiness=60"))];
    let guess = Record {
        steps: steps(),
        confidence: crate::record::Confidence::Low,
        ..record("H21", Status::Fail, Severity::Warning)
    };
    let info = Record { steps: steps(), ..record("H02", Status::Fail, Severity::Info) };
    let script = report(vec![safe, unsafe_, evil, guess, info]).script();
    let runs: Vec<&str> =
        script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(
        runs,
        ["set -eu", "sysctl -w net.core.somaxconn=1024", "psql -c reload"],
        "{script}"
    );
    assert!(script.contains("# undo: sysctl -w net.core.somaxconn=128"), "{script}");
    assert!(script.contains("# cannot be undone: psql -c 'drop it'"), "{script}");
    assert!(script.contains("# by hand: mend it"), "{script}");
    assert_eq!(script.matches("# by hand, all of it: mend it").count(), 4, "{script}");
    let perhaps =
        "# perhaps: sysctl -w vm.swappiness=1\n# undo that by: sysctl -w vm.swappiness=60";
    assert_eq!(script.matches(perhaps).count(), 2, "{script}");
}

#[test]
fn what_was_not_looked_at_this_time_is_not_gone() {
    let found = |id, target: &str, status| Record {
        target: target.to_owned(),
        ..record(id, status, Severity::Warning)
    };
    let gone = |records: Vec<Record>| {
        let before = [found("P03", "postgres :5432 slot a", Status::Fail)];
        let report = report(records);
        let now: Vec<&Record> = report.with(Status::Fail).collect();
        let looked = |it: &Record| report.looked_at(it, &now);
        Changes::between(&before, &now, looked, 7).gone.len()
    };
    assert_eq!(gone(vec![found("P03", "postgres :5432", Status::Pass)]), 1);
    assert_eq!(gone(vec![found("P03", "postgres :5432 slot b", Status::Fail)]), 1);
    assert_eq!(gone(vec![found("P03", "postgres :5432", Status::Skip)]), 0);
    assert_eq!(gone(vec![found("P03", "postgres :5433", Status::Pass)]), 0, "another server");
    assert_eq!(gone(Vec::new()), 0, "its check was left out");
}

#[test]
fn a_longer_window_adds_what_was_wrong_meanwhile_and_hides_nothing_of_now() {
    let mut now = report(vec![
        record("H14", Status::Fail, Severity::Critical),
        record("H22", Status::Pass, Severity::Warning),
    ]);
    let was = vec![
        record("H14", Status::Fail, Severity::Warning),
        record("H22", Status::Fail, Severity::Critical),
    ];
    now.widen(report(was));
    let told: Vec<_> = now.with(Status::Fail).map(|it| (it.id, it.severity)).collect();
    assert_eq!(told, [("H14", Severity::Critical), ("H22", Severity::Info)]);
    assert_eq!(now.exit_code(&[]), 2);
}
