//! The population registry's rows.

use std::path::Path;

use anyhow::Result;

use super::Steps;
use crate::demo::load::{Load, Row, Table};
use crate::demo::people::{Person, World};

const SCHEMA: &str = include_str!("../schema/population.sql");

static CITIZENS: Table = Table {
    insert: "INSERT INTO cong_dan VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
             ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
             ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
             ?, ?, ?, ?)",
    columns: 90,
};
static OTHER_NAMES: Table = Table {
    insert: "INSERT INTO ten_khac VALUES (?, ?, ?)",
    columns: 3,
};

pub(super) fn write(world: &World, target: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
    let load = Load::begin(target, SCHEMA)?;
    let mut steps = Steps::new(progress);
    for index in 0..world.citizens {
        let person = world.person(index);
        for (place, name) in (1..).zip(&person.other_names) {
            let row = Row::default()
                .text(&person.identity.personal_id)
                .number(place)
                .text(name);
            load.insert(&OTHER_NAMES, row)?;
        }
        load.insert(&CITIZENS, row(person))?;
        steps.one();
    }
    load.finish()
}

fn row(person: Person) -> Row {
    let identity = person.identity;
    let (people, people_name) = person.people.code();
    let (issued_on, issued_at, expires_on) = match person.card {
        Some(card) => (Some(card.issued_on), Some(card.issued_at), card.expires_on),
        None => (None, None, None),
    };
    Row::default()
        .text(identity.personal_id)
        .maybe(identity.old_id9)
        .text(person.recorded_name)
        .text(identity.birth_date)
        .text(if identity.female { "2" } else { "1" })
        .text(people)
        .text(people_name)
        .maybe(person.religion.map(|(code, _)| code))
        .maybe(person.religion.map(|(_, name)| name))
        .text("VN")
        .text(person.marital_status)
        .text(person.blood_type)
        .address(Some(&person.birth_registration))
        .address(Some(&person.home_place))
        .address(Some(&person.permanent_residence))
        .address(person.current_residence.as_ref())
        .person(person.father.as_ref())
        .person(person.mother.as_ref())
        .person(person.spouse.as_ref())
        .person(person.representative.as_ref())
        .person(Some(&person.head))
        .text(person.relation.0)
        .text(person.relation.1)
        .text(person.household_no)
        .maybe(issued_on)
        .maybe(issued_at)
        .maybe(expires_on)
        .text(person.life_state)
        .maybe(person.death_date)
        .maybe(person.phone)
        .maybe(person.email)
        .maybe(person.replaced_by)
        .text(person.as_of)
        .text(person.version)
}
