//! The format of `testdata/README.md`: a script read, and replies shown as it shows them.
//!
//! Knows no server. `blackbox/harness/script.py` reads the same files and shares no line with this.

use std::time::Duration;

/// What a block has a runner do; prose and `! ours` have it do nothing.
pub(super) enum Block {
    Step(Step),
    Crash,
    Pass(Duration),
    /// The version that new connections speak.
    Protocol(u8),
}

/// A command and the reply that it must get.
#[derive(Default)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) connection: String,
    pub(super) command: String,
    pub(super) words: Vec<Vec<u8>>,
    pub(super) expected: Vec<String>,
    is_like: bool,
    /// Compared in any order, in groups of so many lines.
    unordered: Option<usize>,
}

/// The blocks of a file, or the line that breaks the format and how.
pub(super) fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let lines: Vec<_> = text.split('\n').enumerate().collect();
    for block in lines.split(|(_, line)| line.is_empty()).filter(|block| !block.is_empty()) {
        let (at, texts): (Vec<_>, Vec<_>) = block.iter().copied().unzip();
        let parsed = parse_block(at[0] + 1, &texts);
        blocks.extend(parsed.map_err(|what| format!("line {}: {what}", at[0] + 1))?);
    }
    let has_steps = blocks.iter().any(|block| matches!(block, Block::Step(_)));
    has_steps.then_some(blocks).ok_or_else(|| "line 1: it has no step".to_owned())
}

fn parse_block(line: usize, lines: &[&str]) -> Result<Option<Block>, String> {
    if lines[1..].iter().any(|line| split_step(line).is_some() || line.starts_with("! ")) {
        return Err("leave an empty line before a step or an action".to_owned());
    }
    if let Some((connection, command)) = split_step(lines[0]) {
        let mut step = Step {
            line,
            connection: connection.to_owned(),
            command: command.to_owned(),
            words: words(command)?,
            ..Step::default()
        };
        for text in &lines[1..] {
            match text.strip_prefix("~ ").filter(|_| step.expected.is_empty()) {
                Some(annotation) => step.annotate(annotation)?,
                None => step.expected.push((*text).to_owned()),
            }
        }
        let is_whole = !step.words.is_empty() && !step.expected.is_empty();
        return is_whole
            .then_some(Some(Block::Step(step)))
            .ok_or("it lacks command or reply".into());
    }
    match lines {
        [line] if line.starts_with('!') => parse_action(line),
        _ if begins_otherwise(lines[0]) => Err("it is no step, action or prose".to_owned()),
        _ => Ok(None),
    }
}

fn begins_otherwise(line: &str) -> bool {
    let behind = line.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
    line.starts_with(['!', '~']) || behind.starts_with('>')
}

fn parse_action(line: &str) -> Result<Option<Block>, String> {
    let number = |text: &str| text.parse::<u64>().ok();
    match line.split_once(' ').map(|(_, action)| action.split_once(' ').unwrap_or((action, ""))) {
        Some(("crash", "")) => Ok(Some(Block::Crash)),
        Some(("resp", "2")) => Ok(Some(Block::Protocol(2))),
        Some(("resp", "3")) => Ok(Some(Block::Protocol(3))),
        Some(("ours", reason)) if !reason.is_empty() => Ok(None),
        Some(("pass", text)) if number(text).is_some_and(|ms| (1..=2000).contains(&ms)) => {
            Ok(number(text).map(|ms| Block::Pass(Duration::from_millis(ms))))
        }
        _ => Err(format!("there is no action `{line}`")),
    }
}

fn split_step(line: &str) -> Option<(&str, &str)> {
    line.split_once("> ").filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase()))
}

/// The words of a command line, as redis-cli splits it.
fn words(line: &str) -> Result<Vec<Vec<u8>>, String> {
    let (mut rest, mut words) = (line.as_bytes().trim_ascii_start(), Vec::new());
    while !rest.is_empty() {
        let (word, behind) = first_word(rest)?;
        words.push(word);
        rest = behind.trim_ascii_start();
    }
    Ok(words)
}

