//! A lookup request, read from its bytes without copying.

use std::sync::Arc;

use adapters::text;
use proto::lookup::v1::{Operation, Step};

use super::claims;
use super::mask::MaskError;
use super::method::Method;
use super::schema::canonical_identifier;
use super::view::{Leaves, Names, View};
use super::wire::{self, Garbled, Value};
use crate::status::{Reason, Refusal};

/// Most items of one stream request.
pub const MAX_ITEMS: usize = 100;

/// The parts of a lookup request, as they stand in its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// `LookupContext`.
    pub context: Option<&'a [u8]>,
    /// The key message.
    pub key: Option<&'a [u8]>,
    /// The read mask of a get, or the claims of a confirm or check.
    pub body: &'a [u8],
    /// Oldest answer that is of use, in microseconds.
    pub max_age_micros: Option<i64>,
    /// Whether the receipt is asked for.
    pub with_receipt: bool,
}

impl<'a> Parts<'a> {
    /// Reads a unary request.
    pub fn read(request: &'a [u8]) -> Result<Self, Garbled> {
        let mut parts = Self::default();
        for field in wire::fields(request) {
            let field = field?;
            match field.number {
                1 => parts.context = Some(field.value.bytes()?),
                2 => parts.key = Some(field.value.bytes()?),
                3 => parts.body = field.value.bytes()?,
                4 => parts.max_age_micros = Some(duration_micros(field.value.bytes()?)?),
                5 => parts.with_receipt = field.value.varint()? != 0,
                _ => {}
            }
        }
        Ok(parts)
    }

    /// Reads a stream request: one set of parts an item, with the context of the whole.
    pub fn read_items(request: &'a [u8]) -> Result<Vec<Self>, Garbled> {
        let whole = Self {
            key: None,
            ..Self::read(request)?
        };
        let mut items = Vec::new();
        for field in wire::fields(request) {
            let field = field?;
            if field.number == 2 {
                let item = Self::read(field.value.bytes()?)?;
                items.push(Self {
                    key: item.key,
                    body: item.body,
                    ..whole
                });
            }
        }
        Ok(items)
    }
}

/// What the caller says of why and for whom it asks. Read before anything is decided, so that a
/// refusal's entry holds it too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Procedure code, `d.dddddd`.
    pub procedure: String,
    /// Dossier code.
    pub dossier: String,
    /// Component of the dossier.
    pub component: String,
    /// Step of the dossier.
    pub step: Step,
    /// Receiving agency.
    pub receiving_agency: String,
    /// Competent agency.
    pub competent_agency: String,
}

impl Context {
    /// Reads and checks a `LookupContext`; every part but the component is needed.
    pub fn read(bytes: Option<&[u8]>) -> Result<Self, Refusal> {
        let bytes = bytes.ok_or_else(|| incomplete("context"))?;
        let mut context = Self::default();
        for field in wire::fields(bytes) {
            let field = field.map_err(|_| malformed("context"))?;
            match field.number {
                1 => {
                    context.procedure = text::procedure_code::parse(text_of(field.value, "procedure_code")?)
                        .map_err(|_| malformed("context.procedure_code"))?
                        .as_str()
                        .to_owned();
                }
                2 => {
                    let received = text_of(field.value, "dossier_code")?;
                    text::dossier_code::parse(received).map_err(|_| malformed("context.dossier_code"))?;
                    context.dossier = received.trim().to_owned();
                }
                3 => {
                    let received = text_of(field.value, "component")?;
                    if !is_component(received) {
                        return Err(malformed("context.component"));
                    }
                    context.component = received.to_owned();
                }
                4 => {
                    let number = field.value.varint().map_err(|_| malformed("context.step"))?;
                    context.step = i32::try_from(number)
                        .ok()
                        .and_then(|number| Step::try_from(number).ok())
                        .ok_or_else(|| malformed("context.step"))?;
                }
                5 => context.receiving_agency = agency(field.value, "receiving_agency")?,
                6 => context.competent_agency = agency(field.value, "competent_agency")?,
                _ => {}
            }
        }
        context.complete()
    }

    /// The step's word in agreements and in the log.
    pub fn step_word(&self) -> &'static str {
        step_word(self.step)
    }

    fn complete(self) -> Result<Self, Refusal> {
        let missing = [
            (self.procedure.is_empty(), "context.procedure_code"),
            (self.dossier.is_empty(), "context.dossier_code"),
            (self.step == Step::Unspecified, "context.step"),
            (self.receiving_agency.is_empty(), "context.receiving_agency"),
            (self.competent_agency.is_empty(), "context.competent_agency"),
        ];
        match missing.into_iter().find(|(is_missing, _)| *is_missing) {
            Some((_, field)) => Err(incomplete(field)),
            None => Ok(self),
        }
    }
}

/// Whether a text can name a component of a dossier. It is logged in clear, so the 9 or 12 digits of a
/// person's number don't fit in.
fn is_component(text: &str) -> bool {
    const MOST_DIGITS: usize = 8;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.len() <= 100 && digits <= MOST_DIGITS && text.chars().all(plain)
}

