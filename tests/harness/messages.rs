//! Requests as an honest system makes them; a test changes the part that it is about.

use proto::lookup::v1::{LookupContext, PartialDate, Step};
use proto::population::v1::{Citizen, CitizenKey, ConfirmCitizenRequest, GetCitizenRequest};

use crate::registries::Person;
use crate::tree::{COMPETENT, OFFICE, PROCEDURE};

/// The dossier of the calls.
pub const DOSSIER: &str = "H29.12-260624-0001";

/// A dossier at the counter of the office.
#[must_use]
pub fn context() -> LookupContext {
    LookupContext {
        procedure_code: PROCEDURE.to_owned(),
        dossier_code: DOSSIER.to_owned(),
        component: "identity".to_owned(),
        step: Step::Receiving.into(),
        receiving_agency: OFFICE.to_owned(),
        competent_agency: COMPETENT.to_owned(),
    }
}

/// The number and, as the second fact, the name.
#[must_use]
pub fn key(person: Person) -> CitizenKey {
    CitizenKey {
        personal_id: person.id.to_owned(),
        full_name: person.name.to_owned(),
        birth_date: None,
    }
}

/// Asks for all agreed fields of a person.
#[must_use]
pub fn get(person: Person) -> GetCitizenRequest {
    GetCitizenRequest {
        context: Some(context()),
        key: Some(key(person)),
        ..GetCitizenRequest::default()
    }
}

/// Asks whether a person's name and birthday are these.
#[must_use]
pub fn confirm(person: Person) -> ConfirmCitizenRequest {
    ConfirmCitizenRequest {
        context: Some(context()),
        key: Some(key(person)),
        claims: Some(Citizen {
            full_name: person.name.to_owned(),
            birth_date: Some(birth(person)),
            ..Citizen::default()
        }),
        ..ConfirmCitizenRequest::default()
    }
}

/// The day of birth, as far as it is known.
#[must_use]
pub fn birth(person: Person) -> PartialDate {
    let (year, month, day) = person.born;
    PartialDate { year, month, day }
}
