use super::*;

const DEV: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  123456     789    0    0    0     0          0         0   123456     789    0    0    0     0       0          0
  eth0: 9876543    2100    7    8    9    10          0         0    54321    1200   11   12   13    14      15          0
";

const ROUTE: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
";

#[test]
fn counters_and_routes_are_told_of_each_interface() {
    let mut found = parse(DEV);
    add_routes(ROUTE, &mut found);
    let wanted = Interface {
        received: 2_100,
        receive_errors: 7,
        receive_drops: 8,
        receive_overruns: 9,
        sent: 1_200,
        send_errors: 11,
        send_drops: 12,
        carrier_losses: 15,
        reverse_path: None,
        is_routed: true,
        default_routes: 1,
    };
    assert_eq!(found["eth0"], wanted);
    assert!(!found["lo"].is_routed);
}
