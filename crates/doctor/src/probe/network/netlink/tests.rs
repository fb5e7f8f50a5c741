use super::*;

#[test]
fn h40_attributes_are_read_as_they_are_written() {
    let mut bytes = attribute(3, b"vx\0");
    bytes.extend(nested(18, &attribute(1, b"vxlan\0")));
    bytes.extend(attribute(4, &four(1_450)));
    assert_eq!(bytes.len() % 4, 0);
    let found = attributes(&bytes);
    assert_eq!(found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [3, 18, 4]);
    assert_eq!(text(find(&found, 3).unwrap()), "vx");
    assert_eq!(word(find(&found, 4).unwrap(), 0), Some(1_450));
    assert_eq!(find(&attributes(find(&found, 18).unwrap()), 1), Some(&b"vxlan\0"[..]));
}

#[test]
fn h40_what_is_cut_short_is_never_read_beyond_its_end() {
    let mut whole = attribute(3, b"tunnel\0");
    whole.extend(attribute(4, &four(1_450)));
    for len in 0..whole.len() {
        assert!(attributes(&whole[..len]).len() < 2, "{len}");
    }
    assert!(attributes(&[0; 8]).is_empty(), "a length of nothing never ends");
    let mut bodies = 0;
    assert!(take(&message(18, 0, &whole)[..30], &mut |_| bodies += 1).is_err());
    assert!(take(&[0; 16], &mut |_| bodies += 1).is_err());
    assert_eq!(bodies, 0);
}

#[test]
fn h40_an_answer_ends_with_an_error_or_with_none() {
    let mut bodies = Vec::new();
    let mut each = |body: &[u8]| bodies.push(body.to_vec());
    let mut answer = message(16, 0, b"one!");
    answer.extend(message(16, 0, b"two!"));
    assert!(take(&answer, &mut each).unwrap());
    answer.extend(message(DONE, 0, &four(0)));
    assert!(!take(&answer, &mut each).unwrap());
    let refused = message(ERROR, 0, &four((-2_i32).cast_unsigned()));
    assert_eq!(take(&refused, &mut each).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(bodies, [b"one!", b"two!", b"one!", b"two!"]);
}