/// The word of a step in agreements and in the log; empty when unspecified.
pub fn step_word(step: Step) -> &'static str {
    match step {
        Step::Receiving => "receiving",
        Step::Deciding => "deciding",
        Step::Unspecified => "",
    }
}

/// What is asked of which subject.
#[derive(Debug)]
pub struct Query<'a> {
    /// The canonical identifier. Personal: it goes to the adapter and into the pseudonym, nowhere else.
    pub identifier: String,
    /// The key as it came.
    pub key: &'a [u8],
    /// The second facts given, by index in the method's key plan.
    pub facts: Vec<(usize, Value<'a>)>,
    /// The fields asked: of the mask, or of the claims. `None`: all that the agreement lists.
    pub asked: Option<Asked>,
    /// Their names.
    pub fields_asked: Option<Names>,
    /// The claims of a confirm or check.
    pub claims: &'a [u8],
}

/// Fields asked for.
#[derive(Debug)]
pub enum Asked {
    /// By a read mask, compiled.
    Mask(Arc<View>),
    /// By claims.
    Claims(Leaves),
}

impl<'a> Query<'a> {
    /// Reads what is asked, by the method's plan.
    pub fn read(method: &Method, parts: &Parts<'a>) -> Result<Self, Refusal> {
        let key = parts.key.ok_or_else(|| incomplete("key"))?;
        let mut identifier = None;
        let mut facts = Vec::new();
        for field in wire::fields(key) {
            let field = field.map_err(|_| malformed("key"))?;
            if field.number == 1 {
                let received = field.value.text().map_err(|_| malformed("key"))?;
                identifier = Some(canonical_identifier(method.key.rule, received).map_err(|why| {
                    Refusal::new(
                        Reason::Malformed,
                        format!("key.{} is not well formed: {why}", method.key.identifier),
                    )
                    .naming(format!("key.{}", method.key.identifier))
                })?);
            } else if let Some(at) = method
                .key
                .facts
                .iter()
                .position(|fact| fact.number == field.number)
            {
                let fact = method.key.facts.get(at).ok_or_else(|| malformed("key"))?;
                if !fact.well_formed(field.value) {
                    return Err(malformed(&format!("key.{}", fact.name)));
                }
                facts.push((at, field.value));
            }
        }
        let identifier = identifier.ok_or_else(|| incomplete(&format!("key.{}", method.key.identifier)))?;
        let (asked, claims) = match method.operation {
            Operation::Get => (mask(method, parts.body)?.map(Asked::Mask), &[][..]),
            _ => (Some(Asked::Claims(claimed(method, parts.body)?)), parts.body),
        };
        let fields_asked = asked.as_ref().map(|asked| match asked {
            Asked::Mask(view) => view.listed().clone(),
            Asked::Claims(leaves) => method.record.names(leaves),
        });
        Ok(Self {
            identifier,
            key,
            facts,
            asked,
            fields_asked,
            claims,
        })
    }
}

fn mask(method: &Method, mask: &[u8]) -> Result<Option<Arc<View>>, Refusal> {
    if mask.is_empty() {
        return Ok(None);
    }
    method
        .masks
        .view(&method.record, mask)
        .map_err(|error| match error {
            MaskError::Garbled => malformed("read_mask"),
            // The path is the caller's own text and is not reflected: it could hold anything.
            MaskError::Unknown(unknown) => Refusal::new(
                Reason::UnknownField,
                format!("read_mask names a field that {} does not have", unknown.record),
            )
            .naming("read_mask"),
        })
}

fn claimed(method: &Method, bytes: &[u8]) -> Result<Leaves, Refusal> {
    let assume = method.operation == Operation::Check;
    claims::asked(&method.record, bytes, assume).map_err(|error| {
        let reason = match error {
            claims::ClaimsError::Empty => Reason::Incomplete,
            claims::ClaimsError::UnknownField | claims::ClaimsError::NotClaimable(_) => Reason::UnknownField,
            _ => Reason::Malformed,
        };
        Refusal::new(reason, error.to_string()).naming("claims")
    })
}

fn duration_micros(bytes: &[u8]) -> Result<i64, Garbled> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    for field in wire::fields(bytes) {
        let field = field?;
        match field.number {
            1 => seconds = field.value.varint()?.cast_signed(),
            2 => nanos = field.value.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok(seconds
        .saturating_mul(1_000_000)
        .saturating_add(nanos / 1_000)
        .max(0))
}

fn text_of<'a>(value: Value<'a>, field: &str) -> Result<&'a str, Refusal> {
    value.text().map_err(|_| malformed(&format!("context.{field}")))
}

fn agency(value: Value<'_>, field: &str) -> Result<String, Refusal> {
    text::agency_code::parse(text_of(value, field)?)
        .map(|code| code.as_str().to_owned())
        .map_err(|_| malformed(&format!("context.{field}")))
}

