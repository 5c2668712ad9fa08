//! What a lookup method has to be: `LookupMethod` in options.proto says which number holds what.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::{Checking, record};
use crate::lookup::v1::{MatchRule, Operation};
use crate::rules::{field_rule, lookup_method};

const OPTION: &str = "(lienthong.lookup.v1.lookup)";
const CONTEXT: &str = "lienthong.lookup.v1.LookupContext";
const PROVENANCE: &str = "lienthong.lookup.v1.Provenance";
const RECEIPT: &str = "lienthong.lookup.v1.Receipt";
const VERDICT: &str = "lienthong.lookup.v1.ClaimVerdict";
const REFUSAL: &str = "lienthong.lookup.v1.Refusal";
const DURATION: &str = "google.protobuf.Duration";
const FIELD_MASK: &str = "google.protobuf.FieldMask";

/// The key message of a lookup method, wherever it stands.
pub(super) fn key_of(method: &MethodDescriptor) -> Option<MessageDescriptor> {
    let request = method.input();
    let holder = match method.is_server_streaming() {
        true => message_at(&request, 2)?,
        false => request,
    };
    message_at(&holder, 2)
}

fn message_at(message: &MessageDescriptor, number: u32) -> Option<MessageDescriptor> {
    message.get_field(number)?.kind().as_message().cloned()
}

