use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Clocks, Host, Probed};

fn judged(source: Probed<String>, sources: &[&str]) -> Record {
    let sources = Probed::Seen(sources.iter().map(|&it| it.to_owned()).collect());
    let clocks = Clocks { source, sources, ..Clocks::default() };
    let host = Host { clocks: Probed::Seen(clocks), ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

#[test]
fn devices_are_slow_and_what_a_hypervisor_gives_is_not() {
    for slow in ["hpet", "acpi_pm", "jiffies"] {
        let record = judged(Probed::Seen(slow.to_owned()), &["tsc", slow]);
        assert_eq!((record.status, record.severity), (Status::Fail, Severity::Warning));
        assert_eq!(record.observed, format!("time is counted by {slow}"));
        assert!(record.fix.contains("echo tsc >"), "{}", record.fix);
        assert!(record.fix.contains(&format!("(undo: echo {slow})")), "{}", record.fix);
    }
    for well in ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen", "arch_sys_counter"] {
        assert_eq!(judged(Probed::Seen(well.to_owned()), &[well]).status, Status::Pass, "{well}");
    }
}

#[test]
fn nothing_is_advised_that_the_kernel_does_not_have() {
    let record = judged(Probed::Seen("hpet".to_owned()), &["hpet", "acpi_pm"]);
    assert!(record.fix.starts_with("the kernel has nothing better"), "{}", record.fix);
}

#[test]
fn a_source_that_cannot_be_seen_is_not_fine() {
    let absent = Probed::Absent("/sys/devices/system/clocksource".to_owned());
    assert_eq!(judged(absent, &[]).status, Status::Skip);
}
