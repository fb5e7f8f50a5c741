//! Glob patterns as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules take them.
//!
//! `*` any bytes, `?` any one byte, `[abc]`, `[a-z]`, `[^a]` one byte of a class, `\` takes the next
//! byte as it is. Bytes, not characters. Source: `stringmatchlen` of Redis 7.2, with its leniences: a
//! class that is not closed ends with the pattern, a range may be given backwards, a trailing `\`
//! stands for itself.
//!
//! Invariant: matching costs at most the product of the two lengths and no memory: only the last `*`
//! is ever returned to.

/// Whether `text` as a whole matches `pattern`.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // What follows the last `*`, and the text from where that star's share ends.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        let step = match pattern {
            [b'*', rest @ ..] => {
                star = Some((rest, text));
                pattern = rest;
                continue;
            }
            [] if text.is_empty() => return true,
            _ => one(pattern, text),
        };
        if let Some(rests) = step {
            (pattern, text) = rests;
        } else if let Some((after_star, [_, share_end @ ..])) = star {
            star = Some((after_star, share_end));
            (pattern, text) = (after_star, share_end);
        } else {
            return false;
        }
    }
}

/// Whether `pattern` matches nothing but itself: then it need not be searched for, only looked up.
pub fn is_literal(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'))
}

/// Matches one byte of `text` with the element at the front of `pattern`; gives what is left of both.
fn one<'p, 't>(pattern: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
    let (&byte, text_rest) = text.split_first()?;
    let (matched, pattern_rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', class @ ..] => in_class(class, byte),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => (*literal == byte, rest),
    };
    matched.then_some((pattern_rest, text_rest))
}

/// Whether `byte` is in the class whose text, after its `[`, begins `class`; and what follows it.
fn in_class(class: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    loop {
        class = match class {
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                rest
            }
            [b']', rest @ ..] => return (found != negated, rest),
            [] => return (found != negated, class),
            [start, b'-', end, rest @ ..] => {
                found |= (*start.min(end)..=*start.max(end)).contains(&byte);
                rest
            }
            [literal, rest @ ..] => {
                found |= *literal == byte;
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests;
