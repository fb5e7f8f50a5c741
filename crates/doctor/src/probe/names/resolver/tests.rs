use super::*;

#[test]
fn that_of_a_pod_of_kubernetes_is_read() {
    let text = "\
search shop.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5
";
    let found = parse(text);
    assert_eq!(found.servers, ["10.96.0.10".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(found.search, ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]);
    assert_eq!((found.ndots, found.timeout_s, found.attempts), (5, 5, 2));
}

#[test]
fn without_options_the_defaults_hold_and_beyond_the_most_the_most() {
    let found = parse("# by hand\nnameserver 192.0.2.1\n");
    assert_eq!((found.ndots, found.timeout_s, found.attempts), (1, 5, 2));
    let found = parse("options ndots:99 timeout:99 attempts:99 rotate edns0\n");
    assert_eq!((found.ndots, found.timeout_s, found.attempts), (15, 30, 5));
}

#[test]
fn the_last_search_counts_and_three_servers() {
    let text = "\
domain old.example
search a.example b.example
nameserver fe80::1%eth0
nameserver 192.0.2.1
nameserver no-address
nameserver 192.0.2.2
nameserver 192.0.2.3
";
    let found = parse(text);
    assert_eq!(found.search, ["a.example", "b.example"]);
    let servers: Vec<_> = found.servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["fe80::1", "192.0.2.1", "192.0.2.2"]);
}
