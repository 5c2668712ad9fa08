//! The cast of the population registry.

use super::super::convictions::Conviction;
use super::super::names::People;
use super::super::people::{Card, Identity, Person, Reference};
use super::super::places::{self, Address};

/// A person of the cast.
#[derive(Debug)]
pub struct Citizen {
    /// 12 digits.
    pub personal_id: &'static str,
    /// 9 digits of the former card.
    pub old_id9: Option<&'static str>,
    /// As the population registry keeps it.
    pub full_name: &'static str,
    /// Another name, which the criminal record registry uses.
    pub other_name: Option<&'static str>,
    /// As the registry writes it.
    pub birth_date: &'static str,
    /// As recorded, whatever the number says.
    pub female: bool,
    /// What is special about this person.
    pub special: &'static str,
    pub(crate) former: &'static str,
    pub(crate) people: People,
    /// Code of the former province in which the permanent address still stands.
    pub(crate) old_address: Option<&'static str>,
    pub(crate) conviction: Conviction,
    pub(crate) household: Household,
    pub(crate) replaced_by: Option<&'static str>,
    pub(crate) died: Option<&'static str>,
}

/// Who of the cast lives together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Household {
    Alone,
    Owner,
    OwnerWife,
    OwnerChild,
}

const PLAIN: Citizen = Citizen {
    personal_id: "",
    old_id9: None,
    full_name: "",
    other_name: None,
    birth_date: "",
    female: false,
    special: "",
    former: "",
    people: People::Kinh,
    old_address: None,
    conviction: Conviction::None,
    household: Household::Alone,
    replaced_by: None,
    died: None,
};

/// The flagship: owner and legal representative of [`super::enterprises::SECURITY_COMPANY`], no conviction.
pub static OWNER: Citizen = Citizen {
    personal_id: "079085000101",
    old_id9: Some("024680101"),
    full_name: "NGUYỄN MINH QUÂN",
    birth_date: "15/08/1985",
    special: "The flagship: owner and legal representative of the security company, no conviction.",
    former: "79",
    household: Household::Owner,
    ..PLAIN
};

/// Wife of the owner, in the same household.
pub static OWNER_WIFE: Citizen = Citizen {
    personal_id: "079187000102",
    full_name: "TRẦN THỊ BÍCH NGỌC",
    birth_date: "02/03/1987",
    female: true,
    special: "Wife of the owner, in the same household.",
    former: "79",
    household: Household::OwnerWife,
    ..PLAIN
};

/// Child of the owner: has a representative, no card, no row in the criminal record registry.
pub static OWNER_CHILD: Citizen = Citizen {
    personal_id: "079214000103",
    full_name: "NGUYỄN MINH KHÔI",
    birth_date: "20/11/2014",
    special: "Child of the owner: has a representative, no card, no row in the criminal record registry.",
    former: "79",
    household: Household::OwnerChild,
    ..PLAIN
};

/// The number says a man, the record a woman; the birth date is a year; the name has the new tone place; the address is of a closed province.
pub static SEX_DIGIT: Citizen = Citizen {
    personal_id: "079090123456",
    full_name: "NGUYỄN THỊ HOÀ",
    birth_date: "1990",
    female: true,
    special: "The number says a man, the record a woman; the birth date is a year; the name has the new tone place; the address is of a closed province.",
    former: "79",
    old_address: Some("74"),
    ..PLAIN
};

/// The name is stored in decomposed Unicode (NFD).
pub static DECOMPOSED: Citizen = Citizen {
    personal_id: "001188000105",
    full_name: "TRA\u{302}\u{300}N THI\u{323} THU\u{309}Y HA\u{306}\u{300}NG",
    birth_date: "09/09/1988",
    female: true,
    special: "The name is stored in decomposed Unicode (NFD).",
    former: "01",
    ..PLAIN
};

/// Named Lê Thị Hoà here and Lê Thị Hòa in the criminal record registry.
pub static TONE_PLACE: Citizen = Citizen {
    personal_id: "048192000106",
    full_name: "LÊ THỊ HOÀ",
    other_name: Some("LÊ THỊ HÒA"),
    birth_date: "30/04/1992",
    female: true,
    special: "Named Lê Thị Hoà here and Lê Thị Hòa in the criminal record registry.",
    former: "48",
    ..PLAIN
};

/// Born in a year whose day and month nobody wrote down.
pub static YEAR_ONLY: Citizen = Citizen {
    personal_id: "038048000107",
    old_id9: Some("170123456"),
    full_name: "PHẠM VĂN THẮNG",
    birth_date: "00/00/1948",
    special: "Born in a year whose day and month nobody wrote down.",
    former: "38",
    ..PLAIN
};

/// A cancelled number: the sex was determined anew.
pub static REPLACED: Citizen = Citizen {
    personal_id: "001072000108",
    full_name: "VŨ THANH AN",
    birth_date: "12/12/1972",
    special: "A cancelled number: the sex was determined anew.",
    former: "01",
    replaced_by: Some("001172000109"),
    ..PLAIN
};

