use super::*;

const TEXT: &str = "\
TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPMemoryPressures
TcpExt: 0 45 46 -1
IpExt: InNoRoutes InOctets
IpExt: 1 2
";

#[test]
fn the_counters_of_a_protocol_are_read_by_name() {
    let counters = parse_pairs(TEXT, "TcpExt:").unwrap();
    assert_eq!(counters.get("ListenOverflows"), Some(&45));
    assert_eq!(counters.get("InOctets"), None);
    assert_eq!(counters.get("TCPMemoryPressures"), None, "not kept is not zero");
    let six = parse_lines("Ip6InReceives 7\nUdp6RcvbufErrors   \t12\nUdpLite6InErrors 3\n", "Udp6");
    assert_eq!(six, BTreeMap::from([("RcvbufErrors".to_owned(), 12)]));
}

#[test]
fn what_is_not_in_that_form_is_nothing() {
    for text in
        ["", "TcpExt: ListenOverflows\n", "TcpExt: A B\nTcpExt: 1\n", "IpExt: A\nIpExt: 1\n"]
    {
        assert_eq!(parse_pairs(text, "TcpExt:"), None, "{text}");
    }
}
