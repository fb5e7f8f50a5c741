//! A server that was looked at, whatever it serves.

use serde::{Deserialize, Serialize};

use super::{Probed, Window, growth};
use crate::check::Blind;

/// A server that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server<T> {
    /// Where, as it is told: `:5432` on this machine, `db.example:5432` elsewhere. Never with a user or a password.
    pub at: String,
    /// Whether the user named it; else it was found.
    #[serde(default)]
    pub named: bool,
    /// Whether it runs on the machine that was looked at.
    #[serde(default)]
    pub local: bool,
    /// What it said instead of letting the doctor in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
    /// What it told.
    pub seen: Probed<T>,
}

/// What a server says instead of letting one in: evidence of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Of the protocol, such as SQLSTATE `53300`; empty if it has none.
    pub code: String,
    /// In its own words, without values.
    pub message: String,
}

/// What two looks saw of one server.
#[derive(Debug)]
pub struct Pair<'a, T> {
    /// Everything that was seen beside.
    pub window: Window<'a>,
    /// The second look.
    pub server: &'a Server<T>,
    /// The first, if it saw that server.
    pub(super) before: Option<&'a Server<T>>,
}

impl<'a, T> Pair<'a, T> {
    /// What the second look saw: what is judged where it is not about growth.
    ///
    /// # Errors
    /// It could not be looked at.
    pub fn after(&self) -> Result<&'a T, Blind> {
        seen(self.server)
    }

    /// What the first look saw.
    ///
    /// # Errors
    /// It could not be looked at then.
    pub fn before(&self) -> Result<&'a T, Blind> {
        let before = self.before.ok_or_else(|| {
            Blind::Absent(format!("first look at {}: it came up meanwhile", self.server.at))
        })?;
        seen(before)
    }

    /// How much a counter grew; `None` from `of` is one that this version of the server does not keep. One that was set back
    /// makes that unknown.
    ///
    /// # Errors
    /// It is unknown.
    pub fn growth(
        &self,
        name: &str,
        of: impl Fn(&'a T) -> Result<Option<u64>, Blind>,
    ) -> Result<u64, Blind> {
        growth(name, of(self.before()?)?, of(self.after()?)?)
    }
}

/// What was told; a server that refused told nothing.
fn seen<T>(server: &Server<T>) -> Result<&T, Blind> {
    server.refused.as_ref().map_or_else(
        || server.seen.seen(),
        |Refusal { message, .. }| {
            Err(Blind::Absent(format!("session with {}: it refused, \"{message}\"", server.at)))
        },
    )
}

impl<T> Clone for Pair<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Pair<'_, T> {}
