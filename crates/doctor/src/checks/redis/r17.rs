//! R17: slots of a cluster are served by nobody, or move without room.
//!
//! Source: the documentation of Redis, CLUSTER INFO and "Cluster specification" (16384 slots; `cluster-require-full-coverage`; MIGRATE copies a
//! key before it deletes it).

use super::words::{memory_max, mib, percent, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Redis, RedisCluster};

/// So many slots a cluster has.
const SLOTS: u64 = 16_384;

/// Percent of what a node may hold beyond which slots should not move.
const FULL: u64 = 80;

/// Below so many seconds a slot that is still on its way says nothing.
const WINDOW_MIN: f64 = 60.0;

pub(super) static CHECK: Check = Check {
    id: "R17",
    title: "slots of the cluster are served by nobody, or move without room",
    severity: Severity::Critical,
    needs: "+info +cluster|info +cluster|nodes; root on its machine, for the limit of its control group",
    expected: "all 16384 slots are assigned, no node that has some is down, and slots move only between nodes with room",
    guardrail: "alert on redis_cluster_state == 0, redis_cluster_slots_fail > 0, and on memory above 80 % before a reshard",
    probes: &[
        "CLUSTER INFO: state, slots",
        "CLUSTER NODES: slots of this node on their way; no names, no addresses",
        "INFO: maxmemory, used_memory",
    ],
    proof: Proof::Lab,
    catalogue: &["redis-slot-migration-memory"],
    page: Page {
        symptom: "Every command, or those on some keys, is answered with CLUSTERDOWN; or nodes are killed for lack of memory while the cluster is made larger.",
        culprit: "Slots are assigned to nobody, after a node was removed or a reshard broke off, or their node is down without a replica that could take over. Or slots move: keys are copied to the new node before the old one deletes them, buffers and all, so that a node which is nearly full does not survive its own relief.",
        proof: "What the node itself says. Aspect slots: the state is not ok, or slots are unassigned or of a node that has failed; a node that merely does not answer this one is a warning. Aspect room: slots are on their way now, and the node holds more than 80 % of maxmemory or of what its control group may. Aspect stuck: the same slots are on their way in both looks, at least 60 s apart.",
        fix: "redis-cli --cluster check HOST:PORT says which slots are meant; redis-cli --cluster fix mends what a reshard left open. For unassigned ones, CLUSTER ADDSLOTS at the node that should have them. For room: stop the reshard, give the node memory or move fewer slots at a time (--cluster-pipeline 1).",
        cost: "--cluster fix moves keys, and may overwrite one that two nodes have: look first. A slot that is assigned to an empty node answers as if its keys had never been.",
        lab: "A node that has only a part of the slots; mended by giving it the rest.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    if server.field("cluster_enabled")? != "1" {
        return Err(Blind::OutOfPlace("it is not part of a cluster".to_owned()));
    }
    let cluster = server.cluster.seen()?;
    let mut faults = Vec::new();
    let unassigned = SLOTS.saturating_sub(cluster.assigned);
    if cluster.state != "ok" || unassigned > 0 || cluster.failed > 0 || cluster.suspected > 0 {
        faults.push(uncovered(cluster, unassigned));
    }
    let moving = cluster.migrating.len() + cluster.importing.len();
    if moving > 0 {
        let used: u64 = server.number("used_memory")?;
        let (most, whose) = room(server)?;
        if percent(used, most) > FULL {
            faults.push(crowded(moving, used, most, whose));
        }
        let seconds = pair.window.seconds();
        // A first look that saw nothing of the cluster shows no slot that stays.
        let earlier = pair.before().and_then(|it| it.cluster.seen()).ok();
        if let Some(earlier) = earlier.filter(|_| seconds >= WINDOW_MIN) {
            let stays =
                |now: &[u64], then: &[u64]| now.iter().filter(|it| then.contains(it)).count();
            let same = stays(&cluster.migrating, &earlier.migrating)
                + stays(&cluster.importing, &earlier.importing);
            if same > 0 {
                faults.push(stuck(same, seconds));
            }
        }
    }
    let observed = format!(
        "cluster_state is {}, {} of {SLOTS} slots are assigned over {} nodes, {moving} on their way",
        cluster.state, cluster.assigned, cluster.nodes
    );
    Ok(Verdict { observed, faults, unseen: None })
}

/// What a node may hold, and by whose word.
fn room(server: &Redis) -> Result<(u64, &'static str), Blind> {
    let (most, whose) = memory_max(server)?;
    let limit: u64 = server.number("maxmemory")?;
    Ok(if limit > 0 && limit < most { (limit, "maxmemory") } else { (most, whose) })
}

fn uncovered(cluster: &RedisCluster, unassigned: u64) -> Fault {
    let RedisCluster { state, failed, suspected, .. } = cluster;
    let is_down = state != "ok" || unassigned > 0 || *failed > 0;
    let evidence =
        |name: &str, value: String| Evidence { probe: format!("CLUSTER INFO {name}"), value };
    Fault {
        severity: if is_down { Severity::Critical } else { Severity::Warning },
        aspect: Some("slots"),
        at: None,
        observed: format!(
            "cluster_state is {state}: {unassigned} slots have no node, {failed} one that has failed, {suspected} one that does not answer"
        ),
        impact: if is_down {
            "commands on those slots are refused now (CLUSTERDOWN); on all, unless cluster-require-full-coverage is no".to_owned()
        } else {
            "if the node stays away, its slots are refused until a replica takes over".to_owned()
        },
        fix: "redis-cli --cluster check HOST:PORT; start the node that is away, or redis-cli --cluster fix HOST:PORT; for slots of nobody CLUSTER ADDSLOTS at the node that should have them".to_owned(),
        actions: Vec::new(),
        risk: "--cluster fix moves keys, and a slot given to an empty node answers as if its keys had never been".to_owned(),
        reversible: false,
        evidence: vec![
            evidence("cluster_state", state.clone()),
            evidence("cluster_slots_assigned", cluster.assigned.to_string()),
            evidence("cluster_slots_fail", failed.to_string()),
            evidence("cluster_slots_pfail", suspected.to_string()),
        ],
        confidence: Confidence::High,
    }
}

fn crowded(moving: usize, used: u64, most: u64, whose: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("room"),
        at: None,
        observed: format!("{moving} slots are on their way, and it holds {} of {} ({whose})", mib(used), mib(most)),
        impact: "keys are copied before they are deleted: the node refuses writes, or is killed, before it has room".to_owned(),
        fix: "stop the reshard, give the node memory, or move fewer keys at a time: --cluster-pipeline 1".to_owned(),
        actions: Vec::new(),
        risk: "slots that are half moved stay open until redis-cli --cluster fix".to_owned(),
        reversible: true,
        evidence: vec![shown("CLUSTER NODES, slots on their way", &moving), shown("INFO used_memory", &used)],
        confidence: Confidence::High,
    }
}

fn stuck(same: usize, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("stuck"),
        at: None,
        observed: format!("the same {same} slots have been on their way for {seconds:.0} s"),
        impact: "each command on them takes a second step (ASK), and those on several keys fail (TRYAGAIN)".to_owned(),
        fix: "see whether a reshard still runs; if none does, redis-cli --cluster fix HOST:PORT".to_owned(),
        actions: Vec::new(),
        risk: "it moves the keys that are left".to_owned(),
        reversible: false,
        evidence: vec![shown("CLUSTER NODES, slots on their way in both looks", &same)],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
