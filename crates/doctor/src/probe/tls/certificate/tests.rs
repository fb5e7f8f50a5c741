use std::collections::BTreeSet;

use super::*;
use crate::snapshot::TrustBundle;

/// By OpenSSL 3.0: signed by itself, for two names and an address.
const PEM: &str = "\
-----BEGIN CERTIFICATE-----
MIICBjCCAaygAwIBAgIUdojAvFTIrAkQquy02GyiIdLuitkwCgYIKoZIzj0EAwIw
JTEMMAoGA1UECgwDTGFiMRUwEwYDVQQDDAxzaG9wLmV4YW1wbGUwHhcNMjYxMTMw
MTYwNDI1WhcNMjcwMjI4MTYwNDI1WjAlMQwwCgYDVQQKDANMYWIxFTATBgNVBAMM
DHNob3AuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDTqvHaZTuut
ruQoAjULkTz2WmfomiMRbSxeaf0mI+1OXis3PzjHzjmkeCo9++CDzswWgLP+g7gd
3XJUoykYM1ejgbkwgbYwHQYDVR0OBBYEFHl/VYIdEqo83mADciE77giI4HBRMB8G
A1UdIwQYMBaAFHl/VYIdEqo83mADciE77giI4HBRMA8GA1UdEwEB/wQFMAMBAf8w
LQYDVR0RBCYwJIIMU2hvcC5leGFtcGxlgg4qLnNob3AuZXhhbXBsZYcEwAACBzA0
BggrBgEFBQcBAQQoMCYwJAYIKwYBBQUHMAKGGGh0dHA6Ly9jYS5leGFtcGxlL2Nh
LmRlcjAKBggqhkjOPQQDAgNIADBFAiEA8WemanQszgL6o8OhNqUm41uuatQY/EiH
X2kqd4n57B4CIDw+k03/FQho/re3mgiAXynLe53alurnti1LxQFlg65Q
-----END CERTIFICATE-----
";

fn bundle(subject: &str) -> Bundle {
    let subjects = BTreeSet::from([subject.to_owned()]);
    Bundle { trust: TrustBundle::default(), subjects }
}

#[test]
fn a_certificate_is_read_as_openssl_shows_it() {
    let all = parse_pem(PEM.as_bytes(), Some(&bundle("O=Lab, CN=shop.example")));
    let expected = Certificate {
        subject: "O=Lab, CN=shop.example".to_owned(),
        issuer: "O=Lab, CN=shop.example".to_owned(),
        serial: "7688c0bc54c8ac0910aaecb4d86ca221d2ee8ad9".to_owned(),
        not_before_s: 1_796_054_665,
        not_after_s: 1_803_830_665,
        names: Some(vec!["*.shop.example".into(), "192.0.2.7".into(), "shop.example".into()]),
        signature: "1.2.840.10045.4.3.2".to_owned(),
        tells_issuer: true,
        issuer_trusted: Some(true),
    };
    assert_eq!(all, [expected]);
    assert!(all[0].is_self_issued());
    assert_eq!(all[0].lifetime_s(), 90 * 86_400);
}

#[test]
fn whether_its_issuer_is_trusted_is_unknown_without_a_bundle() {
    let of = |bundle| parse_pem(PEM.as_bytes(), bundle)[0].issuer_trusted;
    assert_eq!(of(None), None);
    assert_eq!(of(Some(&bundle("O=Lab"))), Some(false));
}

#[test]
fn what_is_no_certificate_is_left_out() {
    let key = PEM.replace("CERTIFICATE", "PRIVATE KEY");
    assert_eq!(parse_pem(key.as_bytes(), None), []);
    let both = format!("{key}{PEM}");
    assert_eq!(parse_pem(both.as_bytes(), None).len(), 1);
    assert_eq!(parse(b"no DER", None), None);
}
