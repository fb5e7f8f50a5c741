//! A page of its own: nothing is loaded from elsewhere.

use super::clean::markup;
use super::text::{Blind, blind, tally};
use super::{Cost, Report};
use crate::record::{Record, Severity, Status};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
    article{border-left:.4rem solid #999;padding:.2rem 1rem;margin:1rem 0}\
    .critical{border-color:#c22}.warning{border-color:#d80}.info{border-color:#28c}\
    dt{float:left;width:5rem;color:#777}dd{margin:0 0 .2rem 5.5rem}code{background:#eee}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code{background:#333}}";

pub(super) fn html(report: &Report, cost: Cost) -> String {
    let scene = &report.scene;
    let systems: Vec<String> = scene.servers.iter().map(|it| markup(&it.title())).collect();
    let mut found = String::new();
    for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
        let of: Vec<String> =
            report.with(Status::Fail).filter(|it| it.severity == severity).map(article).collect();
        if !of.is_empty() {
            found.extend(["<h2>", severity.title(), "</h2>\n", &of.concat()]);
        }
    }
    let unseen: String = blind(report).into_iter().map(unseen).collect();
    let unseen = if unseen.is_empty() {
        unseen
    } else {
        format!("<h2>COULD NOT LOOK</h2>\n<ul>\n{unseen}</ul>\n")
    };
    let host = markup(&scene.host);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>groundsill doctor: {host}</title>\n<style>{STYLE}</style>\n\
         <h1>{host}</h1>\n<p>Linux {}, {} CPU; {}</p>\n{found}{unseen}<p>{}</p>\n</html>\n",
        markup(&scene.kernel),
        scene.cpus,
        systems.join(", "),
        markup(&tally(report, cost)),
    )
}

fn article(record: &Record) -> String {
    let Record { target, observed, impact, fix, risk, guardrail, severity, .. } = record;
    let proof: Vec<String> =
        record.evidence.iter().map(|it| format!("{}: {}", it.probe, it.value)).collect();
    let lines = [
        ("breaks", impact.as_str()),
        ("proof", &proof.join("; ")),
        ("fix", fix),
        ("cost", risk),
        ("guard", guardrail),
    ];
    let lines: String =
        lines.map(|(name, text)| format!("<dt>{name}</dt><dd>{}</dd>\n", markup(text))).concat();
    format!(
        "<article class=\"{}\"><h3>{} {}</h3>\n<p>{}</p>\n<dl>\n{lines}</dl></article>\n",
        severity.name(),
        markup(&record.name()),
        markup(target),
        markup(observed),
    )
}

fn unseen(blind: Blind) -> String {
    let Blind { ids, target, why } = blind;
    format!("<li><b>{}</b> {}: {}</li>\n", ids.join(" "), markup(&target), markup(&why))
}
