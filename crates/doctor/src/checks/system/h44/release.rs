//! Releases of kernels, as distributions write them: `6.1.0-18-amd64`, `5.14.0-362.8.1.el9_3.x86_64`, `6.8.0-45-generic`.

/// By its numbers first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release {
    /// Up to the first word.
    pub(super) numbers: Vec<u64>,
    /// The rest without digits: `amd64` and `cloud-amd64` are two, `el9_3.x86_64` and `el9_4.x86_64` are one.
    pub(super) flavour: String,
}

impl Release {
    pub(super) fn parse(text: &str) -> Self {
        let mut numbers = Vec::new();
        let mut rest = text.trim();
        loop {
            let (word, after) = rest.split_once(['.', '-']).unwrap_or((rest, ""));
            let Ok(number) = word.parse() else { break };
            numbers.push(number);
            rest = after;
        }
        let flavour = rest.chars().filter(|it| !it.is_ascii_digit()).collect();
        Self { numbers, flavour }
    }
}
