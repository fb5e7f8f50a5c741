//! H08: a control group has used up its quota of processor time, and its threads are stopped until the next period.
//!
//! Source: Linux Documentation/scheduler/sched-bwc.rst; the threshold is that of the Kubernetes mixin's `CPUThrottlingHigh`, a
//! quarter of the periods.

use super::{Twice, twice};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity, quoted};
use crate::snapshot::{CpuGroup, Window};

/// Percent of its periods: above the first it is a fault, from the second on if its tasks wait, too.
const THROTTLED: u64 = 25;
const THROTTLED_WAITING: u64 = 5;

/// Of the last 10 s a task of the group waited for a processor, in hundredths of a percent: that is H35's number.
const WAITING: u32 = 1_000;

/// With fewer periods a share says nothing: they are a second of one that always has something to run.
const PERIODS_LEAST: u64 = 8;

pub(super) static CHECK: Check = Check {
    id: "H08",
    title: "a control group is stopped again and again because it has used up its processor time",
    severity: Severity::Warning,
    needs: "nothing; root, where groups of others may not be read",
    expected: "no group is stopped in more than 25 % of its periods, nor in 5 % while its tasks wait",
    guardrail: "alert on increase(container_cpu_cfs_throttled_periods_total[5m]) / increase(container_cpu_cfs_periods_total[5m]) > 0.25",
    probes: &[
        "/sys/fs/cgroup: cpu.max, cpu.stat and cpu.pressure of each group of version 2",
        "/sys/fs/cgroup/cpu: cpu.cfs_quota_us, cpu.cfs_period_us and cpu.stat of each group of version 1",
    ],
    proof: Proof::Lab,
    catalogue: &["cfs-throttling-tail-latency", "python-gil-cfs-throttling"],
    page: Page {
        symptom: "The slowest requests take tens of milliseconds longer than the rest, in steps of the period, while the processors of the machine idle and the container's own use of them looks low.",
        culprit: "A limit of processor time is a quota for each period, of 100 ms as a rule. Many threads at once use it up in the first milliseconds, and then all of them are stopped until the next period begins, whatever the machine has left. On the average that can be far below the limit.",
        proof: "Counts nr_periods and nr_throttled of cpu.stat over the two looks, of each group with a quota, where there are at least 8 periods. Fails above 25 % of them, the number of the Kubernetes mixin; from 5 % on if cpu.pressure of the group (version 2) says that a task waited for a tenth of the last 10 s, too.",
        fix: "Have it run fewer threads at once, at most as many as the quota has processors: GOMAXPROCS (Go 1.25 does it itself), -XX:ActiveProcessorCount, the number of workers. Or raise the quota, or take it away where requests are what shares the processors: a Pod with requests and no limit still gives way to others. cpu.max.burst lets short bursts pass.",
        cost: "A higher quota takes processor time from others when they want it at the same time. It takes effect at once, and is undone by writing the old one.",
        lab: "A program that never rests in a group with a quota of 10 to 29 % of a processor; mended by taking the quota away.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let both = twice(window, |groups| &groups.cpu, |group| &group.path)?;
    let seconds = window.seconds();
    let faults = both.groups.iter().filter_map(|group| fault(group, seconds)).collect();
    Ok(Verdict {
        observed: format!(
            "none was stopped in more than {THROTTLED} % of its periods in {seconds:.1} s, of {}",
            both.all.told(" with a quota")
        ),
        faults,
        unseen: both.unseen,
    })
}

fn fault(group: &Twice<'_, CpuGroup>, seconds: f64) -> Option<Fault> {
    let periods = group.growth(|group| Some(group.periods))?;
    let throttled = group.growth(|group| Some(group.throttled))?;
    let stopped_ms = group.growth(|group| Some(group.throttled_us))? / 1_000;
    let CpuGroup { path, quota_us, period_us, pressure, version, .. } = group.after;
    let (share, waits) =
        (throttled.saturating_mul(100), pressure.is_some_and(|stall| stall.avg10 > WAITING));
    let is_much = share > THROTTLED.saturating_mul(periods);
    let is_felt = waits && share >= THROTTLED_WAITING.saturating_mul(periods);
    if periods < PERIODS_LEAST || !(is_much || is_felt) {
        return None;
    }
    let percent = share / periods.max(1);
    // The own one of a container is `/`.
    let folder = path.trim_end_matches('/');
    let double = quota_us.saturating_mul(2);
    let (file, written, undone) = match version {
        1 => (
            quoted(&format!("/sys/fs/cgroup/cpu{folder}/cpu.cfs_quota_us")),
            double.to_string(),
            quota_us.to_string(),
        ),
        _ => (
            quoted(&format!("/sys/fs/cgroup{folder}/cpu.max")),
            format!("\"{double} {period_us}\""),
            format!("\"{quota_us} {period_us}\""),
        ),
    };
    let waited = pressure.map(|stall| Evidence {
        probe: format!("/sys/fs/cgroup{folder}/cpu.pressure"),
        value: format!("some avg10={:.2}", stall.percent10()),
    });
    let counted = Evidence {
        probe: format!("cpu.stat of {path}"),
        value: format!(
            "nr_throttled {throttled} more, nr_periods {periods} more, stopped for {stopped_ms} ms in {seconds:.1} s"
        ),
    };
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(path.clone()),
        observed: format!(
            "{path} was stopped in {throttled} of {periods} periods, {percent} %, with a quota of {} processors",
            processors(*quota_us, *period_us)
        ),
        impact: format!(
            "its requests wait up to {} ms longer each time, while the machine may idle",
            period_us / 1_000
        ),
        fix: format!(
            "have it run at most {} threads at once; or echo {written} > {file} (undo: {undone}), and where it was set, so that it stays: CPUQuota= of the unit, --cpus of the container, resources.limits.cpu of the Pod",
            quota_us.div_ceil((*period_us).max(1)).max(1)
        ),
        actions: Vec::new(),
        risk: "a higher quota takes processor time from others that want it at the same time"
            .to_owned(),
        reversible: true,
        evidence: [counted].into_iter().chain(waited).collect(),
        confidence: Confidence::High,
    })
}

/// Such as `0.50`.
fn processors(quota_us: u64, period_us: u64) -> String {
    let hundredths = quota_us.saturating_mul(100) / period_us.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests;
