use super::*;

#[test]
fn h44_lines_are_read_as_sysctl_d_has_them() {
    let text = "# vm.swappiness = 1\n; vm.swappiness = 2\n\nvm.swappiness=10\n-vm/overcommit_memory = 2 \n\
                net.ipv4.tcp_rmem = 4096\t131072   6291456\nkernel.hostname = db\n-vm.dirty_ratio\nvm.dirty_ratio =\n";
    let told = parse(text);
    let wanted = [
        ("vm.swappiness", "10"),
        ("vm.overcommit_memory", "2"),
        ("net.ipv4.tcp_rmem", "4096 131072 6291456"),
    ];
    assert_eq!(told, wanted.map(|(name, value)| (name, value.to_owned())));
}

#[test]
fn h44_a_name_is_the_same_with_either_separator() {
    assert_eq!(canonical("net/ipv4/tcp_retries2"), "net.ipv4.tcp_retries2");
    assert_eq!(canonical("net.ipv4.tcp_retries2"), "net.ipv4.tcp_retries2");
    // There a slash stands for the dot in a name.
    assert_eq!(canonical("net.ipv4.conf.eth0/7.rp_filter"), "net.ipv4.conf.eth0/7.rp_filter");
}

#[test]
fn h44_names_are_in_order() {
    assert!(NAMES.is_sorted_by(|a, b| a < b));
}
