use super::*;

/// Of a machine on 10.0.0.0/24 with containers on 172.17.0.0/16, and a host route to 10.0.0.9 over another machine.
const V4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t0900000A\t0100000A\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
";

const V6: &str = "\
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
20010db8000000000000000000000000 20 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000000000000000000000001 00000400 00000001 00000000 00000003     eth0
";

#[test]
#[cfg(target_endian = "little")]
fn what_is_on_a_network_of_its_own_is_near_and_what_is_behind_a_router_is_not() {
    let routes = Routes::parse(V4, V6);
    let near = |address: &str| routes.is_near(address.parse().unwrap());
    assert!(near("10.0.0.7") && near("172.17.200.3") && near("2001:db8::7") && near("fe80::1"));
    assert!(!near("10.0.1.7") && !near("172.18.0.1") && !near("2001:db9::1"));
    assert!(!near("10.0.0.9"), "the more exact route counts");
}

#[test]
fn a_link_that_takes_everything_is_no_network() {
    let header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";
    let routes =
        Routes::parse(&format!("{header}tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\n"), "");
    assert!(!routes.is_near([192, 0, 2, 1].into()));
    assert!(!Routes::parse("", "").is_near([192, 0, 2, 1].into()));
}