fn incomplete(field: &str) -> Refusal {
    Refusal::new(Reason::Incomplete, format!("{field} is missing")).naming(field)
}

fn malformed(field: &str) -> Refusal {
    Refusal::new(Reason::Malformed, format!("{field} is not well formed")).naming(field)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message as _;
    use proto::lookup::v1::LookupContext;
    use proto::population::v1::{CitizenKey, GetCitizenRequest};

    use super::*;

    fn get_citizen() -> Arc<Method> {
        super::super::method::methods(&proto::descriptors()).expect("all compile")
            ["/lienthong.population.v1.PopulationService/GetCitizen"]
            .clone()
    }

    fn context() -> LookupContext {
        LookupContext {
            procedure_code: "2.001478.000.00.00.H29".into(),
            dossier_code: "H29.12-261105-0001".into(),
            component: "identity".into(),
            step: Step::Receiving.into(),
            receiving_agency: "H29.12".into(),
            competent_agency: "000.00.00.H29".into(),
        }
    }

    #[test]
    fn the_context_comes_in_canonical_form() {
        let bytes = context().encode_to_vec();
        let read = Context::read(Some(&bytes)).expect("complete");
        assert_eq!(
            (read.procedure.as_str(), read.competent_agency.as_str()),
            ("2.001478", "H29")
        );
    }

    #[test]
    fn each_missing_or_malformed_part_of_the_context_is_named() {
        let refused = |change: fn(&mut LookupContext)| {
            let mut context = context();
            change(&mut context);
            let refusal = Context::read(Some(&context.encode_to_vec())).expect_err("refused");
            (refusal.reason, refusal.clause.expect("named"))
        };
        assert_eq!(
            Context::read(None).expect_err("refused").reason,
            Reason::Incomplete
        );
        assert_eq!(
            refused(|c| c.procedure_code.clear()),
            (Reason::Incomplete, "context.procedure_code".to_owned())
        );
        assert_eq!(
            refused(|c| c.dossier_code = "H29.12_251231_0001".into()),
            (Reason::Malformed, "context.dossier_code".to_owned())
        );
        assert_eq!(
            refused(|c| c.step = 0),
            (Reason::Incomplete, "context.step".to_owned())
        );
        assert_eq!(
            refused(|c| c.step = 9),
            (Reason::Malformed, "context.step".to_owned())
        );
        assert_eq!(
            refused(|c| c.receiving_agency = "nowhere".into()),
            (Reason::Malformed, "context.receiving_agency".to_owned())
        );
        assert_eq!(
            refused(|c| c.component = "a\nb".into()),
            (Reason::Malformed, "context.component".to_owned())
        );
    }

    /// What the log keeps of a context stands there in clear (rule 6).
    #[test]
    fn no_part_of_the_context_holds_the_number_of_a_person() {
        for number in ["079090123456", "024123456"] {
            for (at, field) in [
                "dossier_code",
                "component",
                "receiving_agency",
                "competent_agency",
            ]
            .into_iter()
            .enumerate()
            {
                let mut context = context();
                match at {
                    0 => context.dossier_code = format!("H29.12-261105-{number}"),
                    1 => context.component = format!("copy-of-{number}"),
                    2 => context.receiving_agency = format!("H29.{number}"),
                    _ => context.competent_agency = format!("H29.{number}"),
                }
                let refusal = Context::read(Some(&context.encode_to_vec())).expect_err(field);
                assert_eq!(refusal.reason, Reason::Malformed, "{field}");
                assert!(!refusal.message.contains(number), "{field}");
            }
        }
    }

    #[test]
    fn a_malformed_identifier_is_refused_without_being_repeated() {
        let key = CitizenKey {
            personal_id: "79090123456".into(),
            ..Default::default()
        }
        .encode_to_vec();
        let parts = Parts {
            key: Some(&key),
            ..Default::default()
        };
        let refusal = Query::read(&get_citizen(), &parts).expect_err("eleven digits");
        assert_eq!(refusal.reason, Reason::Malformed);
        assert!(!refusal.message.contains("79090123456"), "{}", refusal.message);
    }

    #[test]
    fn a_mask_that_names_no_field_is_refused_without_being_repeated() {
        let request = GetCitizenRequest {
            key: Some(CitizenKey {
                personal_id: "079090123456".into(),
                ..Default::default()
            }),
            read_mask: Some(prost_types::FieldMask {
                paths: vec!["<script>".into()],
            }),
            ..Default::default()
        }
        .encode_to_vec();
        let parts = Parts::read(&request).expect("well formed");
        let refusal = Query::read(&get_citizen(), &parts).expect_err("no such field");
        assert_eq!(refusal.reason, Reason::UnknownField);
        assert!(!refusal.message.contains("script"));
    }

    proptest! {
        #[test]
        fn any_request_bytes_are_read_or_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(parts) = Parts::read(&bytes) {
                let _ = Context::read(parts.context);
                let _ = Query::read(&get_citizen(), &parts);
            }
            let _ = Parts::read_items(&bytes);
        }
    }
}