impl Checking<'_> {
    pub(super) fn method(&mut self, method: &MethodDescriptor) {
        let name = method.full_name().to_owned();
        let Some(lookup) = lookup_method(method) else {
            let message = format!("{name} has no option {OPTION}, without which nothing answers it");
            return self.about(method, message);
        };
        let (operation, registry) = (lookup.operation(), &lookup.registry);
        if operation == Operation::Unspecified {
            self.about(
                method,
                format!(
                    "{name} has no operation, wanted OPERATION_GET, OPERATION_CONFIRM or OPERATION_CHECK"
                ),
            );
        }
        let mut own_registry = false;
        if self.reserved.contains(registry) {
            let message =
                format!("registry {registry:?} belongs to the built-in schemas, wanted one of your own");
            self.about(method, message);
        } else if !is_registry_name(registry) {
            let message = format!(
                "{name} asks registry {registry:?}, wanted the name of a file of registries/, of small letters, digits \
                 and hyphens"
            );
            self.about(method, message);
        } else {
            own_registry = true;
        }
        if method.is_client_streaming() {
            self.about(method, format!("{name} takes a stream, wanted one request"));
        }
        let Some(record) = self.pool.get_message_by_name(&lookup.record) else {
            let message = format!("{name} is about {:?}, which no schema defines", lookup.record);
            return self.about(method, message);
        };
        if !self.is_own(&record) {
            let message = format!(
                "{name} is about {}, which is no record of your own schemas",
                record.full_name()
            );
            return self.about(method, message);
        }
        let first = self.registries.entry(lookup.record.clone());
        if own_registry && *first.or_insert_with(|| registry.clone()) != *registry {
            let message = format!(
                "{} is the record of two registries, wanted one",
                record.full_name()
            );
            self.about(method, message);
        }
        self.record(&record);
        if self.bounded && operation != Operation::Unspecified {
            self.request(method, operation, &record);
            self.response(method, operation, &record);
        }
    }

    fn request(&mut self, method: &MethodDescriptor, operation: Operation, record: &MessageDescriptor) {
        let request = method.input();
        self.expect(method, &request, 1, false, CONTEXT);
        self.expect(method, &request, 4, false, DURATION);
        self.flag(method, &request, 5);
        let mut holder = request.clone();
        if method.is_server_streaming() {
            let Some(items) = request.get_field(2).filter(FieldDescriptor::is_list) else {
                return self.wanted(method, &request, 2, "its items, repeated");
            };
            let Kind::Message(item) = items.kind() else {
                return self.wanted(method, &request, 2, "its items, messages");
            };
            holder = item;
        }
        match message_at(&holder, 2) {
            Some(key) => self.key(method, &key, record),
            None => self.wanted(method, &holder, 2, "the key, a message"),
        }
        if operation == Operation::Get {
            return self.expect(method, &holder, 3, false, FIELD_MASK);
        }
        if !record::claimable(record) {
            let name = record.full_name();
            self.about(
                method,
                format!("nothing of {name} can be claimed: no field has a match rule"),
            );
        }
        match message_at(&holder, 3) {
            Some(claims) => self.claims(method, &claims, record),
            None => self.wanted(method, &holder, 3, "the claims, a message"),
        }
    }

    fn response(&mut self, method: &MethodDescriptor, operation: Operation, record: &MessageDescriptor) {
        let response = method.output();
        match operation {
            Operation::Get => self.expect(method, &response, 1, false, record.full_name()),
            _ => self.expect(method, &response, 1, true, VERDICT),
        }
        self.expect(method, &response, 2, false, PROVENANCE);
        self.expect(method, &response, 3, false, RECEIPT);
        if method.is_server_streaming() {
            if response
                .get_field(4)
                .is_none_or(|item| item.kind() != Kind::Uint32)
            {
                self.wanted(method, &response, 4, "the number of the item, uint32");
            }
            self.expect(method, &response, 5, false, REFUSAL);
        }
    }

    fn key(&mut self, method: &MethodDescriptor, key: &MessageDescriptor, record: &MessageDescriptor) {
        let Some(identifier) = key
            .get_field(1)
            .filter(|field| field.kind() == Kind::String && !field.is_list())
        else {
            return self.wanted(method, key, 1, "the identifier, a string");
        };
        let rule = field_rule(&identifier).r#match();
        if !matches!(rule, MatchRule::PersonalId | MatchRule::TaxCode | MatchRule::Code) {
            let message = format!(
                "{} is an identifier, wanted match: MATCH_RULE_PERSONAL_ID, MATCH_RULE_TAX_CODE or MATCH_RULE_CODE",
                identifier.full_name()
            );
            self.on(&identifier, message);
        }
        let known = *self.kinds.entry(identifier.name().to_owned()).or_insert(rule);
        if known != rule {
            let message = format!(
                "{} has another match rule than identifiers of that name elsewhere, {}; wanted the same or another name",
                identifier.full_name(),
                known.as_str_name()
            );
            self.on(&identifier, message);
        }
        for fact in key.fields().filter(|field| field.number() != 1) {
            self.fact(&fact, record);
        }
        for field in key.fields() {
            if field_rule(&field).label_vi.trim().is_empty() {
                self.on(&field, format!("{} has no label", field.full_name()));
            }
        }
    }

    /// A second fact is compared with the record's field of its name.
    fn fact(&mut self, fact: &FieldDescriptor, record: &MessageDescriptor) {
        let name = fact.full_name();
        let rule = field_rule(fact).r#match();
        let recorded = record.get_field_by_name(fact.name());
        if recorded
            .is_none_or(|recorded| recorded.kind() != fact.kind() || recorded.is_list() || fact.is_list())
        {
            let message = format!(
                "{name} is a second fact, wanted the name and the type of a field of {}",
                record.full_name()
            );
            return self.on(fact, message);
        }
        let text_or_date = matches!(fact.kind(), Kind::String | Kind::Message(_));
        if rule == MatchRule::Unspecified || record::unsuited(rule, fact).is_some() || !text_or_date {
            self.on(
                fact,
                format!("{name} is a second fact, wanted a text or a date with the match rule of its type"),
            );
        }
    }

    /// Claims are the record itself, or a part of it: the same numbers, names and types.
    fn claims(&mut self, method: &MethodDescriptor, claims: &MessageDescriptor, record: &MessageDescriptor) {
        if claims == record {
            return;
        }
        for claim in claims.fields() {
            let same = record.get_field(claim.number()).is_some_and(|recorded| {
                recorded.name() == claim.name()
                    && recorded.kind() == claim.kind()
                    && recorded.is_list() == claim.is_list()
            });
            if !same {
                let message = format!(
                    "{} is a claim of {}, wanted number, name and type of a field of {}",
                    claim.full_name(),
                    method.full_name(),
                    record.full_name()
                );
                self.on(&claim, message);
            }
        }
    }

    fn expect(
        &mut self,
        method: &MethodDescriptor,
        holder: &MessageDescriptor,
        number: u32,
        list: bool,
        wanted: &str,
    ) {
        let right = holder.get_field(number).is_some_and(|field| {
            field.is_list() == list
                && matches!(field.kind(), Kind::Message(message) if message.full_name() == wanted)
        });
        if !right {
            let repeated = if list { "repeated " } else { "" };
            self.wanted(method, holder, number, &format!("{repeated}{wanted}"));
        }
    }

    fn flag(&mut self, method: &MethodDescriptor, holder: &MessageDescriptor, number: u32) {
        let right = holder
            .get_field(number)
            .is_some_and(|field| field.kind() == Kind::Bool && !field.is_list());
        if !right {
            self.wanted(method, holder, number, "with_receipt, a bool");
        }
    }

    /// Tells what has to stand at a number: at the field, if one is there, else at the message or the method.
    fn wanted(&mut self, method: &MethodDescriptor, holder: &MessageDescriptor, number: u32, what: &str) {
        let message = format!("{} has to have at {number} {what}", holder.full_name());
        match holder.get_field(number) {
            Some(field) if self.is_own(holder) => self.on(&field, message),
            None if self.is_own(holder) => self.tell(&holder.parent_file(), holder.path(), message),
            _ => self.about(method, message),
        }
    }

    fn on(&mut self, field: &FieldDescriptor, message: String) {
        self.tell(&field.parent_message().parent_file(), field.path(), message);
    }

    fn about(&mut self, method: &MethodDescriptor, message: String) {
        self.tell(&method.parent_service().parent_file(), method.path(), message);
    }
}

fn is_registry_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 64 && name.chars().all(plain)
}
