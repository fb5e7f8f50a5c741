use proptest::prelude::*;

use super::*;

type Request = Vec<Vec<u8>>;

fn owned(args: Args<'_>) -> Request {
    args.iter().map(<[u8]>::to_vec).collect()
}

/// Parses `bytes` as a connection does that reads them in pieces of `piece` bytes.
fn parse(parser: &mut Parser, bytes: &[u8], piece: usize) -> Result<Vec<Request>, ProtocolError> {
    let mut requests = Vec::new();
    let mut buf = Vec::new();
    for read in bytes.chunks(piece) {
        buf.extend_from_slice(read);
        while let Some(args) = parser.next(&buf)? {
            requests.push(owned(args));
        }
        buf.drain(..parser.release());
    }
    Ok(requests)
}

fn parse_whole(bytes: &[u8]) -> Result<Vec<Request>, ProtocolError> {
    parse(&mut Parser::default(), bytes, bytes.len().max(1))
}

fn request(args: &[&[u8]]) -> Request {
    args.iter().map(|arg| arg.to_vec()).collect()
}

#[test]
fn arrays_and_inline_commands_may_follow_each_other() {
    let bytes = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n\r\n\nset k \"a b\"\n*1\r\n$0\r\n\r\n";
    let expected = vec![
        request(&[b"GET", b"k"]),
        request(&[b"PING"]),
        request(&[b"set", b"k", b"a b"]),
        request(&[b""]),
    ];
    for piece in 1..=bytes.len() {
        assert_eq!(parse(&mut Parser::default(), bytes, piece), Ok(expected.clone()));
    }
}

