//! The tree against the model, against damage and against crashes. Every test that draws at random
//! prints the seed with which it fails.

mod at_rest;
mod concurrency;
mod crashes;
mod damage;
mod faults;
mod opening;
mod reclaim;
mod staging;
mod twins;
mod yard;
