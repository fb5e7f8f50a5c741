use super::*;

const TEXT: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1234: 0100007F:1F90 00000000:0000 07 00000000:00000B00 00:00000000 00000000     0        0 7788 2 0000000000000000 997
 1235: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7789 2 0000000000000000 0
";

#[test]
fn sockets_that_lost_datagrams_are_read_with_their_address() {
    let found = parse(TEXT);
    let address = ([127, 0, 0, 1], 8080).into();
    assert_eq!(found, [Datagrams { address, inode: 7788, dropped: 997, process: None }]);
    assert_eq!(parse(&TEXT[..TEXT.len() - 130]), [], "a line that is cut has no drops");
}

#[test]
fn addresses_of_six_are_four_words() {
    let loopback = parse_address("00000000000000000000000001000000:0035");
    assert_eq!(loopback, Some("[::1]:53".parse().unwrap()));
    assert_eq!(parse_address("0100:0035"), None);
}
