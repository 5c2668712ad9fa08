//! The synthetic registries, read through the shipped registry files: every row becomes a record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::{Error, Question, Registry};
use proto::business::v1::{Enterprise, EnterpriseKind, LegalState};
use proto::criminalrecord::v1::{
    BanState, Certificate, CertificateKind, CertificateState, ConvictionState, ConvictionStatus,
};
use proto::lookup::v1::{PartialDate, Sex};
use proto::population::v1::{Citizen, LifeState};

use super::cast::{certificates, citizens, enterprises};
use super::folder::Folder;
use super::people::World;
use crate::clock::Moment;
use crate::settings;

struct Country {
    population: Arc<dyn Registry>,
    criminal_record: Arc<dyn Registry>,
    business: Arc<dyn Registry>,
    _dir: tempfile::TempDir,
}

fn country(citizens: u64) -> Country {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    folder.write_data(citizens, &|_| {}).unwrap();
    folder.write_keys(Moment::now()).unwrap();
    folder.write_config("127.0.0.1:0").unwrap();
    let settings = settings::load(&folder.config())
        .map_err(|problems| problems.to_string())
        .unwrap();
    let open = |name: &str| {
        adapters::connect(
            name,
            &settings.registries[name],
            &settings.base,
            &proto::descriptors(),
            &settings.codes,
        )
        .unwrap()
    };
    Country {
        population: open("population"),
        criminal_record: open("criminal-record"),
        business: open("business"),
        _dir: dir,
    }
}

async fn look_up<T: prost::Message + Default>(
    registry: &Arc<dyn Registry>,
    record: &str,
    key: &str,
) -> Result<T, Error> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let found = registry
        .look_up(Question {
            record: record.into(),
            key: key.into(),
            deadline,
            call: None,
            trace: adapters::Trace::default(),
        })
        .await?;
    assert!(found.as_of.is_some(), "a record without its moment");
    Ok(T::decode(found.record).unwrap())
}

impl Country {
    async fn citizen(&self, id: &str) -> Result<Citizen, Error> {
        look_up(&self.population, "lienthong.population.v1.Citizen", id).await
    }

    async fn status(&self, id: &str) -> ConvictionStatus {
        let record = "lienthong.criminalrecord.v1.ConvictionStatus";
        look_up(&self.criminal_record, record, id).await.unwrap()
    }

    async fn certificate(&self, number: &str) -> Certificate {
        look_up(
            &self.criminal_record,
            "lienthong.criminalrecord.v1.Certificate",
            number,
        )
        .await
        .unwrap()
    }

