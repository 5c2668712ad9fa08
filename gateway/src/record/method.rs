//! Lookup methods: every RPC whose descriptor carries the lookup option, and how its request is read.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use proto::lookup::v1::{MatchRule, Operation, Verdict};

use super::compare::{compare, date, well_formed};
use super::mask::Masks;
use super::schema::{Schema, SchemaError};
use super::wire::{self, Garbled, Value};

/// The lookup methods, by path.
pub type Methods = Arc<HashMap<Arc<str>, Arc<Method>>>;

/// One lookup RPC.
#[derive(Debug)]
pub struct Method {
    /// `/package.Service/Method`.
    pub path: Arc<str>,
    /// The registry that answers.
    pub registry: Arc<str>,
    /// What is done with the record.
    pub operation: Operation,
    /// The operation's word in agreements and in the log.
    pub operation_word: &'static str,
    /// The record type that it is about.
    pub record: Arc<Schema>,
    /// The answer is asked from the registry each time.
    pub never_cached: bool,
    /// The answer is a stream of items.
    pub streaming: bool,
    /// How its key is read.
    pub key: KeyPlan,
    /// The read masks seen so far.
    pub masks: Masks,
}

/// How the key of a request is read.
#[derive(Debug)]
pub struct KeyPlan {
    /// Name of the identifier's field.
    pub identifier: Arc<str>,
    /// Rule of the identifier.
    pub rule: MatchRule,
    /// The second facts that can stand beside it.
    pub facts: Vec<Fact>,
    /// A record of those facts that are nobody's: what is compared where there is no record, so that
    /// the comparison takes the same time.
    pub nobody: Vec<u8>,
}

/// A second fact of a key.
#[derive(Debug)]
pub struct Fact {
    /// Field number in the key message.
    pub number: u32,
    /// Field number in the record.
    pub recorded_at: u32,
    /// How the two are compared.
    pub rule: MatchRule,
    /// Name, the same on both sides.
    pub name: Arc<str>,
}

/// A lookup method that can't be served as declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// The record type of the option does not exist.
    #[error("method {method} is about {record}, which no .proto file defines")]
    UnknownRecord {
        /// The method.
        method: String,
        /// The record type it names.
        record: String,
    },
    /// The request or response breaks the fixed field numbers.
    #[error("method {method}: {what}")]
    Shape {
        /// The method.
        method: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The record type can't be compiled.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

/// The lookup methods of a descriptor pool, by path. Methods about one record share its schema.
pub fn methods(pool: &DescriptorPool) -> Result<HashMap<Arc<str>, Arc<Method>>, MethodError> {
    let mut schemas: HashMap<String, Arc<Schema>> = HashMap::new();
    let mut found = HashMap::new();
    for service in pool.services() {
        for method in service.methods() {
            let Some(lookup) = proto::rules::lookup_method(&method) else {
                continue;
            };
            let schema = match schemas.get(&lookup.record) {
                Some(schema) => schema.clone(),
                None => {
                    let message = pool.get_message_by_name(&lookup.record).ok_or_else(|| {
                        MethodError::UnknownRecord {
                            method: method.full_name().to_owned(),
                            record: lookup.record.clone(),
                        }
                    })?;
                    let schema = Arc::new(Schema::compile(&message)?);
                    schemas.insert(lookup.record.clone(), schema.clone());
                    schema
                }
            };
            let path: Arc<str> = format!("/{}/{}", service.full_name(), method.name()).into();
            let key = KeyPlan::compile(&method, &schema)?;
            found.insert(
                path.clone(),
                Arc::new(Method {
                    path,
                    registry: lookup.registry.as_str().into(),
                    operation: lookup.operation(),
                    operation_word: operation_word(lookup.operation()),
                    record: schema,
                    never_cached: lookup.never_cached,
                    streaming: method.is_server_streaming(),
                    key,
                    masks: Masks::default(),
                }),
            );
        }
    }
    Ok(found)
}

/// The word of an operation in agreements and in the log.
pub fn operation_word(operation: Operation) -> &'static str {
    match operation {
        Operation::Get => "get",
        Operation::Confirm => "confirm",
        Operation::Check => "check",
        Operation::Unspecified => "unspecified",
    }
}

impl KeyPlan {
    fn compile(method: &MethodDescriptor, schema: &Schema) -> Result<Self, MethodError> {
        let shape = |what| MethodError::Shape {
            method: method.full_name().to_owned(),
            what,
        };
        let mut request = method.input();
        if method.is_server_streaming() {
            request = message_at(&request, 2).ok_or_else(|| shape("a stream request has its items at 2"))?;
        }
        let key = message_at(&request, 2).ok_or_else(|| shape("a request has its key at 2"))?;
        let identifier = key
            .get_field(1)
            .ok_or_else(|| shape("a key has its identifier at 1"))?;
        let facts = key
            .fields()
            .filter(|field| field.number() != 1)
            .map(|field| {
                let recorded = schema
                    .field(field.name())
                    .ok_or_else(|| shape("a second fact must have the name of a field of the record"))?;
                Ok(Fact {
                    number: field.number(),
                    recorded_at: recorded.number,
                    rule: proto::rules::field_rule(&field).r#match(),
                    name: field.name().into(),
                })
            })
            .collect::<Result<Vec<Fact>, MethodError>>()?;
        let nobody = nobody(&facts);
        let rule = proto::rules::field_rule(&identifier).r#match();
        Ok(Self {
            identifier: identifier.name().into(),
            rule,
            facts,
            nobody,
        })
    }
}

