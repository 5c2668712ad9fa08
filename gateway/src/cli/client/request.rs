//! Lookup requests, built by descriptor from what a person types.

use anyhow::{Context as _, Result, bail, ensure};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ReflectMessage as _, Value,
};

/// The built-in lookup method of that name, such as `ConfirmCitizen`.
pub(crate) fn lookup_method(name: &str) -> Result<MethodDescriptor> {
    lookup_method_of(&proto::descriptors(), &[name.to_owned()])
        .with_context(|| format!("there is no lookup method {name}"))
}

/// The first of these lookup methods that there is.
pub(crate) fn lookup_method_of(pool: &DescriptorPool, names: &[String]) -> Option<MethodDescriptor> {
    let of_name = |name: &String| {
        pool.services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .filter(|method| method.name() == name || method.full_name() == name)
            .find(|method| proto::rules::lookup_method(method).is_some())
    };
    names.iter().find_map(of_name)
}

/// The names that methods about a record may have: `driver-licence` and `Get` give `GetDriverLicence`. A word
/// with a capital in it is the method's own name.
pub(crate) fn method_names(word: &str, verbs: &[&str]) -> Vec<String> {
    if word.contains(char::is_uppercase) {
        return vec![word.to_owned()];
    }
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().collect::<String>() + letters.as_str()
        })
    };
    let record: String = word.split(['-', '_']).map(capital).collect();
    verbs.iter().map(|verb| format!("{verb}{record}")).collect()
}

/// A request in the making. Every setter goes by the path of a field, such as `context.step`.
pub(crate) struct Ask {
    request: DynamicMessage,
}

/// Paths and values that are claimed.
pub(crate) type Claims = Vec<(String, String)>;

impl Ask {
    /// An empty request of a method.
    pub(crate) fn of(method: &MethodDescriptor) -> Self {
        Self {
            request: DynamicMessage::new(method.input()),
        }
    }

    /// Sets a field from its text.
    pub(crate) fn set(mut self, path: &str, text: &str) -> Result<Self> {
        set(&mut self.request, path, text)?;
        Ok(self)
    }

    /// Sets the key's identifier, which stands at its field 1.
    pub(crate) fn identifier(self, text: &str) -> Result<Self> {
        let key = field(&self.request.descriptor(), "key")?;
        let name = key
            .kind()
            .as_message()
            .and_then(|key| key.get_field(1))
            .context("the key has no identifier")?;
        self.set(&format!("key.{}", name.name()), text)
    }

    /// Sets a field, if there is something to set it to.
    pub(crate) fn maybe(self, path: &str, text: Option<&str>) -> Result<Self> {
        match text {
            Some(text) => self.set(path, text),
            None => Ok(self),
        }
    }

    /// Claims each value.
    pub(crate) fn claim(mut self, claims: &Claims) -> Result<Self> {
        for (path, text) in claims {
            set(&mut self.request, &format!("claims.{path}"), text)?;
        }
        Ok(self)
    }

    /// Adds second facts to the key.
    pub(crate) fn facts(mut self, facts: &Claims) -> Result<Self> {
        for (path, text) in facts {
            set(&mut self.request, &format!("key.{path}"), text)?;
        }
        Ok(self)
    }

    /// Asks for these fields alone.
    pub(crate) fn fields(mut self, fields: &[String]) -> Result<Self> {
        if !fields.is_empty() {
            let mask = field(&self.request.descriptor(), "read_mask")?;
            let mask = self
                .request
                .get_field_mut(&mask)
                .as_message_mut()
                .context("read_mask is no message")?;
            let paths = fields.iter().cloned().map(Value::String).collect();
            mask.set_field_by_name("paths", Value::List(paths));
        }
        Ok(self)
    }

    /// The request.
    pub(crate) fn done(self) -> DynamicMessage {
        self.request
    }
}

impl From<DynamicMessage> for Ask {
    fn from(request: DynamicMessage) -> Self {
        Self { request }
    }
}

