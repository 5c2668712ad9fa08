use prost::Message as _;
use proto::business::v1::{Enterprise, RoleClaims};
use proto::criminalrecord::v1::{Certificate, CertificateState, ConvictionState, ConvictionStatus};
use proto::lookup::v1::{PartialDate, PersonReference, Sex};
use proto::population::v1::Citizen;

use super::*;

fn schema(name: &str) -> Schema {
    Schema::compile(
        &proto::descriptors()
            .get_message_by_name(name)
            .expect("the record exists"),
    )
    .expect("compiles")
}

fn judge(name: &str, record: &impl prost::Message, claims: &impl prost::Message) -> Vec<(String, Verdict)> {
    verdicts(
        &schema(name),
        &record.encode_to_vec(),
        &claims.encode_to_vec(),
        false,
    )
    .expect("well formed")
    .into_iter()
    .map(|verdict| (verdict.path.clone(), verdict.verdict()))
    .collect()
}

const CITIZEN: &str = "lienthong.population.v1.Citizen";
const ENTERPRISE: &str = "lienthong.business.v1.Enterprise";

#[test]
fn each_claim_gets_its_own_verdict() {
    let record = Citizen {
        full_name: "NGUYỄN THỊ HOÀ".into(),
        birth_date: Some(PartialDate {
            year: 1990,
            month: 0,
            day: 0,
        }),
        sex: Sex::Female.into(),
        ..Default::default()
    };
    let claims = Citizen {
        full_name: "Nguyễn Thị Hòa".into(),
        birth_date: Some(PartialDate {
            year: 1990,
            month: 7,
            day: 5,
        }),
        sex: Sex::Male.into(),
        phone: "0901234567".into(),
        ..Default::default()
    };
    assert_eq!(
        judge(CITIZEN, &record, &claims),
        [
            ("full_name".to_owned(), Verdict::Agree),
            ("birth_date".to_owned(), Verdict::Partial),
            ("sex".to_owned(), Verdict::Disagree),
            ("phone".to_owned(), Verdict::NotRecorded),
        ]
    );
}

#[test]
fn a_name_without_its_marks_is_not_agreement() {
    let record = Citizen {
        full_name: "Nguyễn Văn Đức".into(),
        ..Default::default()
    };
    let claims = Citizen {
        full_name: "NGUYEN VAN DUC".into(),
        ..Default::default()
    };
    assert_eq!(judge(CITIZEN, &record, &claims)[0].1, Verdict::SameWithoutMarks);
}

#[test]
fn a_role_is_held_when_one_listed_person_fits_in_everything_claimed() {
    let person = |id: &str, name: &str| PersonReference {
        personal_id: id.into(),
        full_name: name.into(),
        ..Default::default()
    };
    let record = Enterprise {
        representatives: vec![
            person("079090123456", "Trần Văn An"),
            person("079185000001", "Lê Thị Mỹ"),
        ],
        ..Default::default()
    };
    let claims = RoleClaims {
        representatives: vec![
            person("079185000001", "LÊ THỊ MỸ"),
            person("079185000001", "Trần Văn An"),
        ],
        owners: vec![person("079185000001", "")],
        ..Default::default()
    };
    assert_eq!(
        judge(ENTERPRISE, &record, &claims),
        [
            ("owners[0]".to_owned(), Verdict::NotRecorded),
            ("representatives[0]".to_owned(), Verdict::Agree),
            ("representatives[1]".to_owned(), Verdict::Disagree),
        ]
    );
}

#[test]
fn a_registry_that_cannot_say_never_agrees() {
    let record = ConvictionStatus {
        conviction_state: ConvictionState::CannotSay.into(),
        ..Default::default()
    };
    let claims = ConvictionStatus {
        conviction_state: ConvictionState::None.into(),
        ..Default::default()
    };
    let name = "lienthong.criminalrecord.v1.ConvictionStatus";
    assert_eq!(judge(name, &record, &claims)[0].1, Verdict::CannotSay);
    assert!(
        schema(name)
            .cannot_say(&record.encode_to_vec())
            .expect("well formed")
    );
}

#[test]
fn a_check_of_a_certificate_always_asks_whether_it_stands() {
    let schema = schema("lienthong.criminalrecord.v1.Certificate");
    let record = Certificate {
        state: CertificateState::Revoked.into(),
        ..Default::default()
    };
    let found = verdicts(&schema, &record.encode_to_vec(), &[], true).expect("well formed");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].path.as_str(), found[0].verdict()),
        ("state", Verdict::Disagree)
    );
    assert!(asked(&schema, &[], true).is_ok());
}

#[test]
fn claims_that_cannot_be_compared_are_refused_by_name() {
    let schema = schema(CITIZEN);
    let claims = Citizen {
        personal_id: "79090123456".into(),
        ..Default::default()
    };
    assert_eq!(
        asked(&schema, &claims.encode_to_vec(), false),
        Err(ClaimsError::Malformed("personal_id".to_owned()))
    );
    let claims = Citizen {
        record_version: "7".into(),
        ..Default::default()
    };
    assert_eq!(
        asked(&schema, &claims.encode_to_vec(), false),
        Err(ClaimsError::NotClaimable("record_version".to_owned()))
    );
    assert_eq!(asked(&schema, &[], false), Err(ClaimsError::Empty));
    let mut unknown = Vec::new();
    wire::put_varint(&mut unknown, 900, 1);
    assert_eq!(asked(&schema, &unknown, false), Err(ClaimsError::UnknownField));
    let many = Citizen {
        other_names: vec!["Tí".into(); 300],
        ..Default::default()
    };
    assert_eq!(
        asked(&schema, &many.encode_to_vec(), false),
        Err(ClaimsError::TooMany)
    );
}
