//! A person's whole record.

use super::household::{Household, Role};
use super::identity::Identity;
use super::{World, stream};
use crate::demo::names::People;
use crate::demo::places::{self, Address};
use crate::demo::random::Draw;

/// One row of the population registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) identity: Identity,
    /// The name as the population registry keeps it.
    pub(crate) recorded_name: String,
    pub(crate) other_names: Vec<String>,
    pub(crate) people: People,
    pub(crate) religion: Option<(&'static str, &'static str)>,
    pub(crate) marital_status: &'static str,
    pub(crate) blood_type: &'static str,
    pub(crate) birth_registration: Address,
    pub(crate) home_place: Address,
    pub(crate) permanent_residence: Address,
    pub(crate) current_residence: Option<Address>,
    pub(crate) father: Option<Reference>,
    pub(crate) mother: Option<Reference>,
    pub(crate) spouse: Option<Reference>,
    pub(crate) representative: Option<Reference>,
    pub(crate) head: Reference,
    /// Code and label of the relation to the head.
    pub(crate) relation: (&'static str, &'static str),
    pub(crate) household_no: String,
    pub(crate) card: Option<Card>,
    pub(crate) life_state: &'static str,
    pub(crate) death_date: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) replaced_by: Option<String>,
    pub(crate) as_of: String,
    pub(crate) version: String,
}

/// Another person, as a record names one. Without a number: known by name alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) full_name: String,
    pub(crate) personal_id: Option<String>,
    pub(crate) old_id9: Option<String>,
    pub(crate) birth_date: Option<String>,
}

impl From<&Identity> for Reference {
    fn from(identity: &Identity) -> Self {
        Self {
            full_name: identity.full_name.clone(),
            personal_id: Some(identity.personal_id.clone()),
            old_id9: identity.old_id9.clone(),
            birth_date: Some(identity.birth_date.clone()),
        }
    }
}

impl Reference {
    fn by_name(full_name: String) -> Self {
        Self {
            full_name,
            ..Self::default()
        }
    }
}

/// The identity card in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) issued_on: String,
    pub(crate) issued_at: &'static str,
    pub(crate) expires_on: Option<String>,
}

impl World {
    pub(super) fn generated(&self, index: u64) -> Person {
        let (household, position) = self.household(index);
        let identity = self.identity_in(&household, position);
        let role = household.role(position);
        let mut draw = Draw::of(self.seed, stream::RECORD, index);
        // The family's address and home place: the same draws for all of its members.
        let mut shared = Draw::of(self.seed, stream::ADDRESS, household.first);
        let (former, today) = places::former(household.former);
        let home_place = places::address_before(former, false, &mut shared);
        let permanent_residence = if shared.chance(850) {
            places::address_today(today, &mut shared)
        } else {
            places::address_before(former, true, &mut shared)
        };
        let elsewhere = (identity.birth_year < 2008 && draw.chance(120))
            .then(|| places::former(places::some_former(&mut draw)).1)
            .map(|province| places::address_today(province, &mut draw));
        let registered_in = places::former(identity.former).0;
        let age = 2026 - identity.birth_year;
        let dead = role == Role::Parent && draw.chance(150);
        let kin = self.kin(&household, role, &identity, &mut draw);
        Person {
            recorded_name: identity.full_name.to_uppercase(),
            other_names: if draw.chance(5) {
                let surname = household.head_surname;
                vec![household.people.full_name(surname, identity.female, &mut draw)]
            } else {
                Vec::new()
            },
            people: household.people,
            religion: draw.weighted(&RELIGIONS),
            marital_status: marital_status(&household, role, age, &mut draw),
            blood_type: draw.weighted(&BLOOD_TYPES),
            birth_registration: places::address_before(registered_in, false, &mut draw),
            home_place,
            permanent_residence,
            current_residence: elsewhere,
            father: kin.father,
            mother: kin.mother,
            spouse: kin.spouse,
            representative: (age < 18).then(|| kin.head.clone()),
            head: kin.head,
            relation: relation(role),
            household_no: format!("{}{:08}", former.code, household.first),
            card: (age >= 14 && !dead).then(|| card(identity.birth_year, &mut draw)),
            life_state: if dead { "2" } else { "1" },
            death_date: dead.then(|| format!("{:02}/{:02}/2024", draw.between(1, 28), draw.between(1, 12))),
            phone: (age >= 16 && draw.chance(500)).then(|| phone(&mut draw)),
            email: (age >= 16 && draw.chance(100)).then(|| format!("congdan{index}@example.vn")),
            replaced_by: None,
            as_of: as_of(&mut draw),
            version: draw.between(1, 9).to_string(),
            identity,
        }
    }

