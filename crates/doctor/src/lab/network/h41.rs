//! Clients that close, and a server that accepts and never closes.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::link::number;
use crate::lab::{self, Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("listen"))?;
    let address = listener.local_addr().map_err(failed("ask for the address"))?;
    let count = stage.draw(101, 50);
    let mut accepted = Vec::new();
    let found = stage.between(|| {
        for _ in 0..count {
            let client = TcpStream::connect(address).map_err(failed("connect"))?;
            accepted.push(listener.accept().map_err(failed("accept"))?.0);
            drop(client);
        }
        Ok(())
    })?;
    let target = format!(" pid {}", std::process::id());
    let record = failing(&found, &target).ok_or_else(|| format!("the check says {found:?}"))?;
    let source = format!(":{}", address.port());
    let by_ss = lab::run("ss", &["-Htn", "state", "close-wait", "sport", "=", &source])?
        .lines()
        .count() as u64;
    let (_, told) =
        record.observed.split_once("has not closed ").ok_or("it does not say how many")?;
    if number(told)? != by_ss || by_ss != count {
        return Err(format!("ss shows {by_ss} of {count}; the check says {record:?}").into());
    }
    let seen = record.observed.clone();
    drop(accepted);
    stage.until("nothing is wrong once they are closed", |records| {
        failing(records, &target).is_none()
    })?;
    Ok(seen)
}
