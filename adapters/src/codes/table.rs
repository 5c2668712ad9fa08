//! A table, checked and ready to be read.

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;

use super::{CodeSettings, CodeTableSettings, Day};
use crate::check::Problem;
use crate::mapping::suggestion;
use crate::text::plain::text_key;

/// One code table.
#[derive(Debug, Default)]
pub struct CodeTable {
    name: String,
    digits: Option<usize>,
    editions: Vec<(String, Span)>,
    /// By the key of the code, in the order of the days.
    codes: HashMap<String, Vec<Code>>,
    /// Keys of labels and aliases → keys of codes.
    names: HashMap<String, Vec<String>>,
    prefixes: Vec<String>,
}

/// What a code means on some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub code: String,
    /// What it is called; empty when the table doesn't say.
    pub label: String,
    /// The name of the enum value that it means.
    pub value: Option<Spanned<String>>,
    /// The codes of the days after.
    pub becomes: Vec<String>,
    days: Span,
}

/// When a code was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When<'a> {
    /// On this day.
    Day(Date),
    /// Under this edition.
    Edition(&'a str),
    /// Nobody says.
    Unsaid,
}

/// What a table says of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// It means this then.
    Valid(&'a Code),
    /// It meant this until earlier, and means nothing then.
    Closed(&'a Code),
    /// It has meant different things, and nobody says when it was recorded.
    Unsure,
    /// It isn't in the table.
    Unknown,
}

/// Days from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Date,
    to: Date,
}

impl Span {
    fn new(from: Option<Day>, to: Option<Day>) -> Self {
        Self {
            from: from.map_or(Date::MIN, |day| day.0),
            to: to.map_or(Date::MAX, |day| day.0),
        }
    }

    fn holds(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }

    fn meets(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }
}

