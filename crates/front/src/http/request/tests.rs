use super::*;

fn parsed(text: &str) -> Request {
    let (request, len) = parse(text.as_bytes()).unwrap().unwrap();
    assert_eq!(len, text.len());
    request
}

#[test]
fn a_request_is_read_whatever_the_case_of_its_fields() {
    let request = parsed("GET /metrics?format=text HTTP/1.1\r\nHOST: here\r\nAccept:*/*\r\n\r\n");
    let expected =
        Request { method: Method::Get, path: "/metrics".into(), credentials: None, closes: false };
    assert_eq!(request, expected);
    assert_eq!(parsed("HEAD / HTTP/1.1\r\nhost:\r\n\r\n").method, Method::Head);
    assert_eq!(parsed("get / HTTP/1.1\r\nhost:\r\n\r\n").method, Method::Other);
}

#[test]
fn a_connection_is_closed_where_its_client_says_so_or_a_body_follows() {
    for (fields, closes) in [
        ("", false),
        ("Connection: keep-alive\r\n", false),
        ("Connection: te, Close\r\n", true),
        ("Content-Length: 0\r\n", false),
        ("Content-Length: 5\r\n", true),
        ("Content-Length: 0\r\nContent-Length: 7\r\n", true),
        ("Transfer-Encoding: chunked\r\n", true),
    ] {
        let request = parsed(&format!("POST /livez HTTP/1.1\r\nhost: h\r\n{fields}\r\n"));
        assert_eq!(request.closes, closes, "{fields}");
    }
    assert!(parsed("GET / HTTP/1.0\r\n\r\n").closes);
}

#[test]
fn every_beginning_of_a_request_waits_for_the_rest() {
    let text = b"GET /livez HTTP/1.1\r\nhost: here\r\n\r\n";
    for len in 0..text.len() {
        assert_eq!(parse(&text[..len]), Ok(None), "{len}");
    }
    let two = [text.as_slice(), b"GET /next"].concat();
    assert_eq!(parse(&two).unwrap().unwrap().1, text.len());
}

#[test]
fn what_is_no_request_is_refused() {
    for text in [
        "\r\n\r\n",
        "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET livez HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET /a\nb HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET / HTTPS\r\nhost: h\r\n\r\n",
        "G(T / HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\nhost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nhost : h\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\nx: y\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\nno colon\r\n\r\n",
    ] {
        assert!(matches!(parse(text.as_bytes()), Err(Fault::Malformed(_))), "{text:?}");
    }
    assert!(matches!(parse(b"\xff\xfe / HTTP/1.1\r\n\r\n"), Err(Fault::Malformed(_))));
    assert_eq!(parse(b"GET / HTTP/2.0\r\nhost: h\r\n\r\n"), Err(Fault::Version));
}

#[test]
fn a_head_has_at_most_8_kib() {
    let of = |len: usize| {
        let rest = "GET / HTTP/1.1\r\nhost: h\r\nx: \r\n\r\n".len();
        format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "y".repeat(len - rest))
    };
    assert!(parse(of(HEAD_BYTES_MAX).as_bytes()).unwrap().is_some());
    assert_eq!(parse(of(HEAD_BYTES_MAX + 1).as_bytes()), Err(Fault::TooLong));
    assert_eq!(parse(&[b'a'; HEAD_BYTES_MAX]), Err(Fault::TooLong));
    assert_eq!(parse(&[b'a'; HEAD_BYTES_MAX - 1]), Ok(None));
}

#[test]
fn credentials_are_read_as_they_are_meant_and_not_shown() {
    let shown = |value: &str| {
        let request =
            parsed(&format!("GET / HTTP/1.1\r\nhost: h\r\nAuthorization: {value}\r\n\r\n"));
        assert!(!format!("{request:?}").contains("98"), "{request:?}");
        request.credentials.map(|found| (found.user, found.password))
    };
    let pair = |user: &[u8], password: &[u8]| Some((user.to_vec(), password.to_vec()));
    assert_eq!(shown("Basic YTpi"), pair(b"a", b"b"));
    assert_eq!(shown("basic  YTpiOmM="), pair(b"a", b"b:c"));
    assert_eq!(shown("Basic Og=="), pair(b"", b""));
    for value in ["", "Basic", "Basic YWI=", "Basic YTpi=", "Basic a:b", "Bearer YTpi"] {
        assert_eq!(shown(value), None, "{value}");
    }
}