/// Sets the field at a path such as `representatives[0].full_name`; lists grow as needed.
fn set(message: &mut DynamicMessage, path: &str, text: &str) -> Result<()> {
    let (head, rest) = path
        .split_once('.')
        .map_or((path, None), |(head, rest)| (head, Some(rest)));
    let (name, place) = match head.split_once('[') {
        Some((name, place)) => {
            let place = place
                .strip_suffix(']')
                .and_then(|place| place.parse::<usize>().ok());
            (
                name,
                Some(place.with_context(|| format!("{head}: a place in a list is written [0]"))?),
            )
        }
        None => (head, None),
    };
    let descriptor = field(&message.descriptor(), name)?;
    if !descriptor.is_list() {
        ensure!(place.is_none(), "{name} is not a list");
        return set_one(message.get_field_mut(&descriptor), &descriptor, rest, text);
    }
    let list = message
        .get_field_mut(&descriptor)
        .as_list_mut()
        .context("a list is a list")?;
    let place = place.unwrap_or(0);
    ensure!(place <= list.len(), "{head}: the place before it is empty");
    if place == list.len() {
        list.push(Value::default_value(&descriptor.kind()));
    }
    set_one(&mut list[place], &descriptor, rest, text)
}

fn set_one(value: &mut Value, descriptor: &FieldDescriptor, rest: Option<&str>, text: &str) -> Result<()> {
    match (value.as_message_mut(), rest) {
        (Some(inner), Some(rest)) => set(inner, rest, text),
        (Some(inner), None) => set_whole(inner, descriptor.name(), text),
        (None, Some(_)) => bail!("{} has no fields in it", descriptor.name()),
        (None, None) => {
            *value = scalar(descriptor, text)?;
            Ok(())
        }
    }
}

/// Messages that people write as one text.
fn set_whole(message: &mut DynamicMessage, name: &str, text: &str) -> Result<()> {
    match message.descriptor().full_name() {
        "lienthong.lookup.v1.PartialDate" => {
            let parsed = adapters::text::date::parse(text)
                .ok()
                .flatten()
                .with_context(|| format!("{name}: a date is written 1990, 07/1990 or 05/07/1990"))?;
            let date = parsed.date;
            message.set_field_by_name("year", Value::I32(date.year().into()));
            message.set_field_by_name("month", Value::I32(date.month().unwrap_or(0).into()));
            message.set_field_by_name("day", Value::I32(date.day().unwrap_or(0).into()));
        }
        "lienthong.lookup.v1.CodedValue" => message.set_field_by_name("code", Value::String(text.to_owned())),
        "google.protobuf.Duration" => {
            let duration: jiff::SignedDuration = text
                .parse()
                .map_err(|_| anyhow::anyhow!("{name}: a time is written with its unit, such as 1h"))?;
            message.set_field_by_name("seconds", Value::I64(duration.as_secs()));
            message.set_field_by_name("nanos", Value::I32(duration.subsec_nanos()));
        }
        _ => bail!(
            "{name} has fields in it: name one, such as {name}.{}",
            first_field(&message.descriptor())
        ),
    }
    Ok(())
}

fn scalar(descriptor: &FieldDescriptor, text: &str) -> Result<Value> {
    let number = || format!("{}: a whole number is wanted", descriptor.name());
    Ok(match descriptor.kind() {
        Kind::String => Value::String(text.to_owned()),
        Kind::Bool => Value::Bool(
            text.parse()
                .with_context(|| format!("{}: true or false", descriptor.name()))?,
        ),
        Kind::Int32 => Value::I32(text.parse().with_context(number)?),
        Kind::Int64 => Value::I64(text.parse().with_context(number)?),
        Kind::Uint32 => Value::U32(text.parse().with_context(number)?),
        Kind::Uint64 => Value::U64(text.parse().with_context(number)?),
        Kind::Enum(values) => {
            let wanted = text.to_uppercase().replace('-', "_");
            let ending = format!("_{wanted}");
            // SUSPENDED and LEGAL_STATE_SUSPENDED both do; a suffix that two values share does not.
            let mut matching = values.values().filter(|value| value.name() == wanted);
            let found = matching.next().or_else(|| {
                let prefix = enum_prefix(&values);
                values
                    .values()
                    .find(|value| value.name().strip_prefix(&prefix) == Some(wanted.as_str()))
            });
            let found = found.or_else(|| {
                let mut ends = values.values().filter(|value| value.name().ends_with(&ending));
                ends.next().filter(|_| ends.next().is_none())
            });
            let words: Vec<_> = values
                .values()
                .skip(1)
                .map(|value| value.name().to_owned())
                .collect();
            let found =
                found.with_context(|| format!("{}: one of {}", descriptor.name(), words.join(", ")))?;
            Value::EnumNumber(found.number())
        }
        _ => bail!("{} can't be written on a command line", descriptor.name()),
    })
}