    fn kin(&self, household: &Household, role: Role, identity: &Identity, draw: &mut Draw) -> Kin {
        let reference = |index: u64| Reference::from(&self.identity(index));
        let head = reference(household.first);
        let spouse = household.spouse().map(reference);
        let mut kin = Kin {
            father: None,
            mother: None,
            spouse: None,
            head: head.clone(),
        };
        match role {
            Role::Head => {
                kin.spouse = spouse;
                kin.name_parents(household, household.head_surname, draw);
                if let Some(parent) = household.parent() {
                    let parent = self.identity(parent);
                    let slot = if parent.female {
                        &mut kin.mother
                    } else {
                        &mut kin.father
                    };
                    *slot = Some(Reference::from(&parent));
                }
            }
            Role::Spouse => {
                kin.spouse = Some(head);
                kin.name_parents(household, household.spouse_surname, draw);
            }
            Role::Child if household.head_female => {
                kin.mother = Some(head);
                kin.father = spouse;
            }
            Role::Child => {
                kin.father = Some(head);
                kin.mother = spouse;
            }
            Role::Parent => {
                let surname = if identity.female {
                    household.people.surname(draw)
                } else {
                    household.head_surname
                };
                kin.name_parents(household, surname, draw);
            }
        }
        kin
    }
}

struct Kin {
    father: Option<Reference>,
    mother: Option<Reference>,
    spouse: Option<Reference>,
    head: Reference,
}

impl Kin {
    /// Parents that the registry knows by name alone.
    fn name_parents(&mut self, household: &Household, surname: &str, draw: &mut Draw) {
        let father = household.people.full_name(surname, false, draw);
        let mother = household
            .people
            .full_name(household.people.surname(draw), true, draw);
        self.father = Some(Reference::by_name(father));
        self.mother = Some(Reference::by_name(mother));
    }
}

const RELIGIONS: [(Option<(&str, &str)>, u64); 4] = [
    (Some(("00", "Không")), 75),
    (Some(("01", "Phật giáo")), 10),
    (Some(("02", "Công giáo")), 7),
    (None, 8),
];

const BLOOD_TYPES: [(&str, u64); 5] = [("00", 60), ("01", 8), ("02", 12), ("03", 2), ("04", 18)];

pub(super) fn relation(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Head => ("00", "Chủ hộ"),
        Role::Spouse => ("01", "Vợ, chồng"),
        Role::Child => ("02", "Con"),
        Role::Parent => ("03", "Cha, mẹ"),
    }
}

fn marital_status(household: &Household, role: Role, age: i32, draw: &mut Draw) -> &'static str {
    match role {
        Role::Head if household.couple => "2",
        Role::Head if age > 35 => draw.pick(&["1", "3", "3"]),
        Role::Head => "1",
        Role::Spouse => "2",
        Role::Child if age > 24 => draw.pick(&["1", "1", "1", "0"]),
        Role::Child => "1",
        Role::Parent => "3",
    }
}

/// Cards end when their bearer is 25, 40 and 60, then never (Law on Identity 26/2023, article 21).
fn card(birth_year: i32, draw: &mut Draw) -> Card {
    let issued = draw.between(2021, 2025);
    let (day, month) = (draw.between(1, 28), draw.between(1, 12));
    let expires = [25, 40, 60]
        .into_iter()
        .map(|age| birth_year + age)
        .find(|year| *year > 2026);
    Card {
        issued_on: format!("{day:02}/{month:02}/{issued}"),
        issued_at: if issued < 2024 {
            "Cục Cảnh sát quản lý hành chính về trật tự xã hội"
        } else {
            "Bộ Công an"
        },
        expires_on: expires.map(|year| format!("{day:02}/{month:02}/{year}")),
    }
}

fn phone(draw: &mut Draw) -> String {
    format!(
        "{}{:08}",
        draw.pick(&["03", "05", "07", "08", "09"]),
        draw.below(100_000_000)
    )
}

/// A moment of October 2026, as the registry writes it.
pub(crate) fn as_of(draw: &mut Draw) -> String {
    let (day, hour, minute, second) = (
        draw.between(1, 31),
        draw.between(0, 23),
        draw.between(0, 59),
        draw.between(0, 59),
    );
    format!("202610{day:02}{hour:02}{minute:02}{second:02}")
}
