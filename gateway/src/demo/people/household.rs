//! Who lives with whom: blocks of ten persons, each cut into households.

use super::World;
use super::stream;
use crate::demo::names::People;
use crate::demo::places;
use crate::demo::random::Draw;

/// Persons of a block.
pub(super) const BLOCK: u64 = 10;

const PATTERNS: [&[u64]; 7] = [
    &[4, 3, 2, 1],
    &[5, 4, 1],
    &[4, 4, 2],
    &[3, 3, 4],
    &[6, 4],
    &[2, 3, 5],
    &[4, 6],
];

/// A person's place in the household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Head,
    Spouse,
    Child,
    /// Father or mother of the head.
    Parent,
}

/// What the members of one household share.
#[derive(Clone, Debug)]
pub(super) struct Household {
    /// Index of the head.
    pub(super) first: u64,
    /// Members there would be in a large enough country.
    pub(super) size: u64,
    /// Members there are.
    pub(super) present: u64,
    pub(super) couple: bool,
    pub(super) with_parent: bool,
    pub(super) head_female: bool,
    pub(super) head_birth_year: i32,
    pub(super) spouse_birth_year: i32,
    pub(super) people: People,
    pub(super) head_surname: &'static str,
    pub(super) spouse_surname: &'static str,
    /// Number of the former province that the family comes from.
    pub(super) former: u64,
}

impl Household {
    pub(super) fn role(&self, position: u64) -> Role {
        if position == 0 {
            Role::Head
        } else if position == 1 && self.couple {
            Role::Spouse
        } else if self.with_parent && position + 1 == self.size {
            Role::Parent
        } else {
            Role::Child
        }
    }

    /// Index of the spouse, if that person is in the registry.
    pub(super) fn spouse(&self) -> Option<u64> {
        (self.couple && self.present > 1).then_some(self.first + 1)
    }

    /// Index of the head's parent, if that person is in the registry.
    pub(super) fn parent(&self) -> Option<u64> {
        (self.with_parent && self.present == self.size).then(|| self.first + self.size - 1)
    }

    /// Children bear the father's surname; a mother alone gives hers.
    pub(super) fn children_surname(&self) -> &'static str {
        if self.couple && self.head_female {
            self.spouse_surname
        } else {
            self.head_surname
        }
    }
}

impl World {
    pub(super) fn pattern(&self, block: u64) -> &'static [u64] {
        Draw::of(self.seed, stream::PATTERN, block).pick(&PATTERNS)
    }

    /// The household of a generated person, and the person's place in it.
    pub(super) fn household(&self, index: u64) -> (Household, u64) {
        let generated = index - Self::first_generated();
        let block = generated / BLOCK;
        let mut first = Self::first_generated() + block * BLOCK;
        let mut size = BLOCK;
        for members in self.pattern(block) {
            size = *members;
            if index < first + members {
                break;
            }
            first += members;
        }
        (self.household_at(first, size), index - first)
    }

    fn household_at(&self, first: u64, size: u64) -> Household {
        let mut draw = Draw::of(self.seed, stream::HOUSEHOLD, first);
        let former = places::some_former(&mut draw);
        let people = People::of_household(places::former(former).0.code, &mut draw);
        let head_birth_year = draw.between(1950, 1997);
        Household {
            first,
            size,
            present: size.min(self.citizens.saturating_sub(first)),
            couple: size >= 2 && draw.chance(900),
            with_parent: size >= 5 && draw.chance(700),
            head_female: draw.chance(250),
            head_birth_year,
            spouse_birth_year: head_birth_year + draw.between(-4, 4),
            people,
            head_surname: people.surname(&mut draw),
            spouse_surname: people.surname(&mut draw),
            former,
        }
    }
}
