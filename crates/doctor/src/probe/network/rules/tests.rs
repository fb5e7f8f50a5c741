use super::*;

#[test]
fn a_module_that_is_not_loaded_is_not_asked_for() {
    let seen = |text: &str| is_loaded(&Probed::Seen(text.to_owned()));
    assert!(seen(
        "nf_tables 303104 100 nft_chain_nat, Live 0x0\nnfnetlink 20480 3 nf_tables, Live 0x0\n"
    ));
    assert!(!seen("nfnetlink 20480 0 - Live 0x0\nx_tables 57344 1 nf_tables_compat, Live 0x0\n"));
    assert!(!seen(""));
    assert!(is_loaded(&Probed::Absent("/proc/modules".to_owned())), "nothing can be loaded");
    assert!(!is_loaded(&Probed::Denied("root".to_owned())));
}
