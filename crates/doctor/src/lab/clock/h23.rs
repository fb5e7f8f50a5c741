//! A server of time on the loopback interface that is ahead or behind by as much as it is told.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::lab::{Stage, Stop, failed, failing};

/// Seconds from 1900, where that protocol begins, to 1970.
const EPOCH: i64 = 2_208_988_800;

/// How often it looks whether it shall end.
const TURN: Duration = Duration::from_millis(20);

/// What the check may say beside the truth, in milliseconds.
const NEAR: u64 = 2;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let by = i64::try_from(stage.draw(80, 900)).unwrap_or(80);
    let by = if stage.draw(0, 2) == 0 { by } else { -by };
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("bind"))?;
    socket.set_read_timeout(Some(TURN)).map_err(failed("set the time-out"))?;
    let address = socket.local_addr().map_err(failed("ask for the address"))?;
    let (ahead_ms, is_over) = (AtomicI64::new(by), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| serve(&socket, &ahead_ms, &is_over));
        let outcome = told(stage, &address.to_string(), &ahead_ms, by);
        is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

fn told(stage: &Stage<'_>, server: &str, ahead_ms: &AtomicI64, by: i64) -> Result<String, Stop> {
    let mut ask = stage.ask.clone();
    ask.facts.insert("ntp".to_owned(), server.to_owned());
    let stage = stage.asking(ask);
    let target = format!("against {server}");
    let found = stage.until("it is off", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let side = if by > 0 { "behind" } else { "ahead of" };
    let is_told = (by.unsigned_abs() - NEAR..=by.unsigned_abs() + NEAR)
        .any(|ms| record.observed == format!("the clock is {ms} ms {side} {server}"));
    if !is_told {
        return Err(
            format!("the server is {by} ms ahead; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    ahead_ms.store(0, Ordering::Relaxed);
    stage.until("it tells the right time", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

/// Answers each question with the time and what it is told to add.
fn serve(socket: &UdpSocket, ahead_ms: &AtomicI64, is_over: &AtomicBool) {
    let mut question = [0; 48];
    while !is_over.load(Ordering::Relaxed) {
        let Ok((48, from)) = socket.recv_from(&mut question) else { continue };
        let now = clock_gettime(ClockId::Realtime);
        let ms = now.tv_sec * 1_000 + now.tv_nsec / 1_000_000 + ahead_ms.load(Ordering::Relaxed);
        let micros = now.tv_nsec / 1_000 % 1_000;
        let seconds = (ms.div_euclid(1_000) + EPOCH).cast_unsigned() << 32;
        let fraction = (ms.rem_euclid(1_000) * 1_000 + micros).cast_unsigned();
        let time = (seconds | ((fraction << 32) / 1_000_000)).to_be_bytes();
        let mut answer = [0; 48];
        // Version 4, a server, with a clock of reference of its own.
        (answer[0], answer[1]) = (0b00_100_100, 1);
        answer[24..32].copy_from_slice(&question[40..48]);
        answer[32..40].copy_from_slice(&time);
        answer[40..48].copy_from_slice(&time);
        // Who asked may be gone.
        let _sent = socket.send_to(&answer, from);
    }
}
