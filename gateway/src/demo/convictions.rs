//! The criminal record registry's answers about the citizens.

use super::cast;
use super::people::{Person, World};
use super::random::Draw;

/// What the registry knows of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conviction {
    None,
    /// An unspent conviction.
    Convicted,
    /// A ban in force.
    Banned,
    /// The registry has to look by hand.
    CannotSay,
}

impl Conviction {
    /// The registry's words on convictions.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Self::None | Self::Banned => "Không có án tích",
            Self::Convicted => "Có án tích",
            Self::CannotSay => UNDECIDED,
        }
    }

    /// The registry's words on bans.
    pub(crate) fn ban_phrase(self) -> &'static str {
        match self {
            Self::None | Self::Convicted => "Không bị cấm",
            Self::Banned => "Đang bị cấm",
            Self::CannotSay => UNDECIDED,
        }
    }
}

const UNDECIDED: &str = "Chưa đủ thông tin, cần xác minh";

/// A certificate in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) number: String,
    pub(crate) kind: u8,
    pub(crate) issued_on: String,
    pub(crate) revoked: bool,
    pub(crate) conviction: Conviction,
}

/// What the registry holds about one person.
pub(crate) struct CriminalRecord {
    pub(crate) conviction: Conviction,
    pub(crate) certificates: Vec<Certificate>,
}

const STREAM: u64 = 20;

impl World {
    /// The record of a person; none below the age of 16 (Law 107/2025/QH15).
    pub(crate) fn criminal_record(&self, index: u64, person: &Person) -> Option<CriminalRecord> {
        if 2026 - person.identity.birth_year < 16 {
            return None;
        }
        if let Some(member) = usize::try_from(index)
            .ok()
            .and_then(|index| cast::CITIZENS.get(index))
        {
            return Some(of_cast(member));
        }
        let mut draw = Draw::of(self.seed, STREAM, index);
        let conviction = match draw.below(1000) {
            0..8 => Conviction::Convicted,
            8..11 => Conviction::Banned,
            11..25 if person.identity.birth_year < 1988 => Conviction::CannotSay,
            _ => Conviction::None,
        };
        let mut certificates = Vec::new();
        // Nobody gets a certificate while the registry can't say.
        if conviction != Conviction::CannotSay {
            if draw.chance(40) {
                certificates.push(certificate(1, index, conviction, &mut draw));
            }
            if draw.chance(3) {
                certificates.push(certificate(2, index, conviction, &mut draw));
            }
        }
        Some(CriminalRecord {
            conviction,
            certificates,
        })
    }
}

fn of_cast(member: &cast::Citizen) -> CriminalRecord {
    let certificates = cast::CERTIFICATES
        .iter()
        .filter(|certificate| certificate.citizen.personal_id == member.personal_id)
        .map(|certificate| Certificate {
            number: certificate.number.to_owned(),
            kind: certificate.kind,
            issued_on: format!("12/06/{}", certificate.number.get(4..8).unwrap_or("2026")),
            revoked: certificate.revoked,
            conviction: member.conviction,
        })
        .collect();
    CriminalRecord {
        conviction: member.conviction,
        certificates,
    }
}

fn certificate(kind: u8, index: u64, conviction: Conviction, draw: &mut Draw) -> Certificate {
    let year = draw.between(2024, 2026);
    let month = draw.between(1, if year == 2026 { 9 } else { 12 });
    Certificate {
        number: format!("PL{kind}-{year}-{index:07}"),
        kind,
        issued_on: format!("{:02}/{month:02}/{year}", draw.between(1, 28)),
        revoked: kind == 1 && draw.chance(20),
        conviction,
    }
}
