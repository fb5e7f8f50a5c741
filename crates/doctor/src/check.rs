//! What a check is: data, and one pure function.

use crate::record::{Confidence, Evidence, Record, Severity, Status, Step};
use crate::snapshot::{Etcd, Mysql, Pair, Pgbouncer, Postgres, Redis, Window};

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The machine.
    Host,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// Redis or Valkey.
    Redis,
    /// PgBouncer.
    Pgbouncer,
    /// etcd.
    Etcd,
    /// What lies between systems.
    Boundary,
}

impl Target {
    /// As it is named on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Redis => "redis",
            Self::Pgbouncer => "pgbouncer",
            Self::Etcd => "etcd",
            Self::Boundary => "boundary",
        }
    }
}

/// A pure function from what two looks saw to what is wrong, by what it is about.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Once, of the machine.
    Host(fn(&Window<'_>) -> Result<Verdict, Blind>),
    /// Of each server of PostgreSQL.
    Postgres(fn(&Pair<'_, Postgres>) -> Result<Verdict, Blind>),
    /// Of each server of MySQL.
    Mysql(fn(&Pair<'_, Mysql>) -> Result<Verdict, Blind>),
    /// Of each server of Redis.
    Redis(fn(&Pair<'_, Redis>) -> Result<Verdict, Blind>),
    /// Of each pooler.
    Pgbouncer(fn(&Pair<'_, Pgbouncer>) -> Result<Verdict, Blind>),
    /// Of each member of etcd.
    Etcd(fn(&Pair<'_, Etcd>) -> Result<Verdict, Blind>),
    /// Once, of all systems together.
    Boundary(fn(&Window<'_>) -> Result<Verdict, Blind>),
}

/// What a user may say of what cannot be seen from here (`--fact NAME=VALUE`); one that ends with a dot is followed by a name or a port.
pub const FACTS: &[&str] = &[
    "app-replicas",
    "app-role",
    "backend-keepalive",
    "backup.",
    "call-depth",
    "client-timeout",
    "db-cores",
    "deregistration-delay",
    "handler-p99",
    "idempotency-ttl",
    "lb-idle-timeout",
    "lease-slack",
    "lock-ttl",
    "longest-request",
    "mysql-outage-hours",
    "nat-idle-timeout",
    "ntp",
    "pool-max",
    "pool-server",
    "pool-waiting",
    "postgres-read-replicas",
    "redis.prefixes",
    "restore-age",
    "restore-age-max",
    "retries",
    "retry-window",
    "stamp.",
    "termination-grace",
    "tls.name.",
];

/// How well the check itself is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A lab makes the fault for real.
    Lab,
    /// Snapshots of real systems show it.
    Recorded,
    /// Only snapshots that were put together by hand: never sure.
    Composed,
}

impl Proof {
    /// As `--list` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Recorded => "recorded",
            Self::Composed => "composed",
        }
    }
}

/// What is to be known of a check beside what it finds: the text of `--explain` and of its page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What people see, who do not know what it is.
    pub symptom: &'static str,
    /// What it is.
    pub culprit: &'static str,
    /// How it is told from what looks alike, and where the thresholds are from.
    pub proof: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// What that costs.
    pub cost: &'static str,
    /// How the fault is made for real; or why it is not.
    pub lab: &'static str,
}

/// A check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// For ever the same.
    pub id: &'static str,
    /// In a line, what is wrong if it fails.
    pub title: &'static str,
    /// The worst that it can say.
    pub severity: Severity,
    /// What it has to be allowed to see everything.
    pub needs: &'static str,
    /// What should be.
    pub expected: &'static str,
    /// What would prevent it, or tell of it.
    pub guardrail: &'static str,
    /// Exactly what it reads.
    pub probes: &'static [&'static str],
    /// How well it is proved itself.
    pub proof: Proof,
    /// Incidents that it proves the culprit of.
    pub catalogue: &'static [&'static str],
    /// See [`Page`].
    pub page: Page,
    /// What is wrong, and of what.
    pub rule: Rule,
}

/// Why a rule has no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blind {
    /// This privilege is missing.
    Denied(String),
    /// This file, counter or call does not exist here.
    Absent(String),
    /// Looking failed.
    Failed(String),
    /// It does not apply here, for this reason.
    OutOfPlace(String),
}

/// What a rule says.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What was seen, in a line, whether anything is wrong or not.
    pub observed: String,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Why a part could not be looked at: then the rest is not fine for it.
    pub unseen: Option<Blind>,
}

/// A command that mends something, in the language of what its check is about: of the shell for the machine, SQL for a database, a
/// command for Redis.
#[derive(Clone, Debug)]
pub struct Action {
    /// The command.
    pub run: String,
    /// What undoes it; empty if there is nothing to undo, none if nothing does.
    pub undo: Option<String>,
}

impl Action {
    /// One that changes no setting, so that there is nothing to undo.
    pub fn plain(run: impl Into<String>) -> Self {
        Self::undone_by(run, "")
    }

    /// One that can be undone.
    pub fn undone_by(run: impl Into<String>, undo: impl Into<String>) -> Self {
        Self { run: run.into(), undo: Some(undo.into()) }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// Which face of the check.
    pub aspect: Option<&'static str>,
    /// What it is about, if not the target as a whole.
    pub at: Option<String>,
    /// What was seen, in a line.
    pub observed: String,
    /// What breaks, and when.
    pub impact: String,
    /// What to do.
    pub fix: String,
    /// The same for a machine, where commands alone do it.
    pub actions: Vec<Action>,
    /// What that costs.
    pub risk: String,
    /// Whether it can be undone.
    pub reversible: bool,
    /// What proves it.
    pub evidence: Vec<Evidence>,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Check {
    /// What it is about.
    pub const fn target(&self) -> Target {
        match self.rule {
            Rule::Host(_) => Target::Host,
            Rule::Postgres(_) => Target::Postgres,
            Rule::Mysql(_) => Target::Mysql,
            Rule::Redis(_) => Target::Redis,
            Rule::Pgbouncer(_) => Target::Pgbouncer,
            Rule::Etcd(_) => Target::Etcd,
            Rule::Boundary(_) => Target::Boundary,
        }
    }

    /// What it comes to in this window: a record for each thing that is wrong, one if something could not be looked at,
    /// and one that all is well where neither is so; of a check of servers as much for each server.
    pub fn judge(&self, window: &Window<'_>) -> Vec<Record> {
        match self.rule {
            Rule::Host(rule) | Rule::Boundary(rule) => self.records("", rule(window)),
            Rule::Postgres(rule) => self.judge_each(&window.pairs(|it| &it.postgres), rule),
            Rule::Mysql(rule) => self.judge_each(&window.pairs(|it| &it.mysql), rule),
            Rule::Redis(rule) => self.judge_each(&window.pairs(|it| &it.redis), rule),
            Rule::Pgbouncer(rule) => self.judge_each(&window.pairs(|it| &it.pgbouncer), rule),
            Rule::Etcd(rule) => self.judge_each(&window.pairs(|it| &it.etcd), rule),
        }
    }

    fn judge_each<T>(
        &self,
        pairs: &[Pair<'_, T>],
        rule: fn(&Pair<'_, T>) -> Result<Verdict, Blind>,
    ) -> Vec<Record> {
        if pairs.is_empty() {
            let none = Blind::OutOfPlace(format!("there is no {}", self.target().name()));
            return self.records("", Err(none));
        }
        pairs.iter().flat_map(|pair| self.records(&pair.server.at, rule(pair))).collect()
    }

    /// `at` is which server; empty where there is but one of its kind.
    fn records(&self, at: &str, outcome: Result<Verdict, Blind>) -> Vec<Record> {
        let Verdict { observed, faults, unseen } = match outcome {
            Ok(verdict) => verdict,
            Err(blind) => return vec![self.unseen(at, blind)],
        };
        let mut records: Vec<Record> =
            faults.into_iter().map(|fault| self.failed(at, fault)).collect();
        records.extend(unseen.map(|blind| self.unseen(at, blind)));
        if records.is_empty() {
            records.push(self.record(at, Status::Pass, observed));
        }
        records
    }

    fn unseen(&self, at: &str, blind: Blind) -> Record {
        let (status, why) = match blind {
            Blind::Denied(needs) => (Status::Skip, format!("may not look: needs {needs}")),
            Blind::Absent(what) => (Status::Skip, format!("there is no {what}")),
            Blind::Failed(error) => (Status::Error, error),
            Blind::OutOfPlace(why) => (Status::NotApplicable, why),
        };
        self.record(at, status, why)
    }

    fn record(&self, at: &str, status: Status, observed: String) -> Record {
        Record {
            id: self.id,
            aspect: None,
            severity: self.severity,
            status,
            target: format!("{} {at}", self.target().name()).trim_end().to_owned(),
            observed,
            expected: self.expected,
            evidence: Vec::new(),
            impact: String::new(),
            fix: String::new(),
            steps: Vec::new(),
            risk: String::new(),
            reversible: true,
            guardrail: self.guardrail,
            catalogue: self.catalogue,
            confidence: Confidence::High,
        }
    }

    fn failed(&self, server: &str, fault: Fault) -> Record {
        let Fault {
            severity, aspect, at, observed, impact, fix, actions, risk, reversible, ..
        } = fault;
        let steps = actions.into_iter().map(|it| self.step(server, it)).collect();
        let record = self.record(server, Status::Fail, observed);
        let target =
            at.map_or_else(|| record.target.clone(), |at| format!("{} {at}", record.target));
        // What no real system has shown is never sure.
        let is_proved = self.proof != Proof::Composed;
        let confidence = if is_proved { fault.confidence } else { Confidence::Low };
        let evidence = fault.evidence;
        Record {
            aspect,
            severity,
            target,
            evidence,
            impact,
            fix,
            steps,
            risk,
            reversible,
            confidence,
            ..record
        }
    }

    /// An action as the shell takes it; `server` is where it is run, if it is no action of the machine.
    fn step(&self, server: &str, Action { run, undo }: Action) -> Step {
        let undo = undo.as_deref();
        match self.target() {
            Target::Postgres => Step::psql(server, "postgres", &run, undo),
            Target::Mysql => Step::mysql(server, &run, undo),
            Target::Redis => Step::redis(server, &run, undo),
            Target::Host | Target::Pgbouncer | Target::Etcd | Target::Boundary => {
                Step::shell(run, undo.map(str::to_owned))
            }
        }
    }
}
