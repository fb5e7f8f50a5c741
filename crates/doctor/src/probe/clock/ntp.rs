//! One question to a server of time, in the form of RFC 5905 (which answers SNTP as well): when it came in there and when the
//! answer left, against when the question left here and the answer came in.

use std::net::UdpSocket;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::snapshot::{Measured, Probed};

/// It has so long to answer, and its name as long to be found.
const ANSWER: Duration = Duration::from_secs(1);

/// No warning of a leap second, version 4, a client.
const QUESTION: u8 = 0b00_100_011;

/// Version is not looked at: a server.
const SERVER: u8 = 4;

/// Seconds from 1900, where this protocol begins, to 1970.
const EPOCH: i64 = 2_208_988_800;

/// Asks it, in a thread of its own: a name may take for ever.
pub(super) fn ask(server: &str) -> Probed<Measured> {
    let (send, receive) = mpsc::channel();
    let owned = server.to_owned();
    // Who has stopped waiting gets nothing.
    let _handle = thread::Builder::new().spawn(move || send.send(measure(&owned)));
    match receive.recv_timeout(ANSWER + ANSWER / 2) {
        Ok(Ok(measured)) => Probed::Seen(measured),
        Ok(Err(error)) => Probed::Absent(format!("answer of the time server {server}: {error}")),
        Err(_) => Probed::Absent(format!("answer of the time server {server} in time")),
    }
}

fn measure(server: &str) -> Result<Measured, String> {
    let address = if server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        server.to_owned()
    } else {
        format!("{server}:123")
    };
    let told = |error: std::io::Error| error.to_string();
    let any = if address.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
    let socket = UdpSocket::bind(any).map_err(told)?;
    socket.connect(&address).map_err(told)?;
    socket.set_read_timeout(Some(ANSWER)).map_err(told)?;
    let left = now_us();
    let mut question = [0; 48];
    question[0] = QUESTION;
    question[40..48].copy_from_slice(&encode(left).to_be_bytes());
    socket.send(&question).map_err(told)?;
    let mut answer = [0; 48];
    let length = socket.recv(&mut answer).map_err(told)?;
    let came = now_us();
    if length < answer.len() {
        return Err("it is too short".to_owned());
    }
    let (ahead_us, delay_us, stratum) = judge(&question, &answer, left, came)?;
    Ok(Measured { server: server.to_owned(), ahead_us, delay_us, stratum })
}

/// How far ahead its clock is, how long both ways took, and how far it is from a clock of reference.
fn judge(
    question: &[u8; 48],
    answer: &[u8; 48],
    left: i64,
    came: i64,
) -> Result<(i64, u64, u8), String> {
    let [first, stratum, ..] = *answer;
    if first & 7 != SERVER || answer[24..32] != question[40..48] {
        return Err("it is no answer to the question".to_owned());
    }
    if first >> 6 == 3 || !(1..=15).contains(&stratum) {
        return Err("it says that it does not know the time itself".to_owned());
    }
    let (there, back) = (decode(&answer[32..40], left), decode(&answer[40..48], left));
    let ahead = i64::midpoint(there - left, back - came);
    let delay = (came - left) - (back - there);
    Ok((ahead, u64::try_from(delay).unwrap_or(0), stratum))
}

/// Microseconds since 1970 as 32 bits of seconds since 1900 and 32 of a second's fraction.
fn encode(us: i64) -> u64 {
    let seconds = (us.div_euclid(1_000_000) + EPOCH).cast_unsigned() << 32;
    let fraction = (us.rem_euclid(1_000_000).cast_unsigned() << 32) / 1_000_000;
    seconds | fraction
}

/// The seconds of that protocol begin anew every 136 years: that time is meant which is nearest to `near`.
fn decode(bytes: &[u8], near: i64) -> i64 {
    let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let fraction = ((number & 0xffff_ffff) * 1_000_000) >> 32;
    let era = 1_i64 << 32;
    let seconds = (number >> 32).cast_signed() - EPOCH;
    let eras = (near.div_euclid(1_000_000) - seconds + era / 2).div_euclid(era);
    (seconds + eras * era) * 1_000_000 + fraction.cast_signed()
}

/// The wall clock, in microseconds since 1970.
pub(super) fn now_us() -> i64 {
    us(ClockId::Realtime)
}

/// A clock that nobody sets, in microseconds since some moment.
pub(super) fn up_us() -> i64 {
    us(ClockId::Monotonic)
}

fn us(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

#[cfg(test)]
mod tests;
