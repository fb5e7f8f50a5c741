use super::*;

#[test]
fn reserved_ports_count_as_far_as_they_are_in_the_range() {
    let ports = parse_ports("32768\t60999\n", "8080,32767-32770,60999-61010\n").unwrap();
    assert_eq!(ports, Ports { first: 32_768, last: 60_999, reserved: 4 });
    assert_eq!(ports.available(), 28_228);
    assert_eq!(parse_ports("40000 40050\n", "\n").unwrap().available(), 51);
    for (range, reserved) in [("", ""), ("40000\n", ""), ("2 1", ""), ("1 2", "x")] {
        assert_eq!(parse_ports(range, reserved), None, "{range} {reserved}");
    }
}

#[test]
fn memory_of_tcp_is_read_by_name() {
    let used =
        "sockets: used 35\nTCP: inuse 7 orphan 3 tw 11 alloc 7 mem 147\nUDP: inuse 2 mem 9\n";
    let wanted = TcpMemory { pages: 147, orphans: 3, pressure: 383_867, most: 575_796 };
    assert_eq!(parse_tcp_memory(used, "287898\t383867\t575796\n"), Some(wanted));
    assert_eq!(parse_tcp_memory("TCP6: inuse 1\n", "1 2 3"), None);
    assert_eq!(parse_tcp_memory(used, "1 2"), None);
}
