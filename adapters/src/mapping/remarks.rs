//! What an operator should know of how a row or branch is read. Nothing here changes a record: it is the plan
//! looked at once more, for a probe.

use jiff::civil::Date;

use super::codes::Moment;
use super::convert::{Convert, Sought, is_blank};
use super::plan::{Column, FieldPlan, List, Made, MessagePlan, Plan};
use super::taken::{Columns, Taken};
use super::{Source, Value};
use crate::codes::{CodeTable, Reading, When};
use crate::trace::{Remark, Remarked};

/// Longest text of an answer that a remark quotes, in characters.
const LONGEST_QUOTE: usize = 80;

impl Plan {
    /// What is to be said of the record's own row.
    pub(super) fn remarks(&self, row: &impl Source, out: &mut Vec<Remark>) {
        self.message.remarks(row, self.day(row), &self.columns, out);
        let said = self.as_of.iter().map(|place| row.value(*place));
        let said: Vec<_> = said.filter(|value| !is_blank(value)).collect();
        if !self.as_of.is_empty() && self.as_of(row).is_none() {
            out.push(Remark {
                what: if said.is_empty() {
                    Remarked::Nothing
                } else {
                    Remarked::Unreadable
                },
                field: "as_of".to_owned(),
                from: names(&self.as_of, &self.columns),
                found: said.first().map(shown),
            });
        }
    }

    /// The row as one line of JSON.
    pub(super) fn line(&self, row: &impl Source) -> String {
        line(&self.table, &self.columns, row)
    }
}

impl List {
    /// What is to be said of one item.
    pub(super) fn remarks(&self, row: &impl Source, day: Option<Date>, out: &mut Vec<Remark>) {
        self.item.remarks(row, day, &self.columns, out);
    }

    /// An item as one line of JSON.
    pub(super) fn line(&self, row: &impl Source) -> String {
        line(&self.table, &self.columns, row)
    }

    /// What is to be said of items that are left out.
    pub(super) fn dropped(&self, count: usize, out: &mut Vec<Remark>) {
        if count > 0 {
            out.push(Remark {
                what: Remarked::Dropped,
                field: self.item.path.to_string(),
                from: self.table.name.clone(),
                found: Some(count.to_string()),
            });
        }
    }
}

impl MessagePlan {
    fn remarks(&self, row: &impl Source, day: Option<Date>, columns: &[Column], out: &mut Vec<Remark>) {
        for field in &self.fields {
            field.remarks(row, day, columns, out);
        }
    }
}

impl FieldPlan {
    fn remarks(&self, row: &impl Source, day: Option<Date>, columns: &[Column], out: &mut Vec<Remark>) {
        match &self.made {
            Made::Of { taken, convert } => {
                for (what, place, found) in taken.remarks(self.number, convert, row, day) {
                    out.push(Remark {
                        what,
                        field: self.path.to_string(),
                        from: place.map_or_else(
                            || names(taken.places(), columns),
                            |place| names(&[place], columns),
                        ),
                        found,
                    });
                }
            }
            Made::Message(message) => message.remarks(row, day, columns, out),
            Made::Always { .. } => {}
        }
    }
}

impl Taken {
    fn places(&self) -> &[usize] {
        match &self.columns {
            Columns::One(column) => std::slice::from_ref(column),
            Columns::FirstOf(columns) | Columns::Join(columns) => columns,
        }
    }

    /// What, at which place unless at the field's own ones, and what stands there.
    fn remarks(
        &self,
        number: u32,
        convert: &Convert,
        row: &impl Source,
        day: Option<Date>,
    ) -> Vec<(Remarked, Option<usize>, Option<String>)> {
        let mut remarks = Vec::new();
        let values = self.places().iter().map(|place| row.value(*place));
        let values: Vec<_> = values.filter(|value| !is_blank(value)).collect();
        if values.is_empty() {
            let what = match (&self.default, self.required) {
                (Some(_), _) => Remarked::Default,
                (None, true) => Remarked::Required,
                (None, false) => Remarked::Nothing,
            };
            remarks.push((what, None, None));
            return remarks;
        }
        let found = values.iter().map(shown).collect::<Vec<_>>().join(" ");
        if self.write(number, convert, row, day, &mut Vec::new()).is_err() {
            remarks.push((Remarked::Unreadable, None, Some(found)));
            return remarks;
        }
        let moment = Moment {
            on: self.on.map(|column| row.value(column)),
            edition: self.edition.map(|column| row.value(column)),
            record: day,
        };
        // What can be written has a text and a moment.
        let (Ok(Some(text)), Ok(when)) = (self.text(row), moment.when()) else {
            return remarks;
        };
        if let Some(table) = convert.table() {
            if let When::Edition(edition) = when
                && !table.has_edition(edition)
            {
                remarks.push((Remarked::UnknownEdition, self.edition, Some(quoted(edition))));
            }
            let told = match convert.sought() {
                Sought::Recorded => of_reading(table, &text, when),
                sought => of_sought(sought, table, &text, &moment),
            };
            if let Some(what) = told {
                remarks.push((what, None, Some(found)));
            }
        } else if !convert.knows(&text) {
            remarks.push((Remarked::UnknownWord, None, Some(found)));
        }
        remarks
    }
}

fn of_reading(table: &CodeTable, text: &str, when: When<'_>) -> Option<Remarked> {
    match table.read(text, when) {
        Reading::Valid(_) => None,
        Reading::Closed(_) => Some(Remarked::ClosedCode),
        Reading::Unsure => Some(Remarked::UnsureCode),
        Reading::Unknown if table.is_unlisted(text) => None,
        Reading::Unknown => Some(Remarked::UnknownWord),
    }
}

/// What is to be said of a text that led to no code, so that it stays as recorded.
fn of_sought(sought: Sought, table: &CodeTable, text: &str, moment: &Moment<'_>) -> Option<Remarked> {
    let when = moment.when().ok()?;
    match (sought.code(table, text, moment), sought) {
        (Ok(Some(_)), _) => None,
        (_, Sought::ByName) => Some(Remarked::UnknownWord),
        _ => Some(match table.read(text, when) {
            Reading::Unknown => Remarked::UnknownWord,
            _ => Remarked::UnsureCode,
        }),
    }
}

fn names(places: &[usize], columns: &[Column]) -> String {
    let names = places.iter().filter_map(|place| columns.get(*place));
    names
        .map(|column| column.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn line(table: &Column, columns: &[Column], row: &impl Source) -> String {
    let cells = columns.iter().enumerate().map(|(place, column)| {
        let value = match row.value(place) {
            Value::Absent => serde_json::Value::Null,
            Value::Boolean(value) => value.into(),
            Value::Integer(number) => number.into(),
            Value::Text(text) => text.into(),
            value => shown(&value).into(),
        };
        (column.name.clone(), value)
    });
    let cells: serde_json::Map<_, _> = cells.collect();
    serde_json::json!({ table.name.as_str(): cells }).to_string()
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Absent => String::new(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => quoted(text),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Other => "another shape".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(LONGEST_QUOTE).collect();
    if text.chars().nth(LONGEST_QUOTE).is_some() {
        quoted.push('…');
    }
    quoted
}
