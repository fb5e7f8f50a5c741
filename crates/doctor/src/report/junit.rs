//! For what shows results of tests: a case for each record.

use super::clean::markup;
use super::{Cost, Report};
use crate::record::{Record, Status};

pub(super) fn junit(report: &Report, cost: Cost) -> String {
    let count = |status| report.with(status).count();
    let skipped = count(Status::Skip) + count(Status::NotApplicable);
    let cases: String = report.records.iter().map(case).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites>\n<testsuite name=\"groundsill doctor\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{skipped}\" time=\"{:.3}\" hostname=\"{}\">\n\
         {cases}</testsuite>\n</testsuites>\n",
        report.records.len(),
        count(Status::Fail),
        count(Status::Error),
        cost.seconds,
        markup(&report.scene.host),
    )
}

fn case(record: &Record) -> String {
    let Record { target, observed, impact, fix, risk, severity, .. } = record;
    let name = markup(&format!("{} {target}", record.name()));
    let told = markup(observed);
    let inner = match record.status {
        Status::Pass => return format!("<testcase classname=\"doctor\" name=\"{name}\"/>\n"),
        Status::Fail => format!(
            "<failure type=\"{}\" message=\"{told}\">{}</failure>",
            severity.name(),
            markup(&format!("breaks: {impact} fix: {fix} cost: {risk}")),
        ),
        Status::Error => format!("<error message=\"{told}\"/>"),
        Status::Skip | Status::NotApplicable => format!("<skipped message=\"{told}\"/>"),
    };
    format!("<testcase classname=\"doctor\" name=\"{name}\">{inner}</testcase>\n")
}