fn first_word(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let (mut word, mut quote) = (Vec::new(), None);
    loop {
        rest = match (quote, rest) {
            (Some(_), []) => return Err("a quote is not closed".to_owned()),
            (None, []) => return Ok((word, rest)),
            (None, [blank, ..]) if blank.is_ascii_whitespace() => return Ok((word, rest)),
            (None, [mark @ (b'"' | b'\''), behind @ ..]) => {
                quote = Some(*mark);
                behind
            }
            (Some(b'"'), [b'\\', b'x', high, low, behind @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                let digit = |digit: u8| (digit as char).to_digit(16).unwrap().to_le_bytes()[0];
                word.push(digit(*high) << 4 | digit(*low));
                behind
            }
            (Some(b'"'), [b'\\', escaped, behind @ ..]) => {
                let known = b"nrtba".iter().zip(b"\n\r\t\x08\x07");
                word.push(
                    known.clone().find(|known| known.0 == escaped).map_or(*escaped, |k| *k.1),
                );
                behind
            }
            (Some(b'\''), [b'\\', b'\'', behind @ ..]) => {
                word.push(b'\'');
                behind
            }
            (Some(mark), [end, behind @ ..]) if *end == mark => {
                let is_apart = behind.first().is_none_or(u8::is_ascii_whitespace);
                return is_apart
                    .then_some((word, behind))
                    .ok_or("a word goes on behind a quote".into());
            }
            (_, [byte, behind @ ..]) => {
                word.push(*byte);
                behind
            }
        };
    }
}

impl Step {
    fn annotate(&mut self, annotation: &str) -> Result<(), String> {
        let is_first = !self.is_like && self.unordered.is_none();
        match annotation {
            "like" if is_first => self.is_like = true,
            "unordered" if is_first => self.unordered = Some(1),
            "unordered pairs" if is_first => self.unordered = Some(2),
            _ if annotation.starts_with("differs: ") => {}
            _ => return Err(format!("the annotation `{annotation}` cannot stand here")),
        }
        Ok(())
    }

    /// Whether that is the expected reply, as the annotations take it.
    pub(super) fn holds(&self, reply: &[String]) -> bool {
        let alike = |pair: (&String, &String)| is_like(pair.0, pair.1);
        match self.unordered {
            Some(size) => sorted(&self.expected, size) == sorted(reply, size),
            None if self.is_like => {
                self.expected.len() == reply.len() && self.expected.iter().zip(reply).all(alike)
            }
            None => self.expected == reply,
        }
    }
}

fn sorted(lines: &[String], size: usize) -> Vec<Vec<&str>> {
    let plain: Vec<_> = lines.iter().map(|line| without_numbers(line)).collect();
    let mut groups: Vec<_> = plain.chunks(size).map(<[_]>::to_vec).collect();
    groups.sort();
    groups
}

/// The line without what counts elements at its beginning.
fn without_numbers(line: &str) -> &str {
    let text = line.trim_start_matches(' ');
    let behind = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    match behind.strip_prefix([')', '~', '#', '>']).and_then(|text| text.strip_prefix(' ')) {
        Some(element) if behind.len() < text.len() => without_numbers(element),
        _ => line,
    }
}

/// Whether the line is the pattern, in which `*` stands for any text.
fn is_like(pattern: &str, line: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == line };
    let Some(mut rest) = line.strip_prefix(head) else { return false };
    let mut parts: Vec<_> = tail.split('*').collect();
    let end = parts.pop().unwrap();
    parts.into_iter().all(|part| match rest.split_once(part) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    }) && rest.ends_with(end)
}

/// What was answered, as the lines of a script.
pub(super) fn shown(answer: &[u8]) -> Vec<String> {
    match first_reply(answer) {
        Some((lines, [])) => lines,
        _ => vec![format!("(not one whole reply) {}", quoted(answer))],
    }
}

fn first_reply(bytes: &[u8]) -> Option<(Vec<String>, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (kind, head) = bytes[..end].split_first()?;
    let (text, behind) = (escaped(head), &bytes[end + 2..]);
    let line = match (kind, head) {
        (b'*', b"-1") => "(nil array)".to_owned(),
        (b'$', b"-1") | (b'_', b"") => "(nil)".to_owned(),
        (b'#', b"t") => "(true)".to_owned(),
        (b'#', b"f") => "(false)".to_owned(),
        (b'+', _) => text,
        (b'-', _) => format!("(error) {text}"),
        (b':', _) => format!("(integer) {text}"),
        (b',', _) => format!("(double) {text}"),
        (b'(', _) => format!("(big number) {text}"),
        (b'$' | b'!' | b'=', _) => {
            let (blob, behind) = behind.split_at_checked(text.parse().ok()?)?;
            let line = match kind {
                b'$' => quoted(blob),
                b'!' => format!("(error) {}", escaped(blob)),
                _ => format!("(verbatim {}) {}", escaped(blob.get(..3)?), quoted(blob.get(4..)?)),
            };
            return Some((vec![line], behind.strip_prefix(b"\r\n")?));
        }
        (b'*' | b'~' | b'>' | b'%', _) => return elements(*kind, text.parse().ok()?, behind),
        _ => return None,
    };
    Some((vec![line], behind))
}

fn elements(kind: u8, count: usize, mut rest: &[u8]) -> Option<(Vec<String>, &[u8])> {
    let (mark, none) = match kind {
        b'*' => (')', "(empty array)"),
        b'~' => ('~', "(empty set)"),
        b'>' => ('>', "(empty push)"),
        _ => ('#', "(empty hash)"),
    };
    let (mut lines, width) = (Vec::new(), count.to_string().len());
    for number in 1..=count {
        let mut head = format!("{number:>width$}{mark} ");
        if kind == b'%' {
            let (key, behind) = first_reply(rest)?;
            head = format!("{head}{} => ", key.concat());
            rest = behind;
        }
        let (element, behind) = first_reply(rest)?;
        rest = behind;
        for line in element {
            lines.push(format!("{head}{line}"));
            head = " ".repeat(width + 2);
        }
    }
    if lines.is_empty() {
        lines.push(none.to_owned());
    }
    Some((lines, rest))
}

fn escaped(bytes: &[u8]) -> String {
    let show = |byte: &u8| match byte {
        0x20..0x7f => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(show).collect()
}

fn quoted(bytes: &[u8]) -> String {
    let show = |byte: &u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(*byte)),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        _ => escaped(&[*byte]),
    };
    format!("\"{}\"", bytes.iter().map(show).collect::<String>())
}
