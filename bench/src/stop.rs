//! Ctrl-C and SIGTERM: noted once, and looked for wherever something takes long, so that what was started
//! is ended and its files are removed. A second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// What a shell shows for a program that ended by Ctrl-C.
const EXIT_INTERRUPTED: i32 = 130;

/// How often it is looked for during a wait.
const LOOK: Duration = Duration::from_millis(50);

/// From here on signals are noted.
pub(crate) fn listen() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("listen for signals")?;
    let (mut interrupt, mut terminate) = {
        let _within = runtime.enter();
        let catch = |kind| signal(kind).context("listen for signals");
        (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?)
    };
    thread::spawn(move || {
        runtime.block_on(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if IS_ASKED.swap(true, Ordering::Relaxed) {
                    std::process::exit(EXIT_INTERRUPTED);
                }
            }
        });
    });
    Ok(())
}

/// Whether it is to stop.
pub(crate) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::Relaxed)
}

/// An error once it is to stop.
pub(crate) fn check() -> Result<()> {
    if is_asked() {
        bail!("stopped; the servers were ended and their files removed");
    }
    Ok(())
}

/// Waits, and no longer than until it is to stop.
pub(crate) fn sleep(time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    loop {
        check()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(LOOK));
    }
}