/// The number that took the cancelled one's place.
pub static REPLACEMENT: Citizen = Citizen {
    personal_id: "001172000109",
    full_name: "VŨ THANH AN",
    birth_date: "12/12/1972",
    female: true,
    special: "The number that took the cancelled one's place.",
    former: "01",
    ..PLAIN
};

/// Registered in Bình Dương, which is part of Thành phố Hồ Chí Minh now; all of the record still says Bình Dương.
pub static CLOSED_PROVINCE: Citizen = Citizen {
    personal_id: "074195000110",
    old_id9: Some("281012345"),
    full_name: "HUỲNH NGỌC DIỄM",
    birth_date: "07/06/1995",
    female: true,
    special: "Registered in Bình Dương, which is part of Thành phố Hồ Chí Minh now; all of the record still says Bình Dương.",
    former: "74",
    old_address: Some("74"),
    ..PLAIN
};

/// Carries the same former card number as another person: asked for by it, there are several.
pub static SHARED_CARD_A: Citizen = Citizen {
    personal_id: "036068000111",
    old_id9: Some("161234567"),
    full_name: "TRỊNH XUÂN BÁCH",
    birth_date: "01/01/1968",
    special: "Carries the same former card number as another person: asked for by it, there are several.",
    former: "36",
    ..PLAIN
};

/// The other one.
pub static SHARED_CARD_B: Citizen = Citizen {
    personal_id: "036170000112",
    old_id9: Some("161234567"),
    full_name: "TRỊNH THỊ BƯỞI",
    birth_date: "05/05/1970",
    female: true,
    special: "The other one.",
    former: "36",
    ..PLAIN
};

/// An unspent conviction.
pub static CONVICTED: Citizen = Citizen {
    personal_id: "031083000113",
    full_name: "ĐỖ MẠNH TIẾN",
    birth_date: "23/07/1983",
    special: "An unspent conviction.",
    former: "31",
    conviction: Conviction::Convicted,
    ..PLAIN
};

/// A ban on founding and managing enterprises is in force; no unspent conviction.
pub static BANNED: Citizen = Citizen {
    personal_id: "092079000114",
    full_name: "LÂM QUỐC BẢO",
    birth_date: "19/02/1979",
    special: "A ban on founding and managing enterprises is in force; no unspent conviction.",
    former: "92",
    conviction: Conviction::Banned,
    ..PLAIN
};

/// The criminal record registry has to look by hand: data from before 1 July 2010.
pub static CANNOT_SAY: Citizen = Citizen {
    personal_id: "040061000115",
    full_name: "HỒ SỸ DŨNG",
    birth_date: "03/10/1961",
    special: "The criminal record registry has to look by hand: data from before 1 July 2010.",
    former: "40",
    conviction: Conviction::CannotSay,
    ..PLAIN
};

/// Holds a certificate no. 1 that was revoked.
pub static REVOKED_CERTIFICATE: Citizen = Citizen {
    personal_id: "022190000116",
    full_name: "ĐINH THU PHƯƠNG",
    birth_date: "27/01/1990",
    female: true,
    special: "Holds a certificate no. 1 that was revoked.",
    former: "22",
    ..PLAIN
};

/// Holds a certificate no. 2, which nobody may be given.
pub static SECOND_CERTIFICATE: Citizen = Citizen {
    personal_id: "046086000117",
    full_name: "TÔN THẤT HUY",
    birth_date: "11/11/1986",
    special: "Holds a certificate no. 2, which nobody may be given.",
    former: "46",
    ..PLAIN
};

/// An Ê-đê name with an apostrophe.
pub static EDE: Citizen = Citizen {
    personal_id: "066194000118",
    full_name: "H'LINH NIÊ",
    birth_date: "14/02/1994",
    female: true,
    special: "An Ê-đê name with an apostrophe.",
    former: "66",
    people: People::Ede,
    ..PLAIN
};

/// An Ê-đê name with a letter that Vietnamese lacks.
pub static EDE_MAN: Citizen = Citizen {
    personal_id: "066089000119",
    full_name: "Y THỊNH ÊÑUÔL",
    birth_date: "06/06/1989",
    special: "An Ê-đê name with a letter that Vietnamese lacks.",
    former: "66",
    people: People::Ede,
    ..PLAIN
};

/// Died in 2024.
pub static DEAD: Citizen = Citizen {
    personal_id: "086035000120",
    old_id9: Some("330000120"),
    full_name: "TRƯƠNG VĂN SÁU",
    birth_date: "1935",
    special: "Died in 2024.",
    former: "86",
    died: Some("18/05/2024"),
    ..PLAIN
};

/// Owner of the suspended, dissolved and otherwise troubled enterprises.
pub static OTHER_OWNER: Citizen = Citizen {
    personal_id: "075077000121",
    full_name: "BÙI ĐỨC LONG",
    birth_date: "25/12/1977",
    special: "Owner of the suspended, dissolved and otherwise troubled enterprises.",
    former: "75",
    ..PLAIN
};

