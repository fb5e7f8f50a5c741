use super::*;

const STAT: &str = "\
cpu  2050288 44397 406309 570212 24973 0 12016 1356 0 0
cpu0 1006509 21732 197243 315802 9099 0 3526 676 0 0
cpu3 1043778 22664 209066 254409 15874 7 8489 679 0 0
intr 30914318 0 0 0
ctxt 1990473
";

const SOFTIRQS: &str = "\
                    CPU0       CPU3
          HI:          1          0
       TIMER:    1250612    1265331
      NET_RX:       9016      50917
";

#[test]
fn h48_each_processor_is_told_of_by_its_own_number() {
    let mut cpus = parse(STAT).unwrap();
    add_served(SOFTIRQS, &mut cpus);
    let told: Vec<_> = cpus.iter().map(|it| (it.cpu, it.hard, it.soft)).collect();
    assert_eq!(told, [(0, 0, 3_526), (3, 7, 8_489)]);
    assert_eq!(cpus[0].all, 1_006_509 + 21_732 + 197_243 + 315_802 + 9_099 + 3_526 + 676);
    assert_eq!((cpus[1].served["NET_RX"], cpus[0].served["TIMER"]), (50_917, 1_250_612));
}

#[test]
fn h48_what_is_not_in_that_form_is_nothing() {
    assert_eq!(parse("cpu  1 2 3\n"), None);
    assert_eq!(parse("cpu0 1 2 3 4 5\n"), None, "kernels before 2.6 had no softirq");
}