#[test]
fn nothing_asked_is_nothing_answered() {
    for bytes in [b"*0\r\n".as_slice(), b"*-1\r\n", b"*-9\r\n", b"\r\n", b"\n", b"   \r\n", b""] {
        let mut parser = Parser::default();
        assert_eq!(parser.next(bytes).map(|args| args.map(owned)), Ok(None));
        assert_eq!(parser.release(), bytes.len(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn inline_words_are_quoted_as_in_redis() {
    let cases: &[(&[u8], &[&[u8]])] = &[
        (b"a b", &[b"a", b"b"]),
        (b"  a\t\tb  ", &[b"a", b"b"]),
        (b"a\x0b b", &[b"a\x0b", b"b"]),
        (b"\x0b\x0ca", &[b"a"]),
        (b"\"\"", &[b""]),
        (b"'' a", &[b"", b"a"]),
        (b"foo\"bar\"", &[b"foobar"]),
        (b"foo'bar' x", &[b"foobar", b"x"]),
        (b"\"\\x41\\xff\\x0a\"", &[b"A\xff\n"]),
        (b"\"\\xg1\\x4\"", &[b"xg1x4"]),
        (b"\"\\n\\r\\t\\b\\a\\\\\\\"\\q\"", &[b"\n\r\t\x08\x07\\\"q"]),
        (b"'a\\'b\\n'", &[b"a'b\\n"]),
        (b"'a\"b'", &[b"a\"b"]),
        (b"a\\nb", &[b"a\\nb"]),
        (b"a\0b", &[b"a\0b"]),
        (b"*", &[b"*"]),
        (b"$3", &[b"$3"]),
    ];
    for (line, expected) in cases {
        let mut bytes = b"x ".to_vec();
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
        let mut expected = request(expected);
        expected.insert(0, b"x".to_vec());
        assert_eq!(parse_whole(&bytes), Ok(vec![expected]), "{}", line.escape_ascii());
    }
}

#[test]
fn quotes_that_do_not_close_are_refused() {
    for line in ["\"a", "'a", "\"a\"b", "'a'b", "\"a\\\"", "'a\\'", "a \"", "\"\\"] {
        let bytes = format!("{line}\r\n");
        assert_eq!(parse_whole(bytes.as_bytes()), Err(ProtocolError::UnbalancedQuotes), "{line}");
    }
}

#[test]
fn malformed_requests_are_refused_in_the_words_of_redis() {
    let cases: &[(&[u8], &str)] = &[
        (b"*x\r\n", "Protocol error: invalid multibulk length"),
        (b"*\r\n", "Protocol error: invalid multibulk length"),
        (b"*3\n", "Protocol error: invalid multibulk length"),
        (b"* 3\r\n", "Protocol error: invalid multibulk length"),
        (b"*+3\r\n", "Protocol error: invalid multibulk length"),
        (b"*03\r\n", "Protocol error: invalid multibulk length"),
        (b"*3\rX\r\n", "Protocol error: invalid multibulk length"),
        (
            b"*20000000000\r\n",
            "Protocol error: invalid multibulk length: a request takes at most 1048576 arguments, \
             this one 20000000000",
        ),
        (b"*99999999999999999999\r\n", "Protocol error: invalid multibulk length"),
        (b"*1\r\n$x\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$-1\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$-10\r\n", "Protocol error: invalid bulk length"),
        (b"*1\r\n$\r\n", "Protocol error: invalid bulk length"),
        (
            b"*1\r\n$2000000000\r\n",
            "Protocol error: invalid bulk length: an argument takes at most 536870912 bytes \
             (proto-max-bulk-len), this one 2000000000",
        ),
        (b"*1\r\n$99999999999999999999\r\n", "Protocol error: invalid bulk length"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "Protocol error: expected '$', got 'f'"),
        (b"*1\r\n\r\n", "Protocol error: expected '$', got '\\r'"),
        (b"*1\r\n\xff", "Protocol error: expected '$', got '\\xff'"),
        (b"*1\r\n$1\r\nab\r\n", "Protocol error: expected CRLF after bulk"),
        (b"a 'b\r\n", "Protocol error: unbalanced quotes in request"),
    ];
    for (bytes, text) in cases {
        for piece in [1, bytes.len()] {
            let mut parser = Parser::default();
            let error = parse(&mut parser, bytes, piece).unwrap_err();
            assert_eq!(error.to_string(), *text, "{}", bytes.escape_ascii());
            assert_eq!(parser.next(b"PING\r\n").map(|_| ()), Err(error), "a parser forgot");
        }
    }
}

#[test]
fn lines_without_an_end_are_refused_at_their_limit() {
    let cases: &[(&[u8], ProtocolError)] = &[
        (b"", ProtocolError::InlineTooBig(65_536)),
        (b"*", ProtocolError::MultibulkLineTooBig(65_536)),
        (b"*1\r\n$", ProtocolError::BulkLineTooBig(65_536)),
    ];
    let limit = Limits::default().inline_bytes_max as usize;
    for (start, error) in cases {
        for piece in [1000, limit * 3] {
            for filler in [b"\0", b"1"] {
                let mut bytes = start.to_vec();
                bytes.extend(filler.repeat(limit + 1));
                let refused = parse(&mut Parser::default(), &bytes, piece);
                assert_eq!(refused, Err(*error), "{}", start.escape_ascii());
                // Where the line ends is of no matter.
                bytes.extend_from_slice(b"\r\n");
                let refused = parse(&mut Parser::default(), &bytes, bytes.len());
                assert_eq!(refused, Err(*error), "{}", start.escape_ascii());
            }
        }
    }
    let mut longest = b"x".repeat(limit);
    longest.push(b'\n');
    assert_eq!(parse_whole(&longest).map(|requests| requests.len()), Ok(1));
}

#[test]
fn a_stranger_may_send_little() {
    let cases: &[(&[u8], &str)] = &[
        (
            b"*11\r\n",
            "Protocol error: unauthenticated multibulk length: at most 10 arguments before AUTH",
        ),
        (
            b"*1\r\n$16385\r\n",
            "Protocol error: unauthenticated bulk length: at most 16384 bytes before AUTH",
        ),
        (
            b"*20000000000\r\n",
            "Protocol error: invalid multibulk length: a request takes at most 10 arguments, this one 20000000000",
        ),
    ];
    for (bytes, text) in cases {
        let mut parser = Parser::new(Limits::UNAUTHENTICATED);
        assert_eq!(parser.next(bytes).unwrap_err().to_string(), *text);
    }
    let mut parser = Parser::new(Limits::UNAUTHENTICATED);
    let auth = b"*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*11\r\n";
    assert_eq!(parser.next(auth).map(|args| args.map(|args| args.len())), Ok(Some(2)));
    parser.set_limits(Limits::AUTHENTICATED);
    assert_eq!(parser.next(auth).map(|args| args.is_none()), Ok(true));
}

#[test]
fn a_request_is_bounded_as_a_whole() {
    let limits = Limits { request_bytes_max: 100, ..Limits::default() };
    let fits = b"*2\r\n$3\r\nSET\r\n$78\r\n";
    assert!(Parser::new(limits).next(fits).is_ok_and(|args| args.is_none()));
    let exceeds = b"*2\r\n$3\r\nSET\r\n$81\r\n";
    let refused = Parser::new(limits).next(exceeds).map(|_| ());
    assert_eq!(refused, Err(ProtocolError::RequestTooBig(100)));
}

#[test]
fn what_is_missing_is_told_but_never_reserved() {
    let mut parser = Parser::default();
    assert_eq!(parser.wants(), 1);
    assert!(parser.next(b"*2\r\n$3\r\nSET\r\n$1000\r\nabc").is_ok_and(|args| args.is_none()));
    assert_eq!(parser.wants(), 999);
    let mut parser = Parser::default();
    assert!(parser.next(b"*2\r\n$3\r\nSET\r\n$536870912\r\n").is_ok_and(|args| args.is_none()));
    assert_eq!(parser.wants(), 1024 * 1024);
    let mut parser = Parser::default();
    assert!(parser.next(b"*1048576\r\n").is_ok_and(|args| args.is_none()));
    assert_eq!(parser.spans.capacity(), 0);
}

#[test]
fn the_argument_list_is_used_again_and_a_large_one_given_back() {
    let many = [b"*5000\r\n".to_vec(), b"$1\r\nx\r\n".repeat(5000)].concat();
    let few = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
    let mut parser = Parser::default();
    assert_eq!(parse(&mut parser, few, few.len()).map(|requests| requests.len()), Ok(1));
    let (place, capacity) = (parser.spans.as_ptr(), parser.spans.capacity());
    for _ in 0..100 {
        assert_eq!(parse(&mut parser, few, few.len()).map(|requests| requests.len()), Ok(1));
    }
    assert_eq!((parser.spans.as_ptr(), parser.spans.capacity()), (place, capacity));
    assert_eq!(parse(&mut parser, &many, many.len()).map(|requests| requests[0].len()), Ok(5000));
    assert_eq!(parse(&mut parser, few, few.len()).map(|requests| requests.len()), Ok(1));
    assert!(parser.spans.capacity() <= SPANS_KEPT);
}

/// Were a partial request scanned again at every read, this would look at 10^11 bytes.
#[test]
fn a_large_argument_in_small_reads_is_looked_at_once() {
    let len = 64 * 1024 * 1024;
    let mut buf = format!("*2\r\n$4\r\nECHO\r\n${len}\r\n").into_bytes();
    buf.reserve(len + 2);
    let mut parser = Parser::default();
    let payload = vec![b'\n'; 4096];
    let begin = buf.len();
    for _ in 0..len / payload.len() {
        assert!(parser.next(&buf).is_ok_and(|args| args.is_none()));
        assert_eq!((parser.at, parser.scanned), (begin, 0), "the argument itself was looked at");
        buf.extend_from_slice(&payload);
    }
    buf.extend_from_slice(b"\r\n");
    let args = parser.next(&buf).unwrap().unwrap();
    assert_eq!((args.len(), args[1].len()), (2, len));
}

/// The same for the many lines of a request with many arguments.
#[test]
fn many_arguments_in_small_reads_are_looked_at_once() {
    let count = 300_000;
    let mut bytes = format!("*{count}\r\n").into_bytes();
    bytes.extend(b"$2\r\nab\r\n".repeat(count));
    let mut parser = Parser::default();
    for end in (16..bytes.len()).step_by(16) {
        assert!(parser.next(&bytes[..end]).is_ok_and(|args| args.is_none()));
        assert!(end - parser.at < 8, "progress was lost at byte {end}");
    }
    assert_eq!(parser.next(&bytes).unwrap().unwrap().len(), count);
}

#[test]
fn a_long_line_in_small_reads_is_looked_at_once() {
    for start in [b"".as_slice(), b"*", b"*1\r\n$"] {
        let bytes = [start, &[b'1'; 10_000]].concat();
        let mut parser = Parser::default();
        for end in start.len()..bytes.len() {
            assert!(parser.next(&bytes[..end]).is_ok_and(|args| args.is_none()));
            assert_eq!(parser.at + parser.scanned, end, "a line is scanned again");
        }
    }
}

#[test]
fn arguments_can_be_kept_and_skipped() {
    let bytes = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n";
    let mut parser = Parser::default();
    let kept = parser.next(bytes).unwrap().unwrap().to_buf();
    let args = kept.as_args();
    assert_eq!(args.len(), 3);
    assert_eq!(args.total_bytes(), 6);
    assert_eq!(&args[0], b"SET");
    assert_eq!(args.get(2), Some(b"vv".as_slice()));
    assert_eq!(args.get(3), None);
    assert_eq!(owned(args.skip(1)), request(&[b"k", b"vv"]));
    assert!(args.skip(3).is_empty());
    assert!(args.skip(9).is_empty());
    assert_eq!(format!("{args:?}"), "[3, 1, 2]", "arguments are shown");
}

fn encode(requests: &[Request]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for args in requests {
        bytes.extend_from_slice(format!("*{}\r\n", args.len()).as_bytes());
        for arg in args {
            bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            bytes.extend_from_slice(arg);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes
}

fn requests() -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec(prop::collection::vec(any::<Vec<u8>>(), 1..6), 0..6)
}

proptest! {
    #[test]
    fn requests_arrive_whole_however_they_are_cut(requests in requests(), piece in 1usize..64) {
        let bytes = encode(&requests);
        prop_assert_eq!(parse(&mut Parser::default(), &bytes, piece), Ok(requests));
    }

    #[test]
    fn a_quoted_inline_request_is_the_same_as_an_array(args in prop::collection::vec(any::<Vec<u8>>(), 1..6)) {
        let mut line = Vec::new();
        for arg in &args {
            line.push(b'"');
            for byte in arg {
                line.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
            }
            line.extend_from_slice(b"\" ");
        }
        line.push(b'\n');
        prop_assert_eq!(parse_whole(&line), Ok(vec![args]));
    }

    #[test]
    fn the_outcome_does_not_depend_on_how_bytes_are_cut(
        bytes in "([*$]-?[0-3]{0,2}\r\n|[a\"' \\\\]{0,4}\r?\n|[ab]{1,3}\r\n){0,12}",
        piece in 1usize..16,
    ) {
        let limits = Limits { bulk_bytes_max: 20, args_max: 12, inline_bytes_max: 16, request_bytes_max: 64, unauthenticated: false };
        let cut = parse(&mut Parser::new(limits), bytes.as_bytes(), piece);
        let uncut = parse(&mut Parser::new(limits), bytes.as_bytes(), bytes.len().max(1));
        prop_assert_eq!(cut, uncut);
    }

    #[test]
    fn any_bytes_are_requests_or_refused(bytes: Vec<u8>) {
        let _ = parse_whole(&bytes);
    }
}

#[test]
fn requests_side_by_side_are_those_that_come_one_by_one() {
    let bytes = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*0\r\n*1\r\n$4\r\nPING\r\nset k \"a b\"\r\n*1\r\n$1\r\nx\r\n*1\r\n$-1\r\n";
    // However much of it has come, and wherever one goes back to.
    for end in 0..=bytes.len() {
        let buf = &bytes[..end];
        let (mut alone, mut error) = (Vec::new(), None);
        let mut parser = Parser::default();
        loop {
            match parser.next(buf) {
                Ok(Some(args)) => alone.push(owned(args)),
                Ok(None) => break,
                Err(found) => {
                    error = Some(found);
                    break;
                }
            }
        }
        for back_at in 0..4 {
            let (mut parser, mut together) = (Parser::default(), Vec::new());
            let mut found = None;
            for round in 0.. {
                let mut requests = Requests::default();
                while parser.next_into(buf, &mut requests) {}
                let kept = if round == back_at { requests.len() / 2 } else { requests.len() };
                together.extend((0..kept).map(|at| owned(requests.get(buf, at).unwrap())));
                if let Some(start) = requests.start(kept) {
                    parser.rewind(start);
                    continue;
                }
                match parser.next(buf) {
                    Ok(Some(args)) => together.push(owned(args)),
                    Ok(None) => break,
                    Err(error) => {
                        found = Some(error);
                        break;
                    }
                }
            }
            assert_eq!((&together, found), (&alone, error), "{end} bytes, back at {back_at}");
        }
    }
}
