//! The samples on a page: a heading in two languages, a table, and whether it came out as expected.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use comfy_table::{ContentArrangement, Row, Table, presets};
use prost_reflect::DynamicMessage;

use super::calls::Call;
use crate::cli::client::Refused;
use crate::cli::shown;
use crate::clock::Moment;

const HEADING: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Paper of a component of procedure 2.001478, as citizens know it.
const PAPERS: [(&str, &str); 3] = [
    (
        "enterprise-certificate",
        "Bản sao Giấy chứng nhận đăng ký doanh nghiệp",
    ),
    ("identity", "Bản sao thẻ căn cước"),
    ("criminal-record", "Bản khai lý lịch và Phiếu lý lịch tư pháp"),
];

/// Where the samples are shown.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    unexpected: usize,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, unexpected: 0 }
    }

    /// Samples that did not come out as expected.
    pub(super) fn unexpected(&self) -> usize {
        self.unexpected
    }

    pub(super) fn begin(&mut self, number: &str, english: &str, vietnamese: &str) -> Result<()> {
        writeln!(self.out, "\n{HEADING}{number}  {english}{HEADING:#}")?;
        writeln!(self.out, "{QUIET}   {vietnamese}{QUIET:#}\n")?;
        Ok(())
    }

    pub(super) fn table<R: Into<Row>>(
        &mut self,
        header: &[&str],
        rows: impl IntoIterator<Item = R>,
    ) -> Result<()> {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header.to_vec());
        for row in rows {
            table.add_row(row);
        }
        writeln!(self.out, "{table}")?;
        Ok(())
    }

    /// Says what the reader has just seen.
    pub(super) fn judge(&mut self, as_expected: bool, words: &str) -> Result<()> {
        if as_expected {
            writeln!(self.out, "{GOOD}✓{GOOD:#} {words}")?;
        } else {
            self.unexpected += 1;
            writeln!(self.out, "{BAD}✗ not as expected:{BAD:#} {words}")?;
        }
        Ok(())
    }

    /// The verdicts of one confirmation, all of which are to agree, from an expected source.
    pub(super) fn verdicts(
        &mut self,
        call: &Call,
        answer: &Result<DynamicMessage, Refused>,
        source: &str,
    ) -> Result<()> {
        let Ok(answer) = answer else {
            return self.refused_unexpectedly(answer);
        };
        let verdicts = verdicts_of(call, answer);
        let agree = !verdicts.is_empty() && verdicts.iter().all(|(.., word)| word == "AGREE");
        let rows = verdicts
            .iter()
            .map(|(label, path, word)| [label.as_str(), path, shown::verdict_vi(word), word]);
        self.table(&["Thông tin", "field", "Kết quả", "verdict"], rows)?;
        let from = shown::source_of(answer, Moment::now());
        let entry = shown::audit_index(answer).unwrap_or(0);
        let words = format!("answered from the {from}; entry {entry} of the access log");
        self.judge(agree && from.starts_with(source), &words)
    }

    /// Calls that are to be refused with a word.
    pub(super) fn refusals(
        &mut self,
        calls: &[(String, &str, Result<DynamicMessage, Refused>)],
    ) -> Result<()> {
        let mut as_expected = true;
        let mut rows = Vec::new();
        for (asked, expected, answer) in calls {
            let (word, missing, entry) = match answer {
                Ok(_) => ("answered".to_owned(), None, None),
                Err(refused) => (
                    refused.word.clone(),
                    refused.missing.clone(),
                    refused.audit_index.clone(),
                ),
            };
            as_expected &= word == *expected;
            let dash = || "–".to_owned();
            let missing = missing.unwrap_or_else(dash);
            rows.push([asked.clone(), word, missing, entry.unwrap_or_else(dash)]);
        }
        self.table(
            &[
                "Yêu cầu · asked",
                "Từ chối · refused",
                "Thiếu · missing",
                "Nhật ký · entry",
            ],
            rows,
        )?;
        let words = "refused; no value left the gateway";
        self.judge(as_expected, words)
    }

    /// The components of one dossier, all of which are to be replaced.
    pub(super) fn components(&mut self, calls: &[(&Call, Result<DynamicMessage, Refused>)]) -> Result<()> {
        let mut rows = Vec::new();
        let mut all_agree = true;
        let mut registries = std::collections::BTreeSet::new();
        let mut last_paper = "";
        for (call, answer) in calls {
            let Ok(answer) = answer else {
                self.refused_unexpectedly(answer)?;
                continue;
            };
            let registry = proto::rules::lookup_method(&call.method).map(|lookup| lookup.registry);
            let registry = registry.unwrap_or_default();
            for (label, _, word) in verdicts_of(call, answer) {
                all_agree &= word == "AGREE";
                let vietnamese = shown::verdict_vi(&word);
                let source = shown::source_of(answer, Moment::now());
                rows.push([
                    if last_paper == paper(call) {
                        String::new()
                    } else {
                        paper(call).to_owned()
                    },
                    label,
                    format!("{vietnamese} · {word}"),
                    registry.clone(),
                    source,
                ]);
                last_paper = paper(call);
            }
            registries.insert(registry);
        }
        let header = [
            "Giấy tờ được thay · paper replaced",
            "Thông tin",
            "Kết quả · verdict",
            "registry",
            "source",
        ];
        self.table(&header, rows)?;
        let words = format!(
            "{} registries answered, three papers need not be brought",
            registries.len()
        );
        self.judge(all_agree && registries.len() == 3, &words)
    }

    fn refused_unexpectedly(&mut self, answer: &Result<DynamicMessage, Refused>) -> Result<()> {
        let words = answer.as_ref().err().map(Refused::to_string).unwrap_or_default();
        self.judge(false, &words)
    }
}

fn verdicts_of(call: &Call, answer: &DynamicMessage) -> Vec<shown::ShownField> {
    let record = proto::rules::lookup_method(&call.method)
        .and_then(|lookup| proto::descriptors().get_message_by_name(&lookup.record));
    shown::verdicts(answer, record.as_ref())
}

fn paper(call: &Call) -> &'static str {
    PAPERS
        .iter()
        .find(|(component, _)| *component == call.component)
        .map_or("", |(_, paper)| paper)
}
