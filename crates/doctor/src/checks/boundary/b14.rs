//! B14: backups are made, and nobody has seen one restored.
//!
//! Source: none but experience: the post-mortem of GitLab of 31 January 2017, where five kinds of backup were there and none could be used.

use std::time::Duration;

use super::facts::{said, times, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::Window;

const FACTS: [&str; 2] = ["restore-age", "restore-age-max"];

pub(super) static CHECK: Check = Check {
    id: "B14",
    title: "a backup that was never restored, or not for long",
    severity: Severity::Warning,
    needs: "facts: restore-age, restore-age-max",
    expected: "a backup was restored, and looked at, within the time that the team has set itself",
    guardrail: "a job that restores the last backup each week, counts rows, and pushes the time of its success; alert when that is old",
    probes: &["--fact restore-age=TIME --fact restore-age-max=TIME, such as 60s, 2m, 8h or 7d"],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "Nothing, until the day on which it is needed: then the archive is empty, encrypted with a key that is gone, of the wrong database, or takes two days.",
        culprit: "That a backup was written says nothing of whether it can be read. Only a restore shows that.",
        proof: "When the last restore was, and how old it may be, is known to the team alone: both are given as facts.",
        fix: "Restore the last backup on another machine, start the database on it, compare counts with the source, and write down how long it took: that is your recovery time.",
        cost: "A machine for some hours. Nothing of the running system is touched.",
        lab: "None: both sides are facts, and the rule is a comparison.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let [age, most] = times(window, FACTS)?;
    let is_wrong = age > most;
    Ok(Verdict {
        observed: format!(
            "a backup was restored {} ago, and {} are allowed",
            told(age),
            told(most)
        ),
        faults: is_wrong.then(|| fault(age, most)).into_iter().collect(),
        unseen: None,
    })
}

fn fault(age: Duration, most: Duration) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!("the last backup that was restored is of {} ago, {} are allowed", told(age), told(most)),
        impact: "whether there is a backup at all is not known; the day that shows it is the one on which it is needed".to_owned(),
        fix: "restore the last backup on another machine, and compare it with its source".to_owned(),
        actions: Vec::new(),
        risk: "a machine for some hours".to_owned(),
        reversible: true,
        evidence: vec![said(FACTS[0], told(age)), said(FACTS[1], told(most))],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