    async fn enterprise(&self, code: &str) -> Enterprise {
        look_up(&self.business, "lienthong.business.v1.Enterprise", code)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn every_generated_citizen_and_enterprise_becomes_a_record() {
    let country = country(300);
    let world = World {
        seed: super::data::SEED,
        citizens: 300,
    };
    for index in 0..world.citizens {
        let person = world.person(index);
        let citizen = country.citizen(&person.identity.personal_id).await.unwrap();
        assert_eq!(citizen.household_no, person.household_no);
        assert_ne!(citizen.sex(), Sex::Unspecified);
        assert!(
            citizen
                .birth_date
                .is_some_and(|date| date.year == person.identity.birth_year)
        );
        assert!(!citizen.permanent_residence.unwrap().text.is_empty());
    }
    for number in 0..world.enterprises() {
        let company = world.enterprise(number);
        let enterprise = country.enterprise(&company.code).await;
        assert_eq!(enterprise.business_lines.len(), company.lines.len());
        assert_eq!(enterprise.members.len(), company.members.len());
        assert_ne!(enterprise.kind(), EnterpriseKind::Unspecified);
        assert_ne!(enterprise.legal_state(), LegalState::Unspecified);
    }
}

#[tokio::test]
async fn the_hard_cases_of_the_population_registry_come_through_as_they_are() {
    let country = country(100);
    let year = |year| {
        Some(PartialDate {
            year,
            month: 0,
            day: 0,
        })
    };
    let citizen = country.citizen(citizens::SEX_DIGIT.personal_id).await.unwrap();
    assert_eq!((citizen.birth_date, citizen.sex()), (year(1990), Sex::Female));
    let address = citizen.permanent_residence.unwrap();
    let code = |value: Option<proto::lookup::v1::CodedValue>| value.unwrap_or_default().code;
    let codes = [
        code(address.province),
        code(address.district),
        code(address.commune),
    ];
    assert_eq!(codes, ["74", "724", "25942"]);
    assert_eq!(
        country
            .citizen(citizens::YEAR_ONLY.personal_id)
            .await
            .unwrap()
            .birth_date,
        year(1948)
    );
    let replaced = country.citizen(citizens::REPLACED.personal_id).await.unwrap();
    assert_eq!(replaced.replaced_by, citizens::REPLACEMENT.personal_id);
    assert_eq!(
        country
            .citizen(citizens::DEAD.personal_id)
            .await
            .unwrap()
            .life_state(),
        LifeState::Dead
    );
    let shared = citizens::SHARED_CARD_A.old_id9.unwrap();
    assert!(matches!(country.citizen(shared).await, Err(Error::Several)));
    let child = country.citizen(citizens::OWNER_CHILD.personal_id).await.unwrap();
    assert_eq!(child.father.unwrap().personal_id, citizens::OWNER.personal_id);
    let decomposed = country.citizen(citizens::DECOMPOSED.personal_id).await.unwrap();
    let composed = "TRẦN THỊ THỦY HẰNG";
    assert!(decomposed.full_name == composed || decomposed.full_name.len() > composed.len());
}

#[tokio::test]
async fn the_hard_cases_of_the_criminal_record_registry_come_through_as_they_are() {
    let country = country(100);
    for (citizen, conviction, ban) in [
        (&citizens::OWNER, ConvictionState::None, BanState::None),
        (&citizens::CONVICTED, ConvictionState::Unspent, BanState::None),
        (&citizens::BANNED, ConvictionState::None, BanState::InForce),
        (
            &citizens::CANNOT_SAY,
            ConvictionState::CannotSay,
            BanState::CannotSay,
        ),
    ] {
        let status = country.status(citizen.personal_id).await;
        assert_eq!(
            (status.conviction_state(), status.position_ban()),
            (conviction, ban),
            "{}",
            citizen.special
        );
    }
    let revoked = country.certificate(certificates::REVOKED.number).await;
    assert_eq!(revoked.state(), CertificateState::Revoked);
    assert!(revoked.revocation.is_some());
    let second = country.certificate(certificates::SECOND.number).await;
    assert_eq!(second.kind(), CertificateKind::Number2);
    let convicted = country.certificate(certificates::CONVICTED_FIRST.number).await;
    assert_eq!(convicted.convictions.len(), 1);
    assert_eq!(
        country
            .certificate(certificates::BANNED_FIRST.number)
            .await
            .position_bans
            .len(),
        1
    );
}

#[tokio::test]
async fn the_hard_cases_of_the_business_registry_come_through_as_they_are() {
    let country = country(100);
    for (enterprise, state) in [
        (&enterprises::SECURITY_COMPANY, LegalState::Active),
        (&enterprises::SUSPENDED, LegalState::Suspended),
        (&enterprises::DISSOLVED, LegalState::Dissolved),
        (&enterprises::UNKNOWN_STATE, LegalState::Unknown),
        (&enterprises::NOT_AT_ADDRESS, LegalState::NotAtAddress),
        (&enterprises::REVOKED, LegalState::Revoked),
        (&enterprises::SECURITY_BRANCH, LegalState::Active),
        (&enterprises::HOUSEHOLD_BUSINESS, LegalState::Active),
    ] {
        let record = country.enterprise(enterprise.code).await;
        assert_eq!(record.legal_state(), state, "{}", enterprise.special);
        assert_eq!(
            record.representatives[0].personal_id,
            enterprise.representative.personal_id
        );
    }
    let company = country.enterprise(enterprises::SECURITY_COMPANY.code).await;
    assert_eq!(company.branches.len(), 1);
    assert_eq!(company.business_lines[0].code, "8010");
    let several = country.enterprise(enterprises::REMAINDER_TEN.code).await;
    assert!(several.members.iter().any(|member| member.organisation.is_some()));
}
