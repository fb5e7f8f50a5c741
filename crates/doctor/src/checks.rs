//! Every check, one in a file, in the order of their ids.

use crate::check::Check;

mod h12;
mod h14;
mod h22;

/// All of them.
pub const ALL: [&Check; 3] = [&h12::CHECK, &h14::CHECK, &h22::CHECK];

/// The one with this id, however it is written.
pub fn find(id: &str) -> Option<&'static Check> {
    ALL.into_iter().find(|check| check.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests;
