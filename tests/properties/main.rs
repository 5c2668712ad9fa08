//! The fuzz targets (`tests/fuzz`) on a bounded number of random inputs, for every run of the tests.

#[path = "../fuzz/targets.rs"]
mod targets;

use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes as they stand, or a few changes of an honest input.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let plain = vec(any::<u8>(), 0..400).prop_map(|rest| [&[0], &*rest].concat());
    let changes = vec(any::<[u8; 4]>(), 1..4).prop_map(|steps| [&[1], steps.concat().as_slice()].concat());
    prop_oneof![plain, changes]
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(count)
    }
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn no_bytes_but_an_honest_token_give_a_caller(bytes in bytes()) {
        targets::token(&bytes);
    }

    #[test]
    fn no_bytes_but_an_honest_certificate_lead_to_an_authority(bytes in bytes()) {
        targets::certificate(&bytes);
    }

    #[test]
    fn a_mask_never_reaches_a_sensitive_field_by_a_wildcard(bytes in bytes()) {
        targets::mask(&bytes);
    }

    #[test]
    fn only_allowed_fields_come_out_of_any_record(bytes in bytes()) {
        targets::view(&bytes);
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn an_agreement_loads_or_is_refused_with_its_problems(bytes in bytes()) {
        targets::agreement(&bytes);
    }
}
