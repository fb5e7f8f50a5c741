//! P24: most of what is read of a table are large values that are stored apart.
//!
//! Source: the documentation of PostgreSQL, 73.2 (TOAST), 28.2 (`pg_statio_all_tables`).

use super::words::{float, grouped, size};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Postgres, PostgresToast, growth};

/// What is stored apart against the table itself.
const LENGTH_FACTOR: u64 = 2;

/// Pages a second of what is stored apart, in memory or not: as many as make 8 MB/s.
const PAGES_PER_SECOND_MIN: f64 = 1_000.0;

/// Of these, so large a share comes from disk: then it is felt.
const FROM_DISK_SHARE: f64 = 0.1;

pub(super) static CHECK: Check = Check {
    id: "P24",
    title: "most of what statements read of a table are large values that are stored apart",
    severity: Severity::Warning,
    needs: "nothing",
    expected: "large values are read where they are needed, not with each row",
    guardrail: "name columns instead of SELECT *, in programs and in what maps objects to rows; large documents in a table of their own",
    probes: &[
        "pg_class: relpages of the 50 longest TOAST tables and of their tables",
        "pg_statio_user_tables: heap and toast blocks, read and hit",
    ],
    proof: Proof::Lab,
    catalogue: &["pg-toast-large-json"],
    page: Page {
        symptom: "A list of some hundred rows takes seconds, and is quick once a column is left out; the disk reads, or the CPU unpacks, far more than is shown.",
        culprit: "Values that do not fit about 2 kB are cut into pieces and stored in a table beside, often compressed. SELECT * and what maps objects to rows fetch and unpack each of them, whether anybody uses it or not.",
        proof: "What is stored apart is more than twice as long as the table, and between the looks at least 1,000 pages a second of it were asked for, more than of the table itself. A warning if at least a tenth of these came from disk, else information: whether they are needed cannot be told from here. Totals are no fault.",
        fix: "Find the statements in pg_stat_statements (SELECT *, most blocks) and name the columns that are needed; keep what is filtered or shown often in columns of its own (generated columns from JSON). Where whole values are needed: default_toast_compression = lz4 (14 and later) for new ones.",
        cost: "A change of the program. A generated column rewrites the table when it is added, with a lock. New compression only takes values that are written anew.",
        lab: "Documents of tens of kB, read with each row; then without them.",
    },
    rule: Rule::Postgres(rule),
};

fn rule(pair: &Pair<'_, Postgres>) -> Result<Verdict, Blind> {
    let (before, after) = (pair.before()?.toast.seen()?, pair.after()?.toast.seen()?);
    let seconds = pair.window.seconds();
    let mut faults = Vec::new();
    let mut most = 0;
    let mut unseen = None;
    for table in after.iter().filter(|it| it.toast_bytes > LENGTH_FACTOR * it.heap_bytes) {
        // One that was not among the longest before is told the next time.
        let Some(earlier) = before.iter().find(|it| it.name == table.name) else { continue };
        match reads(earlier, table) {
            Ok(reads) => {
                most = most.max(reads.toast);
                if float(reads.toast) >= PAGES_PER_SECOND_MIN * seconds && reads.toast > reads.heap
                {
                    faults.push(fault(table, &reads, seconds));
                }
            }
            Err(blind) => unseen = Some(blind),
        }
    }
    Ok(Verdict {
        observed: format!(
            "at most {} pages that are stored apart were asked for in {seconds:.1} s",
            grouped(most)
        ),
        faults,
        unseen,
    })
}

/// Pages that were asked for between the looks.
struct Reads {
    heap: u64,
    toast: u64,
    from_disk: u64,
}

fn reads(before: &PostgresToast, after: &PostgresToast) -> Result<Reads, Blind> {
    let name = |column: &str| format!("{column} of {}", after.name);
    Ok(Reads {
        heap: growth(&name("heap_blks"), before.heap_blks, after.heap_blks)?,
        toast: growth(&name("toast_blks"), before.toast_blks, after.toast_blks)?,
        from_disk: growth(&name("toast_blks_read"), before.toast_blks_read, after.toast_blks_read)?,
    })
}

fn fault(table: &PostgresToast, reads: &Reads, seconds: f64) -> Fault {
    let PostgresToast { name, heap_bytes, toast_bytes, .. } = table;
    let Reads { heap, toast, from_disk } = reads;
    let is_felt = float(*from_disk) >= float(*toast) * FROM_DISK_SHARE;
    Fault {
        severity: if is_felt { Severity::Warning } else { Severity::Info },
        aspect: None,
        at: Some(format!("table {name}")),
        observed: format!(
            "{} pages of large values in {seconds:.1} s, {} of the table itself; {} are stored apart of {}",
            grouped(*toast),
            grouped(*heap),
            size(*toast_bytes),
            size(*heap_bytes)
        ),
        impact: "each row costs many pages and their unpacking, also where nobody uses the value"
            .to_owned(),
        fix: format!(
            "in statements on {name} name the columns that are needed instead of SELECT *"
        ),
        actions: Vec::new(),
        risk: "a program that counts on all columns has to be changed with it".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("pg_statio_user_tables {name}"),
            value: format!("toast {toast} more, {from_disk} of them read; heap {heap} more"),
        }],
        confidence: if is_felt { Confidence::High } else { Confidence::Low },
    }
}

#[cfg(test)]
mod tests;