/// The cast, in the order of the registry's first rows.
pub static CITIZENS: [&Citizen; 21] = [
    &OWNER,
    &OWNER_WIFE,
    &OWNER_CHILD,
    &SEX_DIGIT,
    &DECOMPOSED,
    &TONE_PLACE,
    &YEAR_ONLY,
    &REPLACED,
    &REPLACEMENT,
    &CLOSED_PROVINCE,
    &SHARED_CARD_A,
    &SHARED_CARD_B,
    &CONVICTED,
    &BANNED,
    &CANNOT_SAY,
    &REVOKED_CERTIFICATE,
    &SECOND_CERTIFICATE,
    &EDE,
    &EDE_MAN,
    &DEAD,
    &OTHER_OWNER,
];

impl Citizen {
    pub(crate) fn person(&self) -> Person {
        let number = (0..places::FORMER_COUNT)
            .find(|number| places::former(*number).0.code == self.former)
            .unwrap_or(0);
        let identity = self.identity(number);
        let family = self.household != Household::Alone;
        let member = |citizen: &Citizen, of: Household| {
            (family && self.household != of).then(|| Reference::from(&citizen.identity(number)))
        };
        let child = self.household == Household::OwnerChild;
        let (owner, wife) = (
            member(&OWNER, Household::Owner),
            member(&OWNER_WIFE, Household::OwnerWife),
        );
        let head = match self.household {
            Household::Alone | Household::Owner => Reference::from(&identity),
            Household::OwnerWife | Household::OwnerChild => Reference::from(&OWNER.identity(number)),
        };
        Person {
            recorded_name: self.full_name.to_owned(),
            other_names: self.other_name.map(str::to_owned).into_iter().collect(),
            people: self.people,
            religion: Some(("00", "Không")),
            marital_status: if family && !child { "2" } else { "1" },
            blood_type: "04",
            birth_registration: self.registration(number),
            home_place: self.registration(number),
            permanent_residence: self.residence(number),
            current_residence: None,
            father: owner.clone().filter(|_| child),
            mother: wife.clone().filter(|_| child),
            spouse: if child { None } else { owner.clone().or(wife) },
            representative: owner.filter(|_| child),
            head,
            relation: match self.household {
                Household::Alone | Household::Owner => ("00", "Chủ hộ"),
                Household::OwnerWife => ("01", "Vợ, chồng"),
                Household::OwnerChild => ("02", "Con"),
            },
            household_no: self.household_no(),
            card: (!child && self.died.is_none()).then(|| Card {
                issued_on: "10/03/2022".to_owned(),
                issued_at: "Cục Cảnh sát quản lý hành chính về trật tự xã hội",
                expires_on: (identity.birth_year > 1967).then(|| "10/03/2037".to_owned()),
            }),
            life_state: if self.died.is_some() { "2" } else { "1" },
            death_date: self.died.map(str::to_owned),
            phone: (!child).then(|| "0900000101".to_owned()),
            email: None,
            replaced_by: self.replaced_by.map(str::to_owned),
            as_of: AS_OF.to_owned(),
            version: "1".to_owned(),
            identity,
        }
    }

    /// The name that the other registries use.
    pub(crate) fn other_registries_name(&self) -> &'static str {
        self.other_name.unwrap_or(self.full_name)
    }

    fn identity(&self, former: u64) -> Identity {
        let year = self
            .birth_date
            .rsplit('/')
            .next()
            .and_then(|year| year.parse().ok());
        Identity {
            personal_id: self.personal_id.to_owned(),
            old_id9: self.old_id9.map(str::to_owned),
            full_name: self.other_registries_name().to_owned(),
            birth_date: self.birth_date.to_owned(),
            birth_year: year.unwrap_or(0),
            female: self.female,
            former,
        }
    }

    fn household_no(&self) -> String {
        match self.household {
            Household::Alone => format!("{}9{}", self.former, &self.personal_id[6..]),
            Household::Owner | Household::OwnerWife | Household::OwnerChild => "799000101".to_owned(),
        }
    }

    fn registration(&self, former: u64) -> Address {
        let province = places::former(former).0;
        Address {
            province: (province.code.to_owned(), places::name_before(province)),
            edition: places::BEFORE,
            ..Address::default()
        }
    }

    fn residence(&self, former: u64) -> Address {
        if self.old_address.is_some() {
            return Address {
                detail: Some("12 đường số 3".to_owned()),
                commune: Some(("25942".to_owned(), "Phường Dĩ An".to_owned())),
                district: Some(("724".to_owned(), "Thành phố Dĩ An".to_owned())),
                province: ("74".to_owned(), "Tỉnh Bình Dương".to_owned()),
                edition: places::BEFORE,
            };
        }
        let province = places::former(former).1;
        let commune = match province.code {
            "79" => ("26737".to_owned(), "Phường Tân Định".to_owned()),
            "01" => ("00004".to_owned(), "Phường Ba Đình".to_owned()),
            code => (format!("9{code}00"), "Phường Tân Lập".to_owned()),
        };
        Address {
            detail: Some("Số 68 đường Hai Bà Trưng".to_owned()),
            commune: Some(commune),
            district: None,
            province: (province.code.to_owned(), province.name.to_owned()),
            edition: places::TODAY,
        }
    }
}

/// The moment of the cast's rows in all three registries.
pub(crate) const AS_OF: &str = "20261105093000";
