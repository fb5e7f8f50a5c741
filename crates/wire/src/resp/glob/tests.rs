use proptest::prelude::*;

use super::*;

#[test]
fn patterns_match_as_in_redis() {
    let cases: &[(&str, &str, bool)] = &[
        ("", "", true),
        ("", "a", false),
        ("a", "", false),
        ("*", "", true),
        ("*", "anything", true),
        ("**", "", true),
        ("h?llo", "hello", true),
        ("h?llo", "hllo", false),
        ("h*llo", "heeeello", true),
        ("h*llo", "hllo", true),
        ("h[ae]llo", "hallo", true),
        ("h[ae]llo", "hillo", false),
        ("h[^e]llo", "hbllo", true),
        ("h[^e]llo", "hello", false),
        ("h[a-b]llo", "hbllo", true),
        ("h[b-a]llo", "hallo", true),
        ("h[a-b]llo", "hcllo", false),
        ("user:*:name", "user:7:name", true),
        ("user:*:name", "user:7:names", false),
        ("*a*b*c", "xxaxxbxxc", true),
        ("*a*b*c", "xxaxxbxxcd", false),
        ("*ab", "aab", true),
        ("a*a", "a", false),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("a\\", "a\\", true),
        ("[\\]]", "]", true),
        ("[\\-]", "-", true),
        ("[a\\-z]", "m", false),
        ("[]", "a", false),
        ("[]a", "a", false),
        ("[^]", "a", true),
        ("[abc", "b", true),
        ("[abc", "d", false),
        ("[", "[", false),
        ("[^", "x", true),
        ("[a-]", "_", true),
        ("[a-", "-", true),
        ("A", "a", false),
        ("?", "\u{e9}", false),
        ("??", "\u{e9}", true),
    ];
    for (pattern, text, expected) in cases {
        let found = matches(pattern.as_bytes(), text.as_bytes());
        assert_eq!(found, *expected, "{pattern} against {text}");
    }
}

#[test]
fn stars_do_not_multiply_the_work() {
    let pattern = b"a*".repeat(2_000);
    let mut text = b"a".repeat(4_000);
    text.push(b'b');
    let mut never = pattern.clone();
    never.push(b'c');
    assert!(!matches(&never, &text));
    assert!(matches(&pattern, &text));
}

#[test]
fn only_plain_patterns_are_literal() {
    assert!(is_literal(b"user:7"));
    for pattern in [b"a*".as_slice(), b"a?", b"[a]", b"\\a"] {
        assert!(!is_literal(pattern), "{}", pattern.escape_ascii());
    }
}

/// The obvious recursive definition, exponential in the number of stars.
fn twin(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skip| twin(rest, &text[skip..])),
        _ => one(pattern, text).is_some_and(|(pattern, text)| twin(pattern, text)),
    }
}

proptest! {
    #[test]
    fn going_back_to_the_last_star_alone_loses_no_match(
        pattern in "[ab*?\\[\\]^\\-]{0,8}",
        text in "[ab]{0,8}",
    ) {
        let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
        prop_assert_eq!(matches(pattern, text), twin(pattern, text));
    }

    #[test]
    fn a_literal_pattern_matches_itself_alone(pattern: Vec<u8>, other: Vec<u8>) {
        prop_assume!(is_literal(&pattern));
        prop_assert!(matches(&pattern, &pattern));
        prop_assert_eq!(matches(&pattern, &other), pattern == other);
    }

    #[test]
    fn any_bytes_are_a_pattern(pattern: Vec<u8>, text: Vec<u8>) {
        let _ = matches(&pattern, &text);
    }
}
