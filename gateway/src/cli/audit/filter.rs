//! The flags that say which entries are meant.

use audit::{EntryKind, Filter};
use clap::{Args, ValueEnum};

use super::Usage;
use crate::clock::Moment;

/// Which entries; all that is given must fit.
#[derive(Debug, Default, Args)]
pub(super) struct FilterFlags {
    /// Not before: a day such as 2026-11-24 (in Viet Nam), or a moment such as 2026-11-24T08:00:00+07:00.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Calling agency.
    #[arg(long)]
    agency: Option<String>,
    /// Officer.
    #[arg(long)]
    officer: Option<String>,
    /// Procedure code.
    #[arg(long)]
    procedure: Option<String>,
    /// Dossier code.
    #[arg(long)]
    dossier: Option<String>,
    /// Registry.
    #[arg(long)]
    registry: Option<String>,
    /// Operation, such as get or confirm.
    #[arg(long)]
    operation: Option<String>,
    /// Outcome: OK or an answer word.
    #[arg(long)]
    outcome: Option<String>,
    /// A field that was given.
    #[arg(long)]
    field: Option<String>,
    /// Pseudonym of a subject, hexadecimal, as `show` tells it; by number: `lienthong audit subject`.
    #[arg(long, value_name = "HEX")]
    pseudonym: Vec<String>,
    /// Kind of entry.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Request id.
    #[arg(long)]
    request: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Intent,
    Outcome,
    Operation,
}

impl FilterFlags {
    pub(super) fn read(self) -> Result<Filter, Usage> {
        Ok(Filter {
            from_unix_micros: time(self.from.as_deref(), "--from")?,
            until_unix_micros: time(self.until.as_deref(), "--until")?,
            kind: self.kind.map(|kind| match kind {
                Kind::Intent => EntryKind::Intent,
                Kind::Outcome => EntryKind::Outcome,
                Kind::Operation => EntryKind::Operation,
            }),
            request_id: self.request,
            agency: self.agency,
            officer: self.officer,
            procedure: self.procedure,
            dossier: self.dossier,
            registry: self.registry,
            operation: self.operation,
            outcome: self.outcome,
            subject_pseudonyms: self
                .pseudonym
                .iter()
                .map(|text| pseudonym(text))
                .collect::<Result<_, _>>()?,
            field_given: self.field,
            ..Filter::default()
        })
    }
}

/// Microseconds since 1970 of a day or a moment.
pub(super) fn time(text: Option<&str>, flag: &str) -> Result<Option<i64>, Usage> {
    let Some(text) = text else { return Ok(None) };
    let day = text.parse().ok().and_then(Moment::start_of_viet_nam_day);
    let moment = || {
        text.parse()
            .ok()
            .map(|moment: jiff::Timestamp| Moment(moment.as_microsecond()))
    };
    let wanted = || {
        let wanted = "a day such as 2026-11-24, or a moment such as 2026-11-24T08:00:00+07:00";
        Usage(format!("{flag}: found {text:?}, wanted {wanted}"))
    };
    // A moment reads as a day too; the day alone has no T.
    let found = if text.contains('T') { moment() } else { day };
    found.map(|moment| Some(moment.0)).ok_or_else(wanted)
}

fn pseudonym(text: &str) -> Result<Vec<u8>, Usage> {
    let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() == 32);
    bytes.ok_or_else(|| Usage("--pseudonym: wanted 64 hexadecimal digits".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_day_begins_in_viet_nam_and_a_moment_says_where() {
        let day = time(Some("2026-11-24"), "--from").expect("a day");
        let moment = time(Some("2026-11-23T17:00:00Z"), "--from").expect("a moment");
        assert_eq!(day, moment);
        assert!(time(Some("yesterday"), "--from").is_err());
        assert!(matches!(time(None, "--from"), Ok(None)));
    }
}
