//! What the requests of a registry's file want to know of the call that they are made for.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use prost_reflect::{Kind, MessageDescriptor};
use toml::Spanned;

use super::argument::{Argument, FactForm};
use super::arguments::{Arguments, Secrets};
use super::template::Template;
use crate::check::{Problem, Records};
use crate::error::Error;
use crate::mapping::{Key, fitting, suggestion};
use crate::registry::{ChangeSink, Found, Question, Registry};
use crate::settings::{Routes, Scope};

const DATE: &str = "lienthong.lookup.v1.PartialDate";

/// One request as it stands in the file.
pub(crate) struct Written<'a> {
    pub(crate) record: &'a str,
    pub(crate) key: &'a str,
    pub(crate) texts: Vec<WrittenText<'a>>,
}

/// A text of a request that may hold places.
pub(crate) struct WrittenText<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
    /// Whether it is a header.
    pub(crate) header: bool,
}

impl<'a> WrittenText<'a> {
    pub(crate) fn new(text: &'a Spanned<String>) -> Self {
        Self {
            text: text.get_ref(),
            span: text.span(),
            header: false,
        }
    }

    pub(crate) fn header(text: &'a Spanned<String>) -> Self {
        Self {
            header: true,
            ..Self::new(text)
        }
    }

    /// Every text of a JSON value.
    pub(crate) fn of_json(value: &'a Spanned<serde_json::Value>) -> Vec<Self> {
        fn collect<'a>(value: &'a serde_json::Value, out: &mut Vec<&'a str>) {
            match value {
                serde_json::Value::String(text) => out.push(text),
                serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
                serde_json::Value::Object(members) => members.values().for_each(|value| collect(value, out)),
                _ => {}
            }
        }
        let mut texts = Vec::new();
        collect(value.get_ref(), &mut texts);
        let at = |text| Self {
            text,
            span: value.span(),
            header: false,
        };
        texts.into_iter().map(at).collect()
    }

    /// What stands in its places. What is wrong with it is told where it is read to be filled.
    fn arguments(&self) -> Vec<Argument> {
        let template = Template::parse(self.text).ok();
        template.map_or_else(Vec::new, |template| template.arguments().cloned().collect())
    }
}

/// A connection's requests and its secrets.
type Connection<'a> = (Vec<Written<'a>>, &'a BTreeMap<String, Spanned<String>>);

fn connections(routes: &Routes) -> Vec<Connection<'_>> {
    match routes {
        #[cfg(feature = "grpc")]
        Routes::Grpc(routes) => {
            let all = routes.iter().map(|route| route.connection.get_ref());
            all.map(|connection| (connection.written(), &connection.secrets))
                .collect()
        }
        #[cfg(feature = "rest")]
        Routes::Rest(routes) => {
            let all = routes.iter().map(|route| route.connection.get_ref());
            all.map(|connection| (connection.written(), &connection.secrets))
                .collect()
        }
        #[cfg(feature = "soap")]
        Routes::Soap(routes) => {
            let all = routes.iter().map(|route| route.connection.get_ref());
            all.map(|connection| (connection.written(), &connection.secrets))
                .collect()
        }
        #[cfg(feature = "embedded")]
        Routes::Embedded(_) => Vec::new(),
        #[cfg(feature = "postgres")]
        Routes::Postgres(_) => Vec::new(),
    }
}

/// Whether a request of any route wants to know of the call.
#[cfg(any(feature = "rest", feature = "soap"))]
pub(crate) fn of_call(routes: &Routes) -> bool {
    let connections = connections(routes);
    let texts = connections
        .iter()
        .flat_map(|(requests, _)| requests)
        .flat_map(|request| &request.texts);
    texts
        .flat_map(WrittenText::arguments)
        .any(|argument| narrowest(&argument) != Scope::Shared)
}

/// The widest scope of kept answers that an argument allows: an answer may depend on it, so who shares the answer
/// shares the argument.
fn narrowest(argument: &Argument) -> Scope {
    match argument {
        Argument::Key | Argument::KeyNumber | Argument::RequestId | Argument::Secret(_) => Scope::Shared,
        Argument::Agency => Scope::PerAgency,
        Argument::Procedure
        | Argument::Dossier
        | Argument::ReceivingAgency
        | Argument::CompetentAgency
        | Argument::Officer
        | Argument::Role
        | Argument::Fact { .. } => Scope::PerCase,
    }
}

