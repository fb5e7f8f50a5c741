//! The catalogue of faults, `xtask/scenarios.txt`: which tests show that each is survived, and whether
//! they ran.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::run::root;

/// The faults that there have to be tests for.
const NUMBERS: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 23, 24];

const FILE: &str = "xtask/scenarios.txt";

/// One fault.
#[derive(Debug, PartialEq, Eq)]
struct Scenario {
    number: u32,
    fault: String,
    tests: Vec<String>,
}

/// All faults, and what was seen of their tests.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    scenarios: Vec<Scenario>,
    ran: BTreeSet<String>,
    skipped: BTreeSet<String>,
}

impl Catalogue {
    pub(crate) fn read() -> Result<Self> {
        let text =
            fs::read_to_string(root().join(FILE)).with_context(|| format!("reading {FILE}"))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let scenarios = lines.map(Scenario::parse).collect::<Result<Vec<_>>>()?;
        let numbers: Vec<u32> = scenarios.iter().map(|scenario| scenario.number).collect();
        ensure!(numbers == NUMBERS, "{FILE}: it has {numbers:?}, and has to have {NUMBERS:?}");
        Ok(Self { scenarios, ..Self::default() })
    }

    /// The names of the tests in Rust.
    pub(crate) fn in_rust(&self) -> Vec<&str> {
        self.names().filter(|name| !is_black_box(name)).collect()
    }

    /// The names of the tests of the black box.
    pub(crate) fn in_black_box(&self) -> Vec<&str> {
        self.names().filter(|name| is_black_box(name)).collect()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.scenarios.iter().flat_map(|scenario| scenario.tests.iter().map(String::as_str))
    }

    /// Takes note of a line of a test runner, cargo's or a talkative pytest's.
    pub(crate) fn see(&mut self, line: &str) {
        let Some((path, outcome)) = told(line) else { return };
        let name = path.rsplit("::").next().unwrap_or(path);
        let name = name.split('[').next().unwrap_or(name).to_owned();
        let seen = if outcome.starts_with("SKIPPED") || outcome.starts_with("ignored") {
            &mut self.skipped
        } else {
            &mut self.ran
        };
        seen.insert(name);
    }

    /// What is missing, a line each.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for Scenario { number, fault, tests } in &self.scenarios {
            for test in tests {
                if !self.ran.contains(test) && !self.skipped.contains(test) {
                    missing.push(format!("scenario {number}: there is no test {test}"));
                }
            }
            if !tests.iter().any(|test| self.ran.contains(test)) {
                missing.push(format!("scenario {number}, {fault}: none of its tests ran"));
            }
        }
        missing
    }

    /// A line for each fault: how many of its tests ran.
    pub(crate) fn table(&self) -> String {
        let line = |scenario: &Scenario| {
            let ran = scenario.tests.iter().filter(|test| self.ran.contains(*test)).count();
            let (number, fault, tests) = (scenario.number, &scenario.fault, scenario.tests.len());
            format!("{number:>3} {ran}/{tests} {fault}\n")
        };
        self.scenarios.iter().map(line).collect()
    }
}

impl Scenario {
    fn parse(line: &str) -> Result<Self> {
        let wrong = || format!("{FILE}: `{line}` is not `number | fault | tests`");
        let parts: Vec<&str> = line.split(" | ").collect();
        let [number, fault, tests] = parts[..] else { anyhow::bail!(wrong()) };
        let number = number.parse().with_context(wrong)?;
        let tests = tests.split_whitespace().map(str::to_owned).collect();
        Ok(Self { number, fault: fault.to_owned(), tests })
    }
}

/// As pytest has them.
fn is_black_box(name: &str) -> bool {
    name.starts_with("test_")
}

/// The test that a line tells of, and what it says behind its name.
fn told(line: &str) -> Option<(&str, &str)> {
    match line.strip_prefix("test ") {
        Some(rest) => rest.split_once(" ... "),
        None => beside_others(line)
            .or_else(|| line.split_once(' '))
            .filter(|(path, _)| path.contains(".py::")),
    }
}

/// The same of a line of pytest where tests run beside one another: there the outcome comes first.
fn beside_others(line: &str) -> Option<(&str, &str)> {
    let (outcome, path) = line.strip_prefix("[gw")?.split_once("%] ")?.1.split_once(' ')?;
    Some((path.trim_end(), outcome))
}

#[cfg(test)]
mod tests;
