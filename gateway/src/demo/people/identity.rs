//! Who a person is: number, name, birth. Cheap, so that others can refer to it.

use super::World;
use super::household::{Household, Role};
use super::stream;
use crate::demo::identifiers;
use crate::demo::places;
use crate::demo::random::Draw;

/// The identifying part of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) personal_id: String,
    pub(crate) old_id9: Option<String>,
    /// In the letters that a clerk types; the population registry keeps capitals.
    pub(crate) full_name: String,
    /// As the registry writes it.
    pub(crate) birth_date: String,
    pub(crate) birth_year: i32,
    pub(crate) female: bool,
    /// Number of the former province of birth registration.
    pub(crate) former: u64,
}

impl World {
    /// The identity of a generated person.
    pub(super) fn identity(&self, index: u64) -> Identity {
        let (household, position) = self.household(index);
        self.identity_in(&household, position)
    }

    pub(super) fn identity_in(&self, household: &Household, position: u64) -> Identity {
        let index = household.first + position;
        let mut draw = Draw::of(self.seed, stream::IDENTITY, index);
        let role = household.role(position);
        let female = match role {
            Role::Head => household.head_female,
            Role::Spouse => !household.head_female,
            Role::Child | Role::Parent => draw.chance(490),
        };
        let birth_year = birth_year(household, role, &mut draw);
        let surname = match role {
            Role::Head => household.head_surname,
            Role::Spouse => household.spouse_surname,
            Role::Child => household.children_surname(),
            Role::Parent if female => household.people.surname(&mut draw),
            Role::Parent => household.head_surname,
        };
        let former = if draw.chance(800) {
            household.former
        } else {
            draw.below(places::FORMER_COUNT)
        };
        let id_prefix = places::former(former).0.id_prefix;
        Identity {
            personal_id: identifiers::personal_id(id_prefix, birth_year, female, identifiers::serial(index)),
            old_id9: (birth_year < 2001 && draw.chance(600)).then(|| identifiers::old_id9(index)),
            full_name: household.people.full_name(surname, female, &mut draw),
            birth_date: birth_date(birth_year, &mut draw),
            birth_year,
            female,
            former,
        }
    }
}

fn birth_year(household: &Household, role: Role, draw: &mut Draw) -> i32 {
    match role {
        Role::Head => household.head_birth_year,
        Role::Spouse => household.spouse_birth_year,
        Role::Child => {
            let younger = if household.couple {
                household.head_birth_year.max(household.spouse_birth_year)
            } else {
                household.head_birth_year
            };
            draw.between(younger + 20, (younger + 36).min(2025))
        }
        Role::Parent => household.head_birth_year - draw.between(20, 32),
    }
}

/// Old registrations often know the year alone, or the month.
fn birth_date(year: i32, draw: &mut Draw) -> String {
    let (day, month) = (draw.between(1, 28), draw.between(1, 12));
    let form = if year < 1955 { draw.below(100) } else { 100 };
    match form {
        0..20 => format!("{year}"),
        20..35 => format!("00/00/{year}"),
        35..40 => format!("00/{month:02}/{year}"),
        40..43 => format!("{month:02}/{year}"),
        _ => format!("{day:02}/{month:02}/{year}"),
    }
}
