use super::*;

/// As in the documentation of nginx, `HAProxy`, PostgreSQL and etcd.
const SETTINGS_TEXT: &str = "\
server {
    listen 443 ssl;
    ssl_certificate     /etc/nginx/shop.pem;
    ssl_certificate_key /etc/nginx/shop.key;
#   ssl_certificate     /etc/nginx/old.pem;
}
    bind :443 ssl crt /etc/haproxy/site.pem alpn h2
ssl_cert_file = 'server.crt'
cert-file: \"/etc/etcd/member.crt\"
key-file: /etc/etcd/member-key.pem
tls_key /etc/letsencrypt/live/shop/privkey.pem
";

#[test]
fn names_of_certificates_are_taken_from_settings_and_those_of_keys_are_not() {
    let found: Vec<_> = named(SETTINGS_TEXT).collect();
    assert_eq!(
        found,
        ["/etc/nginx/shop.pem", "/etc/haproxy/site.pem", "server.crt", "/etc/etcd/member.crt"]
    );
}

#[test]
fn an_ending_alone_is_no_name() {
    assert!(!is_certificate(".pem"));
    assert!(is_certificate("monkeys.pem"));
    assert!(ends("/etc/x.conf", &SETTINGS) && !ends("/etc/conf", &SETTINGS));
}
