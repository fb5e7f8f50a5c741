//! B02: the pools of all copies of an application are together larger than what the server lets in.
//!
//! Source: the documentation of PostgreSQL, 20.3.1 (`max_connections`, `superuser_reserved_connections`, from 16 on
//! `reserved_connections`), and of MySQL, "Too many connections": `max_connections` clients, and one more of an administrator.

use super::facts::{missing, number, said};
use super::pool;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Mysql, Pair, Postgres, Window};

const FACTS: [&str; 2] = ["pool-max", "app-replicas"];

pub(super) static CHECK: Check = Check {
    id: "B02",
    title: "the pools of all copies of an application may take more connections than the server has",
    severity: Severity::Warning,
    needs: "facts: pool-max, app-replicas; pool-server where there are several servers",
    expected: "the pool of each copy times the number of copies is no more than ordinary users may have",
    guardrail: "compute the size of the pool from max_connections and the highest number of copies that the autoscaler may make, a roll-out included",
    probes: &[
        "--fact pool-max=NUMBER --fact app-replicas=NUMBER, and --fact pool-server=:5432 where there are several servers",
        "pg_settings: max_connections, superuser_reserved_connections, reserved_connections",
        "SHOW GLOBAL VARIABLES: max_connections",
    ],
    proof: Proof::Lab,
    catalogue: &["db-pool-exhaustion-leaks"],
    page: Page {
        symptom: "All is well for weeks, and on the day with the most traffic, or during a deployment, a part of the copies gets \"too many clients already\" or \"Too many connections\"; more copies make it worse.",
        culprit: "A pool is set for each copy, and the limit of the server is for all of them. Nobody multiplies: 20 connections in each of 8 copies are 160, and the server lets 97 in. While old and new copies run together it is twice that.",
        proof: "The pool of each copy and the number of copies are given as facts; what the server lets in is seen: max_connections, less what PostgreSQL reserves. Fails if the product is more. Others who use the server are not counted, so that little room is left even where it passes.",
        fix: "Make the pool of each copy smaller: what is let in, less what others need, divided by the highest number of copies. If that is too few for each, put a pooler before the server.",
        cost: "A smaller pool makes requests wait in the application, where that is seen. A higher max_connections of PostgreSQL needs a restart and memory for each.",
        lab: "A server with a drawn number of connections, and facts of pools that are together larger by one; mended by a server that lets one more in.",
    },
    rule: Rule::Boundary(rule),
};

/// What a server lets in.
struct Room {
    /// The kind of server, and where.
    at: String,
    all: u64,
    reserved: u64,
}

impl Room {
    const fn ordinary(&self) -> u64 {
        self.all.saturating_sub(self.reserved)
    }
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let (each, copies) = match FACTS.map(|name| number(window, name)) {
        [Ok(None), Ok(None)] => {
            let why = format!("nobody said --fact {}=... --fact {}=...", FACTS[0], FACTS[1]);
            return Err(Blind::OutOfPlace(why));
        }
        [each, copies] => {
            (each?.ok_or_else(|| missing(FACTS[0]))?, copies?.ok_or_else(|| missing(FACTS[1]))?)
        }
    };
    let named = pool::server(window)?;
    let postgres = window.pairs(|it| &it.postgres);
    let mysql = window.pairs(|it| &it.mysql);
    let rooms =
        (postgres.iter().filter(|it| pool::is_meant(named, &it.server.at)).map(of_postgres))
            .chain(mysql.iter().filter(|it| pool::is_meant(named, &it.server.at)).map(of_mysql));
    let (mut faults, mut told) = (Vec::new(), Vec::new());
    for room in rooms {
        let room = room?;
        if each.saturating_mul(copies) > room.ordinary() {
            faults.push(fault(&room, each, copies));
        }
        told.push(format!("{} lets {} in", room.at, room.ordinary()));
    }
    let all = each.saturating_mul(copies);
    let observed = format!("{copies} pools of {each} are {all} connections; {}", told.join(", "));
    Ok(Verdict { observed, faults, unseen: None })
}

fn of_postgres(pair: &Pair<'_, Postgres>) -> Result<Room, Blind> {
    let server = pair.after()?;
    let number = |name: &str| {
        let text = server.setting(name)?;
        text.parse().map_err(|_error| Blind::Failed(format!("{name} is \"{text}\", no number")))
    };
    let none_before_16 = |blind| if matches!(blind, Blind::Absent(_)) { Ok(0) } else { Err(blind) };
    let reserved: u64 = number("superuser_reserved_connections")?;
    let more: u64 = number("reserved_connections").or_else(none_before_16)?;
    let at = format!("postgres {}", pair.server.at);
    Ok(Room { at, all: number("max_connections")?, reserved: reserved + more })
}

fn of_mysql(pair: &Pair<'_, Mysql>) -> Result<Room, Blind> {
    let all = pair.after()?.number_of(&["max_connections"])?;
    Ok(Room { at: format!("mysql {}", pair.server.at), all, reserved: 0 })
}

fn fault(room: &Room, each: u64, copies: u64) -> Fault {
    let (all, ordinary) = (each.saturating_mul(copies), room.ordinary());
    let fit = ordinary / copies.max(1);
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(room.at.clone()),
        observed: format!(
            "{copies} pools of {each} are {all} connections, and {ordinary} are let in"
        ),
        impact: format!(
            "when the pools fill, {} connections are refused, on some of the copies",
            all - ordinary
        ),
        fix: if fit == 0 {
            "put a pooler before the server: there are fewer connections than copies".to_owned()
        } else {
            format!(
                "a pool of at most {fit} in each copy, less what others need; with a roll-out that runs old and new together half of that (undo: {each})"
            )
        },
        actions: Vec::new(),
        risk: "with a smaller pool requests wait in the application when it is busy".to_owned(),
        reversible: true,
        evidence: vec![
            said(FACTS[0], each),
            said(FACTS[1], copies),
            Evidence {
                probe: format!("{}: max_connections", room.at),
                value: format!("{}, of which {} are reserved", room.all, room.reserved),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
