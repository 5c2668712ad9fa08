//! What a place of a template can be filled with.

use crate::text::name;

/// An argument of a question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Argument {
    /// `{key}`: the identifier asked for.
    Key,
    /// `{key|number}`: the identifier as a number, without the zeros before it.
    KeyNumber,
    /// `{request_id}`: the id of this question, made for it.
    RequestId,
    /// `{procedure}`: code of the procedure that it is asked for.
    Procedure,
    /// `{dossier}`: code of the dossier.
    Dossier,
    /// `{agency}`: the agency whose system asks, by its certificate.
    Agency,
    /// `{receiving_agency}`: the agency that receives the dossier.
    ReceivingAgency,
    /// `{competent_agency}`: the agency that decides it.
    CompetentAgency,
    /// `{officer}`: the person on whose behalf it is asked.
    Officer,
    /// `{role}`: the officer's role.
    Role,
    /// `{fact.full_name}`, `{fact.birth_date|yyyy-MM-dd}`: a second fact of the key.
    Fact {
        /// Name of the record's field.
        name: String,
        /// How it is written.
        form: FactForm,
    },
    /// `{secret.name}`: what stands in a file that the connection names.
    Secret(String),
}

/// How a second fact is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FactForm {
    /// A text, by a conversion.
    Text(Spelling),
    /// A date: the first of these that it is known well enough for.
    Date(Vec<DateForm>),
}

/// How a name or text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spelling {
    /// NFC, runs of blanks made one.
    Name,
    /// As `Name`, tone marks in the old place.
    NormalName,
    /// As `Name`, in capitals.
    Capitals,
    /// As `NormalName`, in capitals.
    NormalCapitals,
}

/// A date's form: `yyyy`, `MM` and `dd`, each once at most, and what stands between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DateForm(Vec<DatePart>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum DatePart {
    Year,
    Month,
    Day,
    Between(char),
}

const WANTED: &str = "wanted {key}, {request_id}, {procedure}, {dossier}, {agency}, {receiving_agency}, \
                      {competent_agency}, {officer}, {role}, {fact.<field>} or {secret.<name>}, and {{ or }} for a brace";

impl Argument {
    /// What stands between the braces. The error says what was wanted.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "key" => Self::Key,
            "key|number" => Self::KeyNumber,
            "request_id" => Self::RequestId,
            "procedure" => Self::Procedure,
            "dossier" => Self::Dossier,
            "agency" => Self::Agency,
            "receiving_agency" => Self::ReceivingAgency,
            "competent_agency" => Self::CompetentAgency,
            "officer" => Self::Officer,
            "role" => Self::Role,
            _ => {
                if let Some(name) = text.strip_prefix("secret.").filter(|name| is_name(name)) {
                    return Ok(Self::Secret(name.to_owned()));
                }
                let fact = text.strip_prefix("fact.").ok_or(WANTED)?;
                let (name, form) = fact.split_once('|').unwrap_or((fact, "name"));
                if !is_name(name) {
                    return Err(WANTED.to_owned());
                }
                Self::Fact {
                    name: name.to_owned(),
                    form: FactForm::parse(form)?,
                }
            }
        })
    }

    /// Whether it is the identifier.
    pub(crate) fn is_key(&self) -> bool {
        matches!(self, Self::Key | Self::KeyNumber)
    }

    /// Whether all that it can be is letters, digits, dots, underscores, hyphens and, in a date, slashes.
    /// `digits`: whether the identifier is made of digits.
    pub(crate) fn is_plain(&self, digits: bool) -> bool {
        match self {
            Self::Key | Self::KeyNumber => digits,
            Self::RequestId
            | Self::Procedure
            | Self::Dossier
            | Self::Agency
            | Self::ReceivingAgency
            | Self::CompetentAgency => true,
            Self::Fact { form, .. } => matches!(form, FactForm::Date(_)),
            Self::Officer | Self::Role | Self::Secret(_) => false,
        }
    }

    /// What it is called in a file and, where it is missing, in a refusal: a field of the request where it is one.
    pub(crate) fn field(&self) -> String {
        match self {
            Self::Key | Self::KeyNumber => "key".to_owned(),
            Self::RequestId => "request_id".to_owned(),
            Self::Procedure => "context.procedure_code".to_owned(),
            Self::Dossier => "context.dossier_code".to_owned(),
            Self::Agency => "agency".to_owned(),
            Self::ReceivingAgency => "context.receiving_agency".to_owned(),
            Self::CompetentAgency => "context.competent_agency".to_owned(),
            Self::Officer => "officer".to_owned(),
            Self::Role => "role".to_owned(),
            Self::Fact { name, .. } => format!("key.{name}"),
            Self::Secret(name) => format!("secret.{name}"),
        }
    }
}

