use super::*;

#[test]
fn a_module_that_is_not_loaded_is_not_asked_for() {
    let seen = |text: &str| Probed::Seen(text.to_owned());
    let absent = || Probed::Absent("a file".to_owned());
    let with =
        "nf_tables 303104 100 nft_chain_nat, Live 0x0\nnfnetlink 20480 3 nf_tables, Live 0x0\n";
    assert_eq!(is_there(&seen(with), &absent()), Some(true));
    let without =
        seen("nfnetlink 20480 0 - Live 0x0\nx_tables 57344 1 nf_tables_compat, Live 0x0\n");
    let built_in = "kernel/net/netfilter/nf_conntrack.ko\nkernel/net/netfilter/nf_tables.ko\n";
    assert_eq!(is_there(&without, &seen(built_in)), Some(true));
    assert_eq!(is_there(&without, &seen("kernel/net/netfilter/xt_nf_tables.ko\n")), Some(false));
    assert_eq!(is_there(&without, &absent()), None, "it may be built in");
    assert_eq!(is_there(&absent(), &absent()), Some(true), "nothing can be loaded");
    assert_eq!(is_there(&Probed::Denied("root".to_owned()), &seen("")), None);
}
