use super::*;
use crate::ground;
use crate::record::{Confidence, Evidence};
use crate::snapshot::Host;

fn record(id: &'static str, status: Status, severity: Severity) -> Record {
    Record {
        id,
        aspect: None,
        severity,
        status,
        target: "host".to_owned(),
        observed: "what was seen".to_owned(),
        expected: "what should be",
        evidence: vec![Evidence { probe: "/proc/it".to_owned(), value: "7".to_owned() }],
        impact: "it breaks".to_owned(),
        fix: "mend it".to_owned(),
        risk: "none".to_owned(),
        reversible: true,
        guardrail: "watch it",
        catalogue: &[],
        confidence: Confidence::High,
    }
}

#[test]
fn the_worst_that_fails_decides_the_exit_code_and_what_passes_does_not() {
    let code = |records: Vec<Record>| Report { records }.exit_code(&[]);
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
fn what_a_process_calls_itself_is_shown_and_not_obeyed() {
    let mut forged = record("H02", Status::Fail, Severity::Critical);
    forged.observed = "pid 7 \"\u{1b}[31mx\nH14 ok\"".to_owned();
    let quiet = ground::host();
    let host = Host { name: "db\r-3".to_owned(), ..quiet };
    let mut out = String::new();
    let report = Report { records: vec![forged] };
    write_text(&mut out, (&report, &host, Cost::default()), |_, word| word.to_owned()).unwrap();
    assert!(out.contains(r#"pid 7 "\u{1b}[31mx\nH14 ok""#), "{out}");
    assert!(!out.contains(['\u{1b}', '\r']), "{out}");
}

#[test]
fn a_required_check_that_could_not_look_is_told_by_the_exit_code_unless_worse_is() {
    let unseen = || record("H03", Status::Skip, Severity::Warning);
    let code = |records: Vec<Record>| Report { records }.exit_code(&["H03"]);
    assert_eq!(code(vec![unseen()]), 3);
    assert_eq!(code(vec![record("H02", Status::Fail, Severity::Warning), unseen()]), 3);
    assert_eq!(code(vec![record("H02", Status::Fail, Severity::Critical), unseen()]), 2);
    assert_eq!(code(vec![record("H03", Status::Pass, Severity::Warning)]), 0);
}

#[test]
fn a_person_reads_what_breaks_what_proves_it_and_what_to_do() {
    let records = vec![
        record("H02", Status::Fail, Severity::Critical),
        record("H03", Status::Skip, Severity::Warning),
        record("H04", Status::Pass, Severity::Warning),
    ];
    let host = ground::host();
    let mut out = String::new();
    let cost = Cost { seconds: 1.04, cpu_seconds: 0.02 };
    write_text(&mut out, (&Report { records }, &host, cost), |_, word| word.to_owned()).unwrap();
    let wanted = "\
groundsill doctor  db-3  Linux 6.1  16 CPU 64 GiB     1.0 s

CRITICAL
 H02  host             what was seen
      breaks   it breaks
      proof    /proc/it: 7
      fix      mend it
      cost     none; can be undone
      guard    watch it

COULD NOT LOOK
 H03  host             what was seen

1 fine, 0 do not apply. Cost: 0.0 s of processor time.
next: groundsill doctor --explain H02    --output json
";
    assert_eq!(out, wanted);
}
