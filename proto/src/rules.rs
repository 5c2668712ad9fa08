//! The field and method options, read from descriptors.

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumValueDescriptor, ExtensionDescriptor, FieldDescriptor,
    MethodDescriptor,
};

use crate::lookup::v1::{FieldRule, LookupMethod, StateRule};

const FIELD_OPTION: &str = "lienthong.lookup.v1.rule";
const STATE_OPTION: &str = "lienthong.lookup.v1.state";
const METHOD_OPTION: &str = "lienthong.lookup.v1.lookup";

/// The rule of a field; the default rule (no label, no class, not claimable) when it has none.
pub fn field_rule(field: &FieldDescriptor) -> FieldRule {
    extension(field.parent_pool(), FIELD_OPTION)
        .and_then(|extension| option_value(&field.options(), &extension))
        .unwrap_or_default()
}

/// Which states may follow this one, if its enum says so.
pub fn state_rule(value: &EnumValueDescriptor) -> Option<StateRule> {
    let extension = extension(value.parent_pool(), STATE_OPTION)?;
    option_value(&value.options(), &extension)
}

/// What makes a method a lookup method, if it is one.
pub fn lookup_method(method: &MethodDescriptor) -> Option<LookupMethod> {
    let extension = extension(method.parent_pool(), METHOD_OPTION)?;
    option_value(&method.options(), &extension)
}

fn extension(pool: &DescriptorPool, name: &str) -> Option<ExtensionDescriptor> {
    pool.get_extension_by_name(name)
}

fn option_value<T: prost::Message + Default>(
    options: &DynamicMessage,
    extension: &ExtensionDescriptor,
) -> Option<T> {
    if !options.has_extension(extension) {
        return None;
    }
    let value = options.get_extension(extension);
    let message = value.as_message()?;
    T::decode(message.encode_to_vec().as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::v1::{MatchRule, Operation, Sensitivity};

    #[test]
    fn a_field_knows_its_label_class_and_match_rule() {
        let citizen = crate::descriptors()
            .get_message_by_name("lienthong.population.v1.Citizen")
            .expect("the record exists");
        let rule = field_rule(&citizen.get_field_by_name("religion").expect("the field exists"));
        assert_eq!(rule.label_vi, "Tôn giáo");
        assert_eq!(rule.sensitivity(), Sensitivity::Sensitive);
        let rule = field_rule(&citizen.get_field_by_name("full_name").expect("the field exists"));
        assert_eq!(rule.r#match(), MatchRule::Name);
    }

    #[test]
    fn every_method_of_a_registry_service_is_a_lookup_method_about_an_existing_record() {
        let pool = crate::descriptors();
        let mut methods = 0;
        let lookups = |name: &str| !matches!(name, "AuditService" | "CatalogService");
        for service in pool.services().filter(|service| lookups(service.name())) {
            for method in service.methods() {
                let lookup = lookup_method(&method).expect("the option is set");
                assert_ne!(
                    lookup.operation(),
                    Operation::Unspecified,
                    "{}",
                    method.full_name()
                );
                assert!(
                    pool.get_message_by_name(&lookup.record).is_some(),
                    "{}",
                    lookup.record
                );
                methods += 1;
            }
        }
        assert_eq!(methods, 9);
    }

    #[test]
    fn every_field_of_a_record_has_a_label_and_a_class_of_its_own_or_of_its_parent() {
        for record in [
            "lienthong.population.v1.Citizen",
            "lienthong.criminalrecord.v1.ConvictionStatus",
            "lienthong.criminalrecord.v1.Certificate",
            "lienthong.business.v1.Enterprise",
        ] {
            let message = crate::descriptors()
                .get_message_by_name(record)
                .expect("the record exists");
            for field in message.fields() {
                let rule = field_rule(&field);
                assert!(!rule.label_vi.is_empty(), "{} has no label", field.full_name());
                assert_ne!(
                    rule.sensitivity(),
                    Sensitivity::Unspecified,
                    "{} has no class",
                    field.full_name()
                );
            }
        }
    }
}
