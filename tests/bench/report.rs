//! What a run found, as JSON or as tables.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::load::Shape;

/// A whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) cores: usize,
    pub(crate) citizens: usize,
    /// Bytes of one answer message.
    pub(crate) answer_bytes: usize,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) cold: Cold,
    pub(crate) token: Token,
    pub(crate) resident_at_start: u64,
    pub(crate) resident_at_end: u64,
    /// How often what went wrong.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// Lookups that the cache could not answer, one after the other.
#[derive(Debug, Serialize)]
pub(crate) struct Cold {
    pub(crate) lookups: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

/// CPU µs of a lone call with a token that the gateway sees for the first time, and of the next with it.
#[derive(Debug, Serialize)]
pub(crate) struct Token {
    pub(crate) first_us: f64,
    pub(crate) again_us: f64,
}

/// One shape of load: the pairs, and the ratios gateway : bare server within them.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    connections: usize,
    streams: usize,
    cpu_ratio: Quartiles,
    rate_ratio: Quartiles,
    p50_ratio: Quartiles,
    p99_ratio: Quartiles,
    reference: Side,
    gateway: Side,
    pairs: Vec<Pair>,
}

/// Both servers, measured one right after the other.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Pair {
    pub(crate) reference: Side,
    pub(crate) gateway: Side,
}

/// One server in one window.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Side {
    pub(crate) requests_per_second: f64,
    pub(crate) cpu_us_per_request: f64,
    /// Of it, the access log's threads.
    pub(crate) log_us_per_request: f64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Quartiles {
    lower: f64,
    median: f64,
    upper: f64,
}

impl Comparison {
    pub(crate) fn new(shape: Shape, pairs: Vec<Pair>) -> Self {
        let ratio = |of: fn(&Side) -> f64| {
            Quartiles::of(pairs.iter().map(|pair| of(&pair.gateway) / of(&pair.reference)))
        };
        Self {
            connections: shape.connections,
            streams: shape.streams,
            cpu_ratio: ratio(|side| side.cpu_us_per_request),
            rate_ratio: ratio(|side| side.requests_per_second),
            p50_ratio: ratio(|side| time(side.p50_us)),
            p99_ratio: ratio(|side| time(side.p99_us)),
            reference: typical(pairs.iter().map(|pair| pair.reference)),
            gateway: typical(pairs.iter().map(|pair| pair.gateway)),
            pairs,
        }
    }
}

impl Quartiles {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            // Linear between the two neighbours, as most statistics programs do.
            let place = (sorted.len() - 1) * quarter;
            let (low, rest) = (place / 4, place % 4);
            let high = (low + 1).min(sorted.len() - 1);
            sorted[low] + (sorted[high] - sorted[low]) * f64::from(u8::try_from(rest).unwrap_or(0)) / 4.0
        };
        Self {
            lower: at(1),
            median: at(2),
            upper: at(3),
        }
    }
}

/// The median of each number by itself.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times in µs, far below 2^52"
)]
fn typical(sides: impl Iterator<Item = Side>) -> Side {
    let sides: Vec<Side> = sides.collect();
    let median = |of: fn(&Side) -> f64| Quartiles::of(sides.iter().map(of)).median;
    Side {
        requests_per_second: median(|side| side.requests_per_second),
        cpu_us_per_request: median(|side| side.cpu_us_per_request),
        log_us_per_request: median(|side| side.log_us_per_request),
        p50_us: median(|side| time(side.p50_us)).round() as u64,
        p99_us: median(|side| time(side.p99_us)).round() as u64,
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds, far below 2^52")]
fn time(micros: u64) -> f64 {
    micros as f64
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "Cached lookups, durably logged: {} citizens, answers of {} bytes, {} cores shared with the load generator.",
            self.citizens, self.answer_bytes, self.cores
        )?;
        writeln!(
            out,
            "Medians; ratios gateway : bare tonic mTLS server within pairs, median (quartiles).\n"
        )?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header([
            "LOAD",
            "SERVER",
            "REQUESTS/S",
            "P50 µs",
            "P99 µs",
            "CPU µs/REQUEST",
            "OF IT THE LOG",
        ]);
        for comparison in &self.comparisons {
            for row in comparison.rows() {
                table.add_row(row);
            }
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(out, "{}\n", table.trim_fmt())?;
        writeln!(
            out,
            "Cache misses, one after the other: {} lookups, p50 {} µs, p99 {} µs.",
            self.cold.lookups, self.cold.p50_us, self.cold.p99_us
        )?;
        writeln!(
            out,
            "A lone call with a token never seen: {:.0} CPU µs; with the same again: {:.0}.",
            self.token.first_us, self.token.again_us
        )?;
        writeln!(
            out,
            "Resident memory of the gateway: {} at the start, {} at the end.",
            mebibytes(self.resident_at_start),
            mebibytes(self.resident_at_end)
        )?;
        write!(out, "Errors: {}.", self.errors.values().sum::<u64>())?;
        for (why, times) in &self.errors {
            write!(out, "\n  {times} × {why}")?;
        }
        Ok(())
    }
}

impl Comparison {
    fn rows(&self) -> [[String; 7]; 3] {
        let load = format!("{} × {}", self.connections, self.streams);
        [
            row(load, "bare", &self.reference),
            row(String::new(), "gateway", &self.gateway),
            [
                String::new(),
                "ratio".into(),
                self.rate_ratio.to_string(),
                self.p50_ratio.to_string(),
                self.p99_ratio.to_string(),
                self.cpu_ratio.to_string(),
                String::new(),
            ],
        ]
    }
}

fn row(load: String, server: &str, side: &Side) -> [String; 7] {
    [
        load,
        server.into(),
        format!("{:.0}", side.requests_per_second),
        side.p50_us.to_string(),
        side.p99_us.to_string(),
        format!("{:.1}", side.cpu_us_per_request),
        format!("{:.1}", side.log_us_per_request),
    ]
}

impl fmt::Display for Quartiles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:.2} ({:.2}–{:.2})", self.median, self.lower, self.upper)
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::Quartiles;

    #[test]
    fn quartiles_lie_between_their_neighbours() {
        let found = Quartiles::of([4.0, 1.0, 3.0, 2.0].into_iter());
        assert_eq!((found.lower, found.median, found.upper), (1.75, 2.5, 3.25));
        let alone = Quartiles::of([7.0].into_iter());
        assert_eq!((alone.lower, alone.median, alone.upper), (7.0, 7.0, 7.0));
    }
}