impl CodeTable {
    /// Checks a table.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place in the file.
    pub fn compile(name: &str, settings: &CodeTableSettings) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut table = Self {
            name: name.to_owned(),
            digits: settings.digits.as_ref().map(|digits| *digits.get_ref()),
            prefixes: settings.prefixes.iter().map(|prefix| text_key(prefix)).collect(),
            ..Self::default()
        };
        if let Some(digits) = settings
            .digits
            .as_ref()
            .filter(|digits| !(1..=32).contains(digits.get_ref()))
        {
            tell(
                &mut problems,
                digits.span(),
                format!("found {} digits, wanted 1 to 32", digits.get_ref()),
            );
        }
        for edition in &settings.editions {
            let (said, span) = (edition.get_ref(), edition.span());
            let days = Span::new(said.from, said.to);
            if days.from > days.to {
                tell(
                    &mut problems,
                    span.clone(),
                    "the last day is before the first".to_owned(),
                );
            }
            if table
                .editions
                .iter()
                .any(|(version, other)| *version == said.version || other.meets(days))
            {
                let message = format!(
                    "edition {:?} shares its name or a day with another one",
                    said.version
                );
                tell(&mut problems, span, message);
            }
            table.editions.push((said.version.clone(), days));
        }
        for code in &settings.codes {
            table.add(code, &mut problems);
        }
        table.check_successors(settings, &mut problems);
        for codes in table.codes.values_mut() {
            codes.sort_by_key(|code| code.days.from);
        }
        if problems.is_empty() {
            Ok(table)
        } else {
            Err(problems)
        }
    }

    fn add(&mut self, code: &Spanned<CodeSettings>, problems: &mut Vec<Problem>) {
        let (said, span) = (code.get_ref(), code.span());
        let days = Span::new(said.from, said.to);
        if days.from > days.to {
            tell(
                problems,
                span.clone(),
                "the last day is before the first".to_owned(),
            );
        }
        let digits = self.digits.unwrap_or(said.code.len());
        let numeric = said.code.bytes().all(|byte| byte.is_ascii_digit());
        if said.code.trim().is_empty() || (self.digits.is_some() && !(numeric && said.code.len() == digits)) {
            tell(
                problems,
                span.clone(),
                format!("found code {:?}, wanted {digits} digits", said.code),
            );
        }
        let key = self.key(&said.code);
        let codes = self.codes.entry(key.clone()).or_default();
        if codes.iter().any(|other| other.days.meets(days)) {
            tell(
                problems,
                span,
                format!("code {:?} means two things on one day", said.code),
            );
        }
        codes.push(Code {
            code: said.code.clone(),
            label: said.label.clone().unwrap_or_default(),
            value: said.value.clone(),
            becomes: said.becomes.iter().map(|code| code.get_ref().clone()).collect(),
            days,
        });
        for name in said.label.iter().chain(&said.aliases) {
            let keys = self.names.entry(self.name_key(name)).or_default();
            if !keys.contains(&key) {
                keys.push(key.clone());
            }
        }
    }

    fn check_successors(&self, settings: &CodeTableSettings, problems: &mut Vec<Problem>) {
        for code in &settings.codes {
            let Some(last) = code.get_ref().to else {
                if let Some(successor) = code.get_ref().becomes.first() {
                    let message = "a code without a last day becomes nothing".to_owned();
                    tell(problems, successor.span(), message);
                }
                continue;
            };
            for successor in &code.get_ref().becomes {
                let alive = last.0.tomorrow().is_ok_and(|day| {
                    matches!(self.read(successor.get_ref(), When::Day(day)), Reading::Valid(_))
                });
                if !alive {
                    let valid = settings.codes.iter().map(|code| code.get_ref().code.as_str());
                    let near = suggestion(successor.get_ref(), valid);
                    let message = format!(
                        "found {:?}, wanted a code that is valid the day after{near}",
                        successor.get_ref()
                    );
                    tell(problems, successor.span(), message);
                }
            }
        }
    }

    /// The table's name, which stands beside its codes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every code, in no order.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        self.codes.values().flatten()
    }

    /// What a code meant when it was recorded.
    #[must_use]
    pub fn read(&self, code: &str, when: When<'_>) -> Reading<'_> {
        let Some(codes) = self.codes.get(&self.key(code)) else {
            return Reading::Unknown;
        };
        match when {
            When::Day(day) => match codes.iter().find(|code| code.days.holds(day)) {
                Some(code) => Reading::Valid(code),
                None => codes
                    .iter()
                    .rfind(|code| code.days.to < day)
                    .map_or(Reading::Unknown, Reading::Closed),
            },
            When::Edition(version) => match self.editions.iter().find(|(known, _)| known == version) {
                Some((_, days)) => one(codes.iter().filter(|code| code.days.meets(*days))),
                None => one(codes.iter()),
            },
            When::Unsaid => one(codes.iter()),
        }
    }

    /// Whether a code has the form of this table's codes, where the table lists none of them.
    #[must_use]
    pub fn is_unlisted(&self, code: &str) -> bool {
        let padded = self.padded(code);
        let numeric = padded.bytes().all(|byte| byte.is_ascii_digit());
        self.codes.is_empty() && self.digits.is_none_or(|digits| numeric && padded.len() == digits)
    }

    /// Whether there is such an edition. A table without editions has every one.
    #[must_use]
    pub fn has_edition(&self, version: &str) -> bool {
        self.editions.is_empty() || self.editions.iter().any(|(known, _)| known == version)
    }

    /// The edition in force on a day.
    #[must_use]
    pub fn edition_on(&self, day: Date) -> Option<&str> {
        let found = self.editions.iter().find(|(_, days)| days.holds(day));
        found.map(|(version, _)| version.as_str())
    }

    /// The edition that a code was read with, when only one can be meant.
    #[must_use]
    pub fn edition_of<'a>(&'a self, reading: Reading<'a>, when: When<'a>) -> Option<&'a str> {
        match (reading, when) {
            (_, When::Edition(version)) => Some(version),
            (Reading::Closed(code), _) | (Reading::Valid(code), When::Unsaid) => {
                let mut editions = self.editions.iter().filter(|(_, days)| days.meets(code.days));
                let first = editions.next();
                first
                    .filter(|_| editions.next().is_none())
                    .map(|(version, _)| version.as_str())
            }
            (Reading::Valid(_) | Reading::Unknown, When::Day(day)) => self.edition_on(day),
            (Reading::Unsure | Reading::Unknown, _) => None,
        }
    }

    /// The codes of `day` that took the place of what `code` was: itself while it is valid. One for a
    /// change of code; several are candidates, none of which is preferred.
    #[must_use]
    pub fn on_day(&self, code: &Code, day: Date) -> Vec<&Code> {
        let mut found: Vec<&Code> = Vec::new();
        let mut open = vec![code.clone()];
        // A chain of changes is finite: each step goes to later days.
        while let Some(code) = open.pop() {
            if let Some(same) = self
                .codes
                .get(&self.key(&code.code))
                .into_iter()
                .flatten()
                .find(|c| **c == code)
                && same.days.to >= day
            {
                if !found.contains(&same) {
                    found.push(same);
                }
                continue;
            }
            let Ok(next) = code.days.to.tomorrow() else {
                continue;
            };
            for successor in &code.becomes {
                if let Reading::Valid(code) = self.read(successor, When::Day(next)) {
                    open.push(code.clone());
                }
            }
        }
        found.sort_by(|left, right| left.code.cmp(&right.code));
        found
    }

    /// The one code of `day` for a name, old names and aliases included. `None` when there is no such
    /// name, or when it may mean several.
    #[must_use]
    pub fn by_name(&self, name: &str, day: Date) -> Option<&Code> {
        let keys = self.names.get(&self.name_key(name))?;
        let named = keys.iter().filter_map(|key| self.codes.get(key)).flatten();
        let wanted = self.name_key(name);
        let mut found: Vec<&Code> = Vec::new();
        for code in named.filter(|code| self.is_called(code, &wanted)) {
            for code in self.on_day(code, day) {
                if !found.contains(&code) {
                    found.push(code);
                }
            }
        }
        match found.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The one code for a name when it was recorded: of the day; of the edition's last day, or of its first
    /// while it is in force. `None` as for [`Self::by_name`], and when nobody says when.
    #[must_use]
    pub fn named(&self, name: &str, when: When<'_>) -> Option<&Code> {
        let day = match when {
            When::Day(day) => day,
            When::Edition(version) => {
                let (_, days) = self.editions.iter().find(|(known, _)| known == version)?;
                if days.to == Date::MAX { days.from } else { days.to }
            }
            When::Unsaid => return None,
        };
        self.by_name(name, day)
    }

    /// Whether the name may be this entry's: its label, or an alias, which belongs to every entry of a
    /// code that has no label of this name.
    fn is_called(&self, code: &Code, wanted: &str) -> bool {
        let by_label = |code: &Code| self.name_key(&code.label) == *wanted;
        by_label(code)
            || !self
                .codes
                .get(&self.key(&code.code))
                .into_iter()
                .flatten()
                .any(by_label)
    }

    /// A code as the table writes it: with the zeros that a number lost.
    #[must_use]
    pub fn padded(&self, code: &str) -> String {
        let code = code.trim();
        match self.digits {
            Some(digits)
                if !code.is_empty() && code.len() < digits && code.bytes().all(|b| b.is_ascii_digit()) =>
            {
                format!("{code:0>digits$}")
            }
            _ => code.to_owned(),
        }
    }

    fn key(&self, code: &str) -> String {
        text_key(&self.padded(code))
    }

    /// Blanks around hyphens and the words before a name don't matter.
    fn name_key(&self, name: &str) -> String {
        let key = text_key(name).replace(" - ", "-").replace(". ", ".");
        let bare = self
            .prefixes
            .iter()
            .find_map(|prefix| key.strip_prefix(prefix.as_str()));
        bare.map_or(key.as_str(), str::trim).to_owned()
    }
}

fn one<'a>(mut codes: impl Iterator<Item = &'a Code>) -> Reading<'a> {
    match (codes.next(), codes.next()) {
        (None, _) => Reading::Unknown,
        (Some(code), None) => Reading::Valid(code),
        (Some(_), Some(_)) => Reading::Unsure,
    }
}

fn tell(problems: &mut Vec<Problem>, span: Range<usize>, message: String) {
    problems.push(Problem::at(span, message));
}
