//! The configuration: one table of settings, each from the command line, the environment, a file or
//! its default, in this order; and each with its origin.

pub(crate) mod cli;
mod settings;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

pub(crate) use settings::{SETTINGS, Setting};
pub(crate) use value::Config;

/// What the names of our environment variables begin with.
pub(crate) const PREFIX: &str = "GROUNDSILL_";

/// The variable that names the file.
const CONFIG_VARIABLE: &str = "GROUNDSILL_CONFIG";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// The text of every setting, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    values: BTreeMap<&'static str, (String, Origin)>,
}

impl Resolved {
    /// Gathers all sources; of the `environment`, variables whose names begin with [`PREFIX`]. A command
    /// need not have a flag for each setting.
    pub(crate) fn gather(
        matches: &ArgMatches,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        check_names(environment)?;
        let flag = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            values.insert(setting.key, (setting.default.to_owned(), Origin::Default));
        }
        if let Some(file) = flag("config").or_else(|| environment.get(CONFIG_VARIABLE).cloned()) {
            read_file(Path::new(&file), &mut values)?;
        }
        for setting in SETTINGS {
            let variable = setting.variable();
            if let Some(value) = environment.get(&variable) {
                values.insert(setting.key, (value.clone(), Origin::Environment(variable)));
            }
            if let Some(value) = flag(setting.key) {
                values.insert(setting.key, (value, Origin::Flag));
            }
        }
        Ok(Self { values })
    }

    /// A setting's text and origin.
    pub(crate) fn get(&self, key: &str) -> (&str, &Origin) {
        self.values.get(key).map_or(("", &Origin::Default), |(text, origin)| (text, origin))
    }

    /// All settings in the order of the table.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Setting, &str, &Origin)> {
        SETTINGS.iter().map(|setting| {
            let (text, origin) = self.get(setting.key);
            (setting, text, origin)
        })
    }
}

/// A variable with our prefix that says nothing to us is a setting that somebody believes to be set.
fn check_names(environment: &BTreeMap<String, String>) -> Result<()> {
    let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    for (name, value) in environment {
        if name == CONFIG_VARIABLE || known.contains(name) || is_service_link(name, value) {
            continue;
        }
        let near = known.iter().min_by_key(|known| edits(name, known));
        let near = near.map_or(CONFIG_VARIABLE, String::as_str);
        bail!(
            "the environment has `{name}`, and there is no such setting; did you mean `{near}`? Else take it away"
        );
    }
    Ok(())
}

/// Whether it is one of those by which Kubernetes tells each pod of a service that is called like us.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_address = value.starts_with("tcp://") || value.starts_with("udp://");
    let is_of_port = || {
        let words: Vec<_> = name.split('_').collect();
        words.windows(2).any(|pair| pair[0] == "PORT" && pair[1].parse::<u16>().is_ok())
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && is_address)
        || is_of_port()
}

fn read_file(path: &Path, values: &mut BTreeMap<&'static str, (String, Origin)>) -> Result<()> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("read the configuration {}", path.display()))?;
    let table: toml::Table =
        text.parse().with_context(|| format!("read the configuration {}", path.display()))?;
    for (key, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            bail!(
                "{}: there is no setting `{key}`; did you mean `{}`?",
                path.display(),
                nearest(&key)
            );
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(yes) => yes.to_string(),
            _ => bail!("{}: `{key}` takes a string or a number", path.display()),
        };
        values.insert(setting.key, (text, Origin::File(path.to_owned())));
    }
    Ok(())
}

/// The setting whose name is the fewest edits away.
fn nearest(key: &str) -> &'static str {
    let distance = |setting: &&Setting| edits(key, setting.key);
    SETTINGS.iter().min_by_key(distance).map_or("data", |setting| setting.key)
}

/// Insertions, deletions and replacements that make one text the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