/// What is wrong with the places of the requests.
pub(crate) fn check(routes: &Routes, scope: Scope, records: &Records, problems: &mut Vec<Problem>) {
    for (requests, secrets) in connections(routes) {
        let mut unused: BTreeMap<_, _> = secrets.iter().collect();
        for request in &requests {
            let record = records.get(request.record);
            for text in &request.texts {
                let mut tell = |message: String| problems.push(Problem::at(text.span.clone(), message));
                for argument in text.arguments() {
                    check_scope(&argument, scope, &mut tell);
                    match (&argument, record) {
                        (Argument::Secret(name), _) => {
                            unused.remove(name);
                            if !secrets.contains_key(name) {
                                let near = suggestion(name, secrets.keys().map(String::as_str));
                                tell(format!("found {{secret.{name}}}, wanted a name of secrets{near}"));
                            }
                        }
                        (Argument::Fact { name, form }, Some(record)) => {
                            check_fact(name, form, &record.descriptor, &mut tell);
                        }
                        (Argument::KeyNumber, Some(record)) => {
                            let of_digits = |key: &Key| {
                                let field = record.descriptor.get_field(key.number);
                                field.is_some_and(|field| field.name() == request.key) && key.digits.is_some()
                            };
                            if !record.plan.keys.iter().any(of_digits) {
                                tell(
                                    "found {key|number}, wanted it only for an identifier with digits = …"
                                        .to_owned(),
                                );
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        for (name, file) in unused {
            problems.push(Problem::at(
                file.span(),
                format!("no request has {{secret.{name}}}, wanted it in one of them"),
            ));
        }
    }
}

fn check_scope(argument: &Argument, scope: Scope, tell: &mut impl FnMut(String)) {
    let (fits, wanted) = match narrowest(argument) {
        Scope::Shared => (true, ""),
        Scope::PerAgency => (scope != Scope::Shared, "\"per-agency\" or \"per-case\""),
        Scope::PerCase => (scope == Scope::PerCase, "\"per-case\""),
    };
    if !fits {
        tell(format!(
            "found {} in a request and answers that others share, wanted scope = {wanted} in [cache]: the answer may \
             depend on it",
            argument.field()
        ));
    }
}

fn check_fact(name: &str, form: &FactForm, record: &MessageDescriptor, tell: &mut impl FnMut(String)) {
    let facts = facts(record);
    let field = record
        .get_field_by_name(name)
        .filter(|_| facts.iter().any(|fact| fact == name));
    let Some(field) = field else {
        let near = suggestion(name, facts.iter().map(String::as_str));
        tell(format!(
            "found {{fact.{name}}}, wanted a second fact that a lookup of {} is asked with{near}",
            record.full_name()
        ));
        return;
    };
    match (field.kind(), form) {
        (Kind::String, FactForm::Text(_)) => {}
        (Kind::Message(message), FactForm::Date(_)) if message.full_name() == DATE => {}
        (Kind::String, FactForm::Date(_)) => {
            tell(format!(
                "{name} is a text, wanted name, normal_name, capitals or normal_capitals for it"
            ));
        }
        (Kind::Message(message), FactForm::Text(_)) if message.full_name() == DATE => {
            tell(format!(
                "{name} is a date, wanted its forms, such as {{fact.{name}|yyyy-MM-dd|yyyy}}"
            ));
        }
        _ => tell(format!(
            "{name} is neither a text nor a date, wanted one of these"
        )),
    }
}

/// The second facts that lookups of a record can be asked with.
fn facts(record: &MessageDescriptor) -> Vec<String> {
    let mut facts = Vec::new();
    for service in record.parent_pool().services() {
        for method in service.methods() {
            let lookup = proto::rules::lookup_method(&method);
            if lookup.is_none_or(|lookup| lookup.record != record.full_name()) {
                continue;
            }
            let item = |message: &MessageDescriptor| match message.get_field(2)?.kind() {
                Kind::Message(inner) => Some(inner),
                _ => None,
            };
            let input = method.input();
            let request = if method.is_server_streaming() {
                item(&input)
            } else {
                Some(input)
            };
            let Some(key) = request.as_ref().and_then(item) else {
                continue;
            };
            let named = key.fields().filter(|field| field.number() != 1);
            facts.extend(named.map(|field| field.name().to_owned()));
        }
    }
    facts
}

/// Asks the registry inside only where the call has all that one of its routes may want to be asked with: it isn't
/// told of a question that can't be put, and none of its routes is held well or ill for one.
pub(crate) struct Complete<R> {
    inner: R,
    records: HashMap<Arc<str>, Wanted>,
}

/// For each identifier of a record: what its requests want, and whether in a header.
struct Wanted {
    keys: Vec<Key>,
    arguments: Vec<Vec<(Argument, bool)>>,
}

impl<R> Complete<R> {
    pub(crate) fn new(inner: R, routes: &Routes, records: &Records) -> Self {
        let connections = connections(routes);
        let requests: Vec<_> = connections.iter().flat_map(|(requests, _)| requests).collect();
        let of_key = |name: &str, descriptor: &MessageDescriptor, key: &Key| {
            let field = descriptor.get_field(key.number);
            let of_it = requests.iter().filter(|request| {
                request.record == name && field.as_ref().is_some_and(|field| field.name() == request.key)
            });
            let mut wanted = Vec::new();
            for text in of_it.flat_map(|request| &request.texts) {
                let arguments = text.arguments().into_iter();
                let of_call = arguments.filter(|argument| narrowest(argument) != Scope::Shared);
                wanted.extend(of_call.map(|argument| (argument, text.header)));
            }
            wanted
        };
        let records = records.iter().map(|(name, record)| {
            let keys = record.plan.keys.clone();
            let arguments = keys
                .iter()
                .map(|key| of_key(name, &record.descriptor, key))
                .collect();
            (Arc::clone(name), Wanted { keys, arguments })
        });
        Self {
            inner,
            records: records.collect(),
        }
    }

    fn check(&self, question: &Question) -> Result<(), Error> {
        let wanted = self.records.get(&question.record).and_then(|wanted| {
            let (place, _) = fitting(&wanted.keys, &question.key)?;
            wanted.arguments.get(place)
        });
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
            return Ok(());
        };
        let none = Secrets::default();
        let arguments = Arguments::new(&question.key, "", question.call.as_deref(), &none);
        for (argument, header) in wanted {
            if !arguments.of(argument)?.is_ascii() && *header {
                return Err(Error::Wanting {
                    what: argument.field(),
                });
            }
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl<R: Registry> Registry for Complete<R> {
    async fn look_up(&self, question: Question) -> Result<Found, Error> {
        self.check(&question)?;
        self.inner.look_up(question).await
    }

    async fn check(&self) -> Result<(), Error> {
        self.inner.check().await
    }

    fn check_asks(&self) -> bool {
        self.inner.check_asks()
    }

    fn has_health(&self) -> bool {
        self.inner.has_health()
    }

    async fn tend(&self) -> Option<Duration> {
        self.inner.tend().await
    }

    fn follow_changes(&self, tell: ChangeSink) {
        self.inner.follow_changes(tell);
    }
}
