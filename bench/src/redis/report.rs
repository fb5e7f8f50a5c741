//! What redis-benchmark says, and how a pair is shown.

use super::{Load, Measure};

/// What redis-benchmark measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) rate: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) p999_ms: f64,
}

/// From what it prints with `--precision 3`.
pub(super) fn parse_reading(text: &str) -> Option<Reading> {
    let number = |word: &str| word.trim().parse::<f64>().ok();
    let rate = text.lines().find_map(|line| {
        let line = line.trim().strip_prefix("throughput summary:")?;
        number(line.trim().strip_suffix("requests per second")?)
    })?;
    // Of lines such as `99.902% <= 1.023 milliseconds (...)`, the first that covers so many.
    let percentile = |wanted: f64| {
        text.lines().find_map(|line| {
            let (percent, rest) = line.trim().split_once("% <=")?;
            (number(percent)? >= wanted).then(|| number(rest.split_whitespace().next()?))?
        })
    };
    let (p50_ms, p99_ms) = (percentile(50.0)?, percentile(99.0)?);
    Some(Reading { rate, p50_ms, p99_ms, p999_ms: percentile(99.9)? })
}

pub(super) fn head() -> String {
    format!(
        "{:<8} {:>8} {:<5} {:>5} {:>4} {:>5} | {:>10} {:>10} {:>5} | {:>6} {:>6} {:>5} | {:>23} | {:>23}",
        "", "", "", "", "", "", "redis", "ours", "", "redis", "ours", "", "redis", "ours"
    ) + &format!(
        "\n{:<8} {:>8} {:<5} {:>5} {:>4} {:>5} | {:>10} {:>10} {:>5} | {:>6} {:>6} {:>5} | {:>7} {:>7} {:>7} | {:>7} {:>7} {:>7}",
        "mode",
        "keys",
        "test",
        "conns",
        "pipe",
        "value",
        "op/s",
        "op/s",
        "ratio",
        "us cpu",
        "us cpu",
        "ratio",
        "p50 ms",
        "p99 ms",
        "p999 ms",
        "p50 ms",
        "p99 ms",
        "p999 ms"
    )
}

pub(super) fn row(load: &Load, rival: Measure, ours: Measure) -> String {
    let Load { mode, keys, test, connections, pipeline, value } = load;
    let latencies = |Measure { reading, .. }: Measure| {
        format!("{:>7.2} {:>7.2} {:>7.2}", reading.p50_ms, reading.p99_ms, reading.p999_ms)
    };
    let (mode, test) = (mode.name(), test.name());
    let (rate, of) = (ours.reading.rate, rival.reading.rate);
    let (cpu, cpu_of) = (ours.cpu_us, rival.cpu_us);
    format!(
        "{mode:<8} {keys:>8} {test:<5} {connections:>5} {pipeline:>4} {value:>5} | {of:>10.0} {rate:>10.0} {:>5.2} | \
         {cpu_of:>6.2} {cpu:>6.2} {:>5.2} | {} | {}",
        rate / of,
        cpu / cpu_of,
        latencies(rival),
        latencies(ours),
    )
}

pub(super) fn json(load: &Load, rival: Measure, ours: Measure) -> String {
    let side = |Measure { reading, cpu_us, resident }: Measure| {
        let Reading { rate, p50_ms, p99_ms, p999_ms } = reading;
        format!(
            "{{\"rate\": {rate}, \"cpu_us\": {cpu_us:.3}, \"p50_ms\": {p50_ms}, \"p99_ms\": {p99_ms}, \
             \"p999_ms\": {p999_ms}, \"resident_bytes\": {resident}}}"
        )
    };
    let Load { mode, keys, test, connections, pipeline, value } = load;
    let (mode, test) = (mode.name(), test.name());
    format!(
        "  {{\"mode\": \"{mode}\", \"keys\": {keys}, \"test\": \"{test}\", \"connections\": {connections}, \
         \"pipeline\": {pipeline}, \"value\": {value}, \"ratio\": {:.3}, \"redis\": {}, \"groundsill\": {}}}",
        ours.reading.rate / rival.reading.rate,
        side(rival),
        side(ours)
    )
}
