//! Calls into the tree, so that neither its panics nor its error type go any further.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::Error;

/// Why a call into the tree did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The operating system refused something: it may do better later.
    Io(io::Error),
    /// What the tree found on disk, or in itself, is not what it wrote.
    Damage(String),
}

impl Failure {
    /// The error of an operation on `path`, the file that is at fault or the tree's directory.
    pub(super) fn at(self, operation: &'static str, path: &Path) -> Error {
        match self {
            Self::Io(source) => Error::io(operation, path)(source),
            Self::Damage(reason) => Error::damaged(path.display().to_string(), reason),
        }
    }
}

impl From<lsm_tree::Error> for Failure {
    fn from(error: lsm_tree::Error) -> Self {
        use io::ErrorKind::{InvalidData, NotFound, UnexpectedEof};
        match error {
            // A file of the tree that is gone or too short is damage, not a passing condition.
            lsm_tree::Error::Io(source)
                if matches!(source.kind(), NotFound | UnexpectedEof | InvalidData) =>
            {
                Self::Damage(source.to_string())
            }
            lsm_tree::Error::Io(source) => Self::Io(source),
            lsm_tree::Error::ChecksumMismatch { .. } => Self::Damage("a checksum is wrong".into()),
            other => Self::Damage(format!("{other:?}")),
        }
    }
}

/// Calls into the tree. A panic there is damage: the tree asserts what it reads.
pub(super) fn guarded<T>(call: impl FnOnce() -> lsm_tree::Result<T>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Failure::from),
        Err(panic) => Err(Failure::Damage(format!("the tree panicked: {}", message(&*panic)))),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
