use std::collections::HashSet;

use adapters::text;
use adapters::text::personal_id::PersonalId;

use super::*;
use crate::demo::places;

const WORLD: World = World {
    seed: 11,
    citizens: 3_000,
};

fn generated() -> impl Iterator<Item = Person> {
    (World::first_generated()..WORLD.citizens).map(|index| WORLD.person(index))
}

#[test]
fn a_generated_number_fits_place_sex_and_birth_year() {
    for person in generated() {
        let identity = &person.identity;
        let id: PersonalId = text::personal_id::parse(&identity.personal_id).expect("well formed");
        let prefix = places::former(identity.former).0.id_prefix;
        assert!(id.as_str().starts_with(prefix));
        let century = id.as_str().as_bytes()[3] - b'0';
        assert_eq!(century % 2 == 1, identity.female);
        assert_eq!(
            1900 + i32::from(century / 2) * 100,
            identity.birth_year / 100 * 100
        );
        assert_eq!(id.as_str()[4..6], format!("{:02}", identity.birth_year % 100));
    }
}

#[test]
fn every_birth_date_is_one_that_the_date_rules_read() {
    for person in generated() {
        let date = text::date::parse(&person.identity.birth_date)
            .expect("readable")
            .expect("not empty")
            .date;
        assert_eq!(i32::from(date.year()), person.identity.birth_year);
    }
}

#[test]
fn whom_a_record_names_by_number_is_the_person_with_that_number() {
    let known: HashSet<(String, String)> = (0..WORLD.citizens)
        .map(|index| WORLD.person(index).identity)
        .map(|identity| (identity.personal_id, identity.full_name))
        .collect();
    assert_eq!(known.len() as u64, WORLD.citizens);
    for person in (0..WORLD.citizens).map(|index| WORLD.person(index)) {
        let named = [
            &person.father,
            &person.mother,
            &person.spouse,
            &person.representative,
        ];
        for reference in named.into_iter().flatten().chain([&person.head]) {
            if let Some(id) = &reference.personal_id {
                assert!(known.contains(&(id.clone(), reference.full_name.clone())));
            }
        }
    }
}

#[test]
fn a_spouse_names_the_spouse_back_and_lives_at_the_same_address() {
    let mut couples = 0;
    for index in World::first_generated()..WORLD.citizens {
        let person = WORLD.person(index);
        if person.relation.0 != "01" {
            continue;
        }
        couples += 1;
        let head = WORLD.person(index - 1);
        let named = head
            .spouse
            .as_ref()
            .and_then(|spouse| spouse.personal_id.as_ref());
        assert_eq!(named, Some(&person.identity.personal_id));
        assert_eq!(head.permanent_residence, person.permanent_residence);
        assert_eq!(head.household_no, person.household_no);
        assert_ne!(head.identity.female, person.identity.female);
    }
    assert!(couples > 500, "{couples}");
}

#[test]
fn a_child_is_at_least_twenty_years_younger_than_its_head() {
    for person in generated().filter(|person| person.relation.0 == "02") {
        let head = person.head.birth_date.as_deref().expect("known");
        let head = text::date::parse(head)
            .expect("readable")
            .expect("not empty")
            .date;
        assert!(person.identity.birth_year - i32::from(head.year()) >= 20);
    }
}

#[test]
fn the_same_seed_gives_the_same_persons_and_another_seed_others() {
    let names = |world: World| (100..200).map(|i| world.person(i)).collect::<Vec<_>>();
    assert_eq!(names(WORLD), names(WORLD));
    assert_ne!(names(WORLD), names(World { seed: 12, ..WORLD }));
}

#[test]
fn a_larger_country_begins_with_the_same_persons() {
    let larger = World {
        citizens: 9_000,
        ..WORLD
    };
    for index in 0..2_900 {
        assert_eq!(WORLD.person(index), larger.person(index));
    }
}