impl Fact {
    /// Whether a claimed second fact has the form that its rule compares.
    pub fn well_formed(&self, claimed: Value<'_>) -> bool {
        well_formed(self.rule, claimed)
    }

    /// Whether the registry confirms this fact.
    ///
    /// A name without its marks does not fit. A date fits when it agrees as far as the *registry* knows
    /// it: a caller who gives less than the registry knows could walk through the years.
    pub fn fits(&self, claimed: Value<'_>, record: &[u8]) -> Result<bool, Garbled> {
        let mut recorded = None;
        for field in wire::fields(record) {
            let field = field?;
            if field.number == self.recorded_at {
                recorded = Some(field.value);
            }
        }
        let Some(recorded) = recorded else {
            return Ok(false);
        };
        Ok(match compare(self.rule, claimed, recorded)? {
            Verdict::Agree => true,
            Verdict::Partial => {
                let (claimed, recorded) = (date(claimed)?, date(recorded)?);
                (claimed.month().is_some() || recorded.month().is_none())
                    && (claimed.day().is_some() || recorded.day().is_none())
            }
            _ => false,
        })
    }
}

/// A record that holds, for each fact, a value of the usual length that fits no honest claim.
fn nobody(facts: &[Fact]) -> Vec<u8> {
    let mut record = Vec::new();
    for fact in facts {
        match fact.rule {
            MatchRule::Date => {
                let mut date = Vec::new();
                for (number, part) in [(1, 1_800), (2, 1), (3, 1)] {
                    wire::put_varint(&mut date, number, part);
                }
                wire::put_bytes(&mut record, fact.recorded_at, &date);
            }
            _ => wire::put_bytes(&mut record, fact.recorded_at, "KHÔNG CÓ NGƯỜI NÀY".as_bytes()),
        }
    }
    record
}

fn message_at(message: &MessageDescriptor, number: u32) -> Option<MessageDescriptor> {
    message.get_field(number)?.kind().as_message().cloned()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::lookup::v1::PartialDate;
    use proto::population::v1::Citizen;

    use super::*;

    #[test]
    fn every_built_in_lookup_method_compiles() {
        let methods = methods(&proto::descriptors()).expect("all compile");
        assert_eq!(methods.len(), 9);
        let get = &methods["/lienthong.population.v1.PopulationService/GetCitizen"];
        assert_eq!(
            (get.operation, get.streaming, get.key.facts.len()),
            (Operation::Get, false, 2)
        );
        assert!(methods["/lienthong.population.v1.PopulationService/BatchConfirmCitizens"].streaming);
        assert!(methods["/lienthong.criminalrecord.v1.CriminalRecordService/VerifyCertificate"].never_cached);
    }

    #[test]
    fn the_record_of_nobody_can_be_compared_and_fits_no_fact() {
        let methods = methods(&proto::descriptors()).expect("all compile");
        let date = PartialDate {
            year: 1990,
            month: 7,
            day: 5,
        };
        for key in methods.values().map(|method| &method.key) {
            for fact in &key.facts {
                let claimed = match fact.rule {
                    MatchRule::Date => date.encode_to_vec(),
                    MatchRule::PersonalId => b"001090000011".to_vec(),
                    _ => "NGUYỄN VĂN AN".as_bytes().to_vec(),
                };
                assert_eq!(
                    fact.fits(Value::Bytes(&claimed), &key.nobody),
                    Ok(false),
                    "{}",
                    fact.name
                );
            }
        }
    }

    #[test]
    fn a_year_alone_fits_only_where_the_registry_knows_no_more() {
        let methods = methods(&proto::descriptors()).expect("all compile");
        let key = &methods["/lienthong.population.v1.PopulationService/GetCitizen"].key;
        let fact = key
            .facts
            .iter()
            .find(|fact| &*fact.name == "birth_date")
            .expect("declared");
        let fits = |claimed: (i32, i32, i32), recorded: (i32, i32, i32)| {
            let date = |(year, month, day)| PartialDate { year, month, day };
            let record = Citizen {
                birth_date: Some(date(recorded)),
                ..Default::default()
            }
            .encode_to_vec();
            fact.fits(Value::Bytes(&date(claimed).encode_to_vec()), &record)
                .expect("well formed")
        };
        assert!(fits((1990, 7, 5), (1990, 7, 5)));
        assert!(fits((1990, 7, 5), (1990, 0, 0)));
        assert!(fits((1990, 0, 0), (1990, 0, 0)));
        assert!(!fits((1990, 0, 0), (1990, 7, 5)));
        assert!(!fits((1990, 7, 6), (1990, 7, 5)));
    }
}
