//! The commands, one file each; the short ones of the connection share a file.

pub(crate) mod connection;
pub(crate) mod del;
pub(crate) mod echo;
pub(crate) mod get;
pub(crate) mod ping;
pub(crate) mod set;
