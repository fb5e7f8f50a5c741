//! The socket in a data directory over which `groundsill backup` asks the server that has it to stand still for
//! a moment.
//!
//! Whoever connects has the staging made, and is answered one line: `staged` and the last commit in it, or `no`
//! and why not. It is kept until the connection ends, however it does: a backup that is killed leaves nothing.
//!
//! Knows nothing of what is staged.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, spawn_blocking};

use crate::staging::{self, Staging};

/// The socket's name in the data directory.
const NAME: &str = "backup-socket";

/// The longest path that a socket's address takes for certain, in bytes.
const PATH_BYTES_MAX: usize = 100;

/// A server that has not answered after so long does not get its disk to answer.
const PATIENCE: Duration = Duration::from_mins(2);

/// A socket that is answered for as long as it lives.
#[derive(Debug)]
pub(crate) struct Door {
    path: PathBuf,
    serving: Option<AbortHandle>,
}

impl Door {
    /// Answers on the socket in `root`, which the caller holds. Where there can be none, the server goes on
    /// without: it can still be stopped to be backed up.
    pub(crate) fn open(root: &Path, staging: Staging) -> Self {
        let path = root.join(NAME);
        let serving = match listen(root) {
            Ok(listener) => Some(tokio::spawn(serve(listener, staging)).abort_handle()),
            Err(error) => {
                tracing::warn!("while it runs, this server cannot be backed up: {error:#}");
                None
            }
        };
        Self { path, serving }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
        // The next start removes it where this does not.
        let _left = fs::remove_file(&self.path);
    }
}

fn listen(root: &Path) -> Result<UnixListener> {
    let path = root.join(NAME);
    // Left from a process that was killed: nobody else has the directory.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("remove {}", path.display()));
        }
        _ => {}
    }
    let listener = within(root, UnixListener::bind);
    let listener = listener.with_context(|| format!("listen on {}", path.display()))?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))
        .with_context(|| format!("keep {} private", path.display()))?;
    Ok(listener)
}

/// Does something with the socket's path, or with a short one that leads to it.
fn within<T>(root: &Path, act: impl FnOnce(PathBuf) -> io::Result<T>) -> io::Result<T> {
    let path = root.join(NAME);
    if path.as_os_str().len() <= PATH_BYTES_MAX {
        return act(path);
    }
    let root = File::open(root)?;
    act(PathBuf::from(format!("/proc/self/fd/{}/{NAME}", root.as_raw_fd())))
}

async fn serve(listener: UnixListener, staging: Staging) {
    let turn = Arc::new(Semaphore::new(1));
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if !is_trusted(&stream) {
            continue;
        }
        let (turn, staging) = (Arc::clone(&turn).try_acquire_owned(), staging.clone());
        tokio::spawn(async move {
            // That the other side has gone away is how a backup ends.
            let _gone = match turn {
                Ok(_turn) => attend(&mut stream, staging).await,
                Err(_) => stream.write_all(b"no: another backup is under way\n").await,
            };
        });
    }
}

/// Whether it is the server's own user, or root.
fn is_trusted(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// Has the staging made, and keeps it until the other side is gone.
async fn attend(stream: &mut UnixStream, staging: Staging) -> io::Result<()> {
    let making = staging.clone();
    let made = spawn_blocking(move || making.make()).await.map_err(io::Error::other)?;
    let outcome = match made {
        Ok(last) => {
            tracing::info!(commit = last.0, "a backup is being taken");
            stream.write_all(format!("staged {last}\n").as_bytes()).await.ok();
            while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {}
            tracing::info!(commit = last.0, "the backup has ended");
            Ok(())
        }
        Err(error) => {
            tracing::warn!("a backup was asked for and could not be taken: {error:#}");
            let reason = format!("{error:#}").replace('\n', " ");
            stream.write_all(format!("no: {reason}\n").as_bytes()).await
        }
    };
    if let Ok(Err(error)) = spawn_blocking(move || staging.remove()).await {
        tracing::warn!("what is left from a backup takes space: {error:#}");
    }
    outcome
}

/// What a server keeps still for as long as this lives.
#[derive(Debug)]
pub(crate) struct Staged {
    path: PathBuf,
    stream: BlockingStream,
}

impl Staged {
    /// The data directory to copy.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staged {
    /// Waits until the server has taken its staging away, so that the next backup finds none.
    fn drop(&mut self) {
        // If that is not heard of, the server has ended or will notice by itself.
        let _over = self
            .stream
            .shutdown(Shutdown::Write)
            .and_then(|()| io::copy(&mut self.stream, &mut io::sink()));
    }
}

/// Asks the server that has `root` to keep it still.
pub(crate) fn ask(root: &Path) -> Result<Staged> {
    let stream = within(root, BlockingStream::connect)
        .context("it is no server that could back itself up while it runs")?;
    stream.set_read_timeout(Some(PATIENCE)).context("wait for the server")?;
    let mut line = String::new();
    let mut reader = BufReader::new(&stream);
    reader.read_line(&mut line).context("wait for the server to hold its files still")?;
    drop(reader);
    match line.trim_end() {
        line if line.starts_with("staged ") => {}
        "" => bail!("the server has ended: try again"),
        line => bail!("the server says {line}"),
    }
    Ok(Staged { path: root.join(staging::NAME), stream })
}

#[cfg(test)]
mod tests;
