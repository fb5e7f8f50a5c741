use super::*;

#[test]
fn entries_that_are_not_complete_are_left_out() {
    let text = "\
IP address       HW type     Flags       HW address            Mask     Device
192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0
192.0.2.7        0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.9        0x1         0x6         02:fc:00:00:00:09     *        eth0
";
    let found = parse(text);
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].link_address.as_str(), found[0].is_permanent),
        ("02:fc:00:00:00:05", false)
    );
    assert!(found[1].is_permanent);
}

#[test]
fn a_kernel_that_does_not_count_overflows_is_told_from_one_that_has_none() {
    let text =
        "entries  allocs table_fulls\n0000000a 00000002 00000001\n0000000a 00000000 00000002\n";
    let most = Probed::Seen(1_024);
    let found = parse_table(text, most.clone()).unwrap();
    assert_eq!((found.entries, found.fulls), (10, Some(3)));
    let old = parse_table("entries  allocs\n0000000a 00000002\n", most).unwrap();
    assert_eq!(old.fulls, None);
}
