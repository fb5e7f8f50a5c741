use super::*;
use crate::checks::redis::ground::{judged, server};
use crate::record::{Record, Status};
use crate::snapshot::{Probed, RedisProcess};

const MIB: u64 = 1 << 20;

/// In tenths of a mebibyte.
fn holding(used: u64, resident: u64, peak: u64, most: u64) -> Redis {
    let [used, resident, peak, most] =
        [used, resident, peak, most].map(|it| (it * MIB / 10).to_string());
    let info = [
        ("used_memory", used.as_str()),
        ("used_memory_rss", resident.as_str()),
        ("used_memory_peak", peak.as_str()),
        ("total_system_memory", most.as_str()),
    ];
    server(&info, &[])
}

fn one(server: &Redis) -> Record {
    judged(&CHECK, server).remove(0)
}

#[test]
fn it_takes_a_ratio_and_ten_mebibytes() {
    assert_eq!(one(&holding(1_000, 1_400, 1_000, 1_000_000)).status, Status::Pass);
    assert_eq!(one(&holding(1_000, 1_420, 1_000, 1_000_000)).status, Status::Fail);
    // 3 MiB of data in 30 MiB, and 20 MiB in 29 MiB, are noise.
    assert_eq!(one(&holding(30, 300, 30, 1_000_000)).status, Status::Pass);
    assert_eq!(one(&holding(200, 299, 200, 1_000_000)).status, Status::Pass);
    assert_eq!(one(&holding(200, 301, 200, 1_000_000)).status, Status::Fail);
}

#[test]
fn how_bad_it_is_depends_on_what_there_is() {
    let severity = |most| one(&holding(1_000, 2_000, 1_000, most)).severity;
    assert_eq!(severity(10_010), Severity::Info);
    assert_eq!(severity(10_000), Severity::Warning);
    assert_eq!(severity(2_230), Severity::Warning);
    assert_eq!(severity(2_220), Severity::Critical);
}

#[test]
fn a_peak_explains_it() {
    let record = one(&holding(1_000, 2_000, 1_800, 1_000_000));
    assert_eq!(
        record.observed,
        "200.0 MiB resident for 100.0 MiB of data, 2.0 times; it once held 180.0 MiB"
    );
    assert!(!one(&holding(1_000, 2_000, 1_500, 1_000_000)).observed.contains("once"));
}

#[test]
fn swap_is_seen_in_the_process_and_only_guessed_without_it() {
    let with = |swapped_bytes, used| {
        let process = RedisProcess { swapped_bytes, ..RedisProcess::default() };
        Redis { process: Probed::Seen(process), ..holding(used, 1_000, 1_000, 100_000) }
    };
    let record = one(&with(11 * MIB, 1_000));
    assert_eq!((record.aspect, record.confidence), (Some("swap"), Confidence::High));
    assert_eq!(one(&with(10 * MIB, 1_000)).status, Status::Pass);
    // Memory that was never touched is no swap.
    assert_eq!(one(&with(0, 2_000)).status, Status::Pass);
    let away = one(&holding(1_101, 1_000, 1_000, 100_000));
    assert_eq!((away.aspect, away.confidence), (Some("swap"), Confidence::Low));
    assert_eq!(one(&holding(1_100, 1_000, 1_000, 100_000)).status, Status::Pass);
}

#[test]
fn a_server_that_does_not_tell_is_not_fine() {
    assert_eq!(one(&server(&[("used_memory", "1")], &[])).status, Status::Skip);
}
