//! Checks at the end of a run, on what clients asked, what they were told, and what is there.
//!
//! They know nothing of the model: each works out from the answers alone what must be so.

pub mod money;
pub mod order;