/// What all values of an enum begin with: the name of its zero value without UNSPECIFIED.
fn enum_prefix(values: &prost_reflect::EnumDescriptor) -> String {
    values
        .default_value()
        .name()
        .trim_end_matches("UNSPECIFIED")
        .to_owned()
}

fn field(message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor> {
    message.get_field_by_name(name).with_context(|| {
        let names: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
        format!(
            "there is no field {name} in {}; there are {}",
            message.name(),
            names.join(", ")
        )
    })
}

fn first_field(message: &MessageDescriptor) -> String {
    message
        .fields()
        .next()
        .map(|field| field.name().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::business::v1::{CheckRolesRequest, ConfirmEnterpriseRequest, LegalState};
    use proto::lookup::v1::{PartialDate, Step};
    use proto::population::v1::{ConfirmCitizenRequest, GetCitizenRequest};

    use super::*;

    fn claims(pairs: &[(&str, &str)]) -> Claims {
        pairs
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect()
    }

    fn ask(method: &str) -> Ask {
        Ask::of(&lookup_method(method).unwrap())
    }

    #[test]
    fn a_date_a_name_and_a_step_become_the_request_that_a_typed_client_would_send() {
        let request = ask("ConfirmCitizen")
            .set("context.step", "receiving")
            .unwrap()
            .set("key.birth_date", "05/07/1990")
            .unwrap()
            .claim(&claims(&[
                ("birth_date", "1990"),
                ("permanent_residence.province", "79"),
            ]))
            .unwrap()
            .set("max_age", "1h")
            .unwrap()
            .done();
        let request = ConfirmCitizenRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        assert_eq!(request.context.unwrap().step(), Step::Receiving);
        let date = request.key.unwrap().birth_date;
        assert_eq!(
            date,
            Some(PartialDate {
                year: 1990,
                month: 7,
                day: 5
            })
        );
        let claimed = request.claims.unwrap();
        assert_eq!(
            claimed.birth_date,
            Some(PartialDate {
                year: 1990,
                month: 0,
                day: 0
            })
        );
        assert_eq!(claimed.permanent_residence.unwrap().province.unwrap().code, "79");
        assert_eq!(request.max_age.unwrap().seconds, 3600);
    }

    #[test]
    fn lists_are_filled_by_place_and_words_of_enums_may_be_short() {
        let request = ask("CheckRoles")
            .claim(&claims(&[
                ("representatives[0].personal_id", "1"),
                ("representatives[1].full_name", "B"),
            ]))
            .unwrap()
            .done();
        let request = CheckRolesRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        assert_eq!(request.claims.unwrap().representatives[1].full_name, "B");
        let request = ask("ConfirmEnterprise")
            .claim(&claims(&[
                ("legal_state", "dissolved"),
                ("business_lines.code", "8010"),
            ]))
            .unwrap()
            .done();
        let request = ConfirmEnterpriseRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        assert_eq!(request.claims.unwrap().legal_state(), LegalState::Dissolved);
    }

    #[test]
    fn what_cannot_be_set_is_said() {
        for (path, text, words) in [
            ("claims.colour", "x", "there is no field colour"),
            ("claims.father", "x", "father.full_name"),
            ("claims.birth_date", "05/07/90", "a date is written"),
            ("claims.sex", "unicorn", "SEX_MALE"),
            ("claims.other_names[3]", "x", "the place before it is empty"),
            ("max_age", "1", "with its unit"),
        ] {
            let error = ask("ConfirmCitizen").set(path, text).err().unwrap();
            assert!(format!("{error:#}").contains(words), "{path}: {error:#}");
        }
    }

    #[test]
    fn fields_asked_for_stand_in_the_mask() {
        let request = ask("GetCitizen")
            .fields(&["full_name".to_owned()])
            .unwrap()
            .done();
        let request = GetCitizenRequest::decode(request.encode_to_vec().as_slice()).unwrap();
        assert_eq!(request.read_mask.unwrap().paths, ["full_name"]);
    }
}
