//! The persons and enterprises that every synthetic country contains, whatever its size and seed:
//! the hard cases, with what is special about each. Names and numbers are invented.

pub mod certificates;
pub mod citizens;
pub mod enterprises;

pub use certificates::{CERTIFICATES, Certificate};
pub use citizens::{CITIZENS, Citizen};
pub use enterprises::{ENTERPRISES, Enterprise};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use adapters::text;

    use super::*;

    #[test]
    fn every_number_of_the_cast_is_well_formed_and_its_own() {
        let ids: HashSet<_> = CITIZENS.iter().map(|citizen| citizen.personal_id).collect();
        assert_eq!(ids.len(), CITIZENS.len());
        for citizen in CITIZENS {
            text::personal_id::parse(citizen.personal_id).expect(citizen.personal_id);
            text::date::parse(citizen.birth_date).expect(citizen.birth_date);
        }
        let codes: HashSet<_> = ENTERPRISES.iter().map(|enterprise| enterprise.code).collect();
        assert_eq!(codes.len(), ENTERPRISES.len());
        for enterprise in ENTERPRISES {
            text::tax_code::parse(enterprise.code).expect(enterprise.code);
        }
    }

    #[test]
    fn the_cast_is_named_by_one_of_its_own() {
        let known = |id: &str| CITIZENS.iter().any(|citizen| citizen.personal_id == id);
        for enterprise in ENTERPRISES {
            assert!(
                known(enterprise.representative.personal_id),
                "{}",
                enterprise.code
            );
        }
        for certificate in CERTIFICATES {
            assert!(known(certificate.citizen.personal_id), "{}", certificate.number);
        }
    }
}
