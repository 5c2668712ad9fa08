//! The enterprises: enterprise `j` is a pure function of the seed and `j`, one for every five citizens.

mod lines;
mod record;
mod words;

pub(crate) use record::{Company, Holder, Share};
pub(crate) use words::{Kind, State};

use super::cast;
use super::identifiers;
use super::people::{Person, World};
use super::places;
use super::random::Draw;

const STREAM: u64 = 40;

impl World {
    /// Rows of the business registry, the cast included.
    pub(crate) fn enterprises(&self) -> u64 {
        (self.citizens / 5).max(cast::ENTERPRISES.len() as u64)
    }

    /// The enterprise at `number`.
    pub(crate) fn enterprise(&self, number: u64) -> Company {
        match usize::try_from(number)
            .ok()
            .and_then(|number| cast::ENTERPRISES.get(number))
        {
            Some(member) => self.of_cast(number, member),
            None => self.founded(number),
        }
    }

    /// The citizen who founded an enterprise: nobody founds two.
    fn founder(&self, number: u64) -> Person {
        match usize::try_from(number)
            .ok()
            .and_then(|number| cast::ENTERPRISES.get(number))
        {
            Some(member) => member.representative.person(),
            None => {
                let generated = number - cast::ENTERPRISES.len() as u64;
                self.person(self.head_of_block(generated / 2, generated % 2))
            }
        }
    }

    fn kind_and_code(&self, number: u64, founder: &Person) -> (Kind, String) {
        let mut draw = Draw::of(self.seed, STREAM, number);
        let kind = draw.weighted(&words::KINDS);
        let place = places::former(founder.identity.former).0.code;
        let code = match kind {
            Kind::HouseholdBusiness => founder.identity.personal_id.clone(),
            _ => identifiers::tax_code(place, number),
        };
        (kind, code)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use adapters::text;

    use super::*;

    #[test]
    fn every_code_is_valid_and_its_own_and_its_founder_is_of_age() {
        let world = World {
            seed: 1,
            citizens: 2_000,
        };
        let mut codes = HashSet::new();
        for number in 0..world.enterprises() {
            let company = world.enterprise(number);
            text::tax_code::parse(&company.code).expect("the code is valid");
            assert!(world.founder(number).identity.birth_year < 2008);
            assert!(codes.insert(company.code), "a code is given twice");
        }
        assert_eq!(codes.len(), 400);
    }

    #[test]
    fn shares_add_up_to_the_whole_and_beneficial_owners_hold_a_quarter() {
        let world = World {
            seed: 1,
            citizens: 2_000,
        };
        for number in 0..world.enterprises() {
            let company = world.enterprise(number);
            if !company.members.is_empty() {
                let sum: i64 = company.members.iter().map(|share| share.basis_points).sum();
                assert_eq!(sum, 10_000, "{}", company.name);
            }
            assert!(
                company
                    .beneficial_owners()
                    .all(|share| share.basis_points >= 2_500)
            );
        }
    }

    #[test]
    fn the_newest_state_is_the_present_one() {
        let world = World {
            seed: 1,
            citizens: 2_000,
        };
        for number in 0..world.enterprises() {
            let company = world.enterprise(number);
            assert_eq!(company.states[0].phrase, company.state.phrase());
        }
    }
}
