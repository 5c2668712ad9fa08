//! The cast of the business registry.

use super::super::enterprises::{Kind, State};
use super::citizens::{self, Citizen};

/// An enterprise of the cast.
#[derive(Debug)]
pub struct Enterprise {
    /// Enterprise code as the registry keeps it.
    pub code: &'static str,
    /// Vietnamese name.
    pub name: &'static str,
    /// Legal representative; the owner too where there is one.
    pub representative: &'static Citizen,
    /// Main business line, VSIC level 4.
    pub main_line: &'static str,
    /// What is special about it.
    pub special: &'static str,
    pub(crate) kind: Kind,
    pub(crate) state: State,
}

/// The flagship: active, its main line is private security (8010), one branch.
pub static SECURITY_COMPANY: Enterprise = Enterprise {
    code: "0991000007",
    name: "CÔNG TY TNHH MỘT THÀNH VIÊN DỊCH VỤ BẢO VỆ SAO MAI",
    representative: &citizens::OWNER,
    main_line: "8010",
    special: "The flagship: active, its main line is private security (8010), one branch.",
    kind: Kind::LimitedOneMember,
    state: State::Active,
};

/// A dependent unit of the security company, by its 13-digit code.
pub static SECURITY_BRANCH: Enterprise = Enterprise {
    code: "0991000007-001",
    name: "CHI NHÁNH CẦN THƠ - CÔNG TY TNHH MỘT THÀNH VIÊN DỊCH VỤ BẢO VỆ SAO MAI",
    representative: &citizens::OWNER,
    main_line: "8010",
    special: "A dependent unit of the security company, by its 13-digit code.",
    kind: Kind::Branch,
    state: State::Active,
};

/// Business suspended from 1 September 2026 to 31 August 2027.
pub static SUSPENDED: Enterprise = Enterprise {
    code: "0991000014",
    name: "CÔNG TY TNHH MỘT THÀNH VIÊN BẢO VỆ HẢI ĐĂNG",
    representative: &citizens::OTHER_OWNER,
    main_line: "8010",
    special: "Business suspended from 1 September 2026 to 31 August 2027.",
    kind: Kind::LimitedOneMember,
    state: State::Suspended,
};

/// Dissolved in 2025.
pub static DISSOLVED: Enterprise = Enterprise {
    code: "0991000021",
    name: "DOANH NGHIỆP TƯ NHÂN CẦM ĐỒ PHÚC LỘC",
    representative: &citizens::OTHER_OWNER,
    main_line: "6492",
    special: "Dissolved in 2025.",
    kind: Kind::Private,
    state: State::Dissolved,
};

/// In a state whose words nobody here knows: unknown, never active.
pub static UNKNOWN_STATE: Enterprise = Enterprise {
    code: "0991000039",
    name: "CÔNG TY TNHH MỘT THÀNH VIÊN KHÁCH SẠN THIÊN HƯƠNG",
    representative: &citizens::OTHER_OWNER,
    main_line: "5510",
    special: "In a state whose words nobody here knows: unknown, never active.",
    kind: Kind::LimitedOneMember,
    state: State::Unheard,
};

/// No longer at its registered address.
pub static NOT_AT_ADDRESS: Enterprise = Enterprise {
    code: "0991000046",
    name: "CÔNG TY TNHH MỘT THÀNH VIÊN VẬN TẢI BÌNH MINH",
    representative: &citizens::OTHER_OWNER,
    main_line: "4933",
    special: "No longer at its registered address.",
    kind: Kind::LimitedOneMember,
    state: State::NotAtAddress,
};

/// Its registration was revoked.
pub static REVOKED: Enterprise = Enterprise {
    code: "0991000053",
    name: "CÔNG TY TNHH MỘT THÀNH VIÊN XÂY DỰNG TÂN TIẾN",
    representative: &citizens::OTHER_OWNER,
    main_line: "4101",
    special: "Its registration was revoked.",
    kind: Kind::LimitedOneMember,
    state: State::Revoked,
};

/// A code whose check digit is 0; several members, one of them an organisation.
pub static REMAINDER_TEN: Enterprise = Enterprise {
    code: "0991000060",
    name: "CÔNG TY TNHH DU LỊCH SÔNG XANH",
    representative: &citizens::OWNER_WIFE,
    main_line: "7911",
    special: "A code whose check digit is 0; several members, one of them an organisation.",
    kind: Kind::LimitedSeveralMembers,
    state: State::Active,
};

/// A household business: its code is the personal number of its owner.
pub static HOUSEHOLD_BUSINESS: Enterprise = Enterprise {
    code: "074195000110",
    name: "HỘ KINH DOANH HUỲNH NGỌC DIỄM",
    representative: &citizens::CLOSED_PROVINCE,
    main_line: "4711",
    special: "A household business: its code is the personal number of its owner.",
    kind: Kind::HouseholdBusiness,
    state: State::Active,
};

/// The cast, in the order of the registry's first rows.
pub static ENTERPRISES: [&Enterprise; 9] = [
    &SECURITY_COMPANY,
    &SECURITY_BRANCH,
    &SUSPENDED,
    &DISSOLVED,
    &UNKNOWN_STATE,
    &NOT_AT_ADDRESS,
    &REVOKED,
    &REMAINDER_TEN,
    &HOUSEHOLD_BUSINESS,
];