impl FactForm {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::Text(match text {
            "name" => Spelling::Name,
            "normal_name" => Spelling::NormalName,
            "capitals" => Spelling::Capitals,
            "normal_capitals" => Spelling::NormalCapitals,
            dates => {
                let forms: Option<Vec<_>> = dates.split('|').map(DateForm::parse).collect();
                return forms.map(Self::Date).ok_or_else(|| {
                    "wanted name, normal_name, capitals or normal_capitals for a text, or forms of a date such as \
                     yyyy-MM-dd|yyyy"
                        .to_owned()
                });
            }
        }))
    }
}

impl Spelling {
    /// The text in this spelling.
    pub(crate) fn of(self, text: &str) -> String {
        let plain = || {
            use unicode_normalization::UnicodeNormalization as _;
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            words.nfc().collect::<String>()
        };
        match self {
            Self::Name => plain(),
            Self::NormalName => name::normal_form(text),
            Self::Capitals => plain().to_uppercase(),
            Self::NormalCapitals => name::key(text),
        }
    }
}

impl DateForm {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let part = [
                ("yyyy", DatePart::Year),
                ("MM", DatePart::Month),
                ("dd", DatePart::Day),
            ]
            .into_iter()
            .find_map(|(word, part)| Some((part, rest.strip_prefix(word)?)));
            let (part, after) = match part {
                Some((part, _)) if parts.contains(&part) => return None,
                Some(found) => found,
                None if matches!(next, '-' | '/' | '.') => (DatePart::Between(next), rest.get(1..)?),
                None => return None,
            };
            parts.push(part);
            rest = after;
        }
        parts.contains(&DatePart::Year).then_some(Self(parts))
    }

    /// The date in this form; none when a part of it isn't known.
    pub(crate) fn of(&self, date: crate::text::date::PartialDate) -> Option<String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                DatePart::Year => out.push_str(&format!("{:04}", date.year())),
                DatePart::Month => out.push_str(&format!("{:02}", date.month()?)),
                DatePart::Day => out.push_str(&format!("{:02}", date.day()?)),
                DatePart::Between(sign) => out.push(*sign),
            }
        }
        Some(out)
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::date;

    #[test]
    fn a_date_is_written_in_the_first_form_that_it_is_known_well_enough_for() {
        let argument = Argument::parse("fact.birth_date|yyyy-MM-dd|yyyy").expect("it is one");
        let Argument::Fact {
            form: FactForm::Date(forms),
            ..
        } = argument
        else {
            panic!("no date");
        };
        let written = |text: &str| {
            let date = date::parse(text).ok().flatten().expect("a date").date;
            forms.iter().find_map(|form| form.of(date))
        };
        assert_eq!(written("05/07/1990").as_deref(), Some("1990-07-05"));
        assert_eq!(written("07/1990").as_deref(), Some("1990"));
        assert_eq!(written("1990").as_deref(), Some("1990"));
        let compact = DateForm::parse("yyyyMMdd").expect("a form");
        let year = date::parse("1990").ok().flatten().expect("a date").date;
        assert_eq!(compact.of(year), None);
    }

    #[test]
    fn a_name_is_written_in_the_spelling_that_the_registry_wants() {
        let received = " Nguye\u{302}\u{303}n  Thị Hoà ";
        for (form, written) in [
            ("name", "Nguyễn Thị Hoà"),
            ("normal_name", "Nguyễn Thị Hòa"),
            ("capitals", "NGUYỄN THỊ HOÀ"),
            ("normal_capitals", "NGUYỄN THỊ HÒA"),
        ] {
            let Ok(FactForm::Text(spelling)) = FactForm::parse(form) else {
                panic!("{form}");
            };
            assert_eq!(spelling.of(received), written);
        }
    }

    #[test]
    fn what_is_no_argument_is_refused() {
        for text in [
            "",
            "name",
            " key ",
            "key|text",
            "fact",
            "fact.",
            "fact.Full",
            "fact.full_name|",
            "fact.full_name|upper",
            "fact.birth_date|yy-MM-dd",
            "fact.birth_date|MM-dd",
            "fact.birth_date|yyyy-yyyy",
            "fact.birth_date|yyyy-MM-dd|name",
            "fact.birth_date|yyyy\r\nMM",
            "secret.",
            "secret.a b",
            "officer|name",
        ] {
            assert!(Argument::parse(text).is_err(), "{text}");
        }
    }
}
