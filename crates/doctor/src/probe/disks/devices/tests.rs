use super::*;

#[test]
fn flushes_are_read_where_the_kernel_counts_them() {
    let new = " 254       0 vda 139019 13445 9256714 191432 29996 64033 11186856 31387 0 14048 224502 14206 54 2098288 1547 3539 135\n";
    let old =
        "   8       0 sda 139019 13445 9256714 191432 29996 64033 11186856 31387 0 14048 224502\n";
    let of = |text: &str| {
        let device = parse(text).remove(0);
        (device.name, device.device, device.flushes, device.flush_ms)
    };
    assert_eq!(of(new), ("vda".to_owned(), "254:0".to_owned(), Some(3_539), Some(135)));
    assert_eq!(of(old), ("sda".to_owned(), "8:0".to_owned(), None, None));
}
