//! Places of the synthetic data: real provinces, a few real communes, and invented ones.
//!
//! Province names and codes are the real ones of their day. Communes are invented, with codes from
//! 90000 up (real ones end below 33000), but for a handful whose codes are public knowledge.

pub mod provinces;

use provinces::{FormerProvince, PROVINCES, Province};

use super::random::Draw;

/// An address as a registry writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) detail: Option<String>,
    pub(crate) commune: Option<(String, String)>,
    pub(crate) district: Option<(String, String)>,
    pub(crate) province: (String, String),
    pub(crate) edition: &'static str,
}

/// Edition of the codes since 1 July 2025.
pub(crate) const TODAY: &str = "QD19/2025";
/// Edition of the codes before.
pub(crate) const BEFORE: &str = "QD124/2004";

impl Address {
    /// The whole address as one text.
    pub(crate) fn text(&self) -> String {
        let names = [&self.commune, &self.district]
            .into_iter()
            .flatten()
            .map(|(_, name)| name.as_str());
        self.detail
            .as_deref()
            .into_iter()
            .chain(names)
            .chain([self.province.1.as_str()])
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The number of former provinces.
pub(crate) const FORMER_COUNT: u64 = 63;

/// A former province, and the one it belongs to today, by its place in the table.
pub(crate) fn former(number: u64) -> (&'static FormerProvince, &'static Province) {
    let mut left = usize::try_from(number % FORMER_COUNT).unwrap_or(0);
    for province in &PROVINCES {
        if let Some(found) = province.made_of.get(left) {
            return (found, province);
        }
        left -= province.made_of.len();
    }
    (&PROVINCES[0].made_of[0], &PROVINCES[0])
}

/// A former province, large ones more often. The weight is its people in hundreds of thousands, roughly.
pub(crate) fn some_former(draw: &mut Draw) -> u64 {
    // The same numbers whatever the table's order: by code, 1 where nothing is said.
    const HEAVY: [(&str, u64); 14] = [
        ("01", 8),
        ("79", 9),
        ("38", 4),
        ("40", 4),
        ("74", 3),
        ("75", 3),
        ("31", 3),
        ("30", 2),
        ("27", 2),
        ("36", 2),
        ("34", 2),
        ("89", 2),
        ("66", 2),
        ("49", 2),
    ];
    let number = draw.below(FORMER_COUNT + 34);
    if number < FORMER_COUNT {
        return number;
    }
    let code = draw.weighted(&HEAVY);
    (0..FORMER_COUNT)
        .find(|number| former(*number).0.code == code)
        .unwrap_or(0)
}

/// An address with today's codes.
pub(crate) fn address_today(province: &Province, draw: &mut Draw) -> Address {
    let urban = draw.chance(450);
    let commune = commune_today(province, urban, draw);
    Address {
        detail: Some(detail(urban, draw)),
        commune: Some(commune),
        district: None,
        province: (province.code.to_owned(), province.name.to_owned()),
        edition: TODAY,
    }
}

/// An address with the codes from before 1 July 2025. Without `detail`: a place of registration.
pub(crate) fn address_before(province: &FormerProvince, with_detail: bool, draw: &mut Draw) -> Address {
    let urban = draw.chance(350);
    let commune = draw.below(COMMUNES.len() as u64);
    let name = COMMUNES[index(commune)];
    let district = draw.below(DISTRICTS.len() as u64);
    Address {
        detail: with_detail.then(|| detail(urban, draw)),
        commune: Some((
            format!("95{:03}", (number(province.code) * 37 + commune) % 1000),
            format!("{} {name}", if urban { "Phường" } else { "Xã" }),
        )),
        district: Some((
            format!("98{}", district % 10),
            format!(
                "{} {}",
                if urban { "Thành phố" } else { "Huyện" },
                DISTRICTS[index(district)]
            ),
        )),
        province: (province.code.to_owned(), name_before(province)),
        edition: BEFORE,
    }
}

/// The former province's name with its kind.
pub(crate) fn name_before(province: &FormerProvince) -> String {
    const CITIES: [&str; 6] = ["01", "31", "46", "48", "79", "92"];
    let kind = if CITIES.contains(&province.code) {
        "Thành phố"
    } else {
        "Tỉnh"
    };
    format!("{kind} {}", province.name)
}

fn commune_today(province: &Province, urban: bool, draw: &mut Draw) -> (String, String) {
    if draw.chance(300) {
        let real: Vec<_> = REAL_COMMUNES
            .iter()
            .filter(|(code, ..)| *code == province.code)
            .collect();
        if !real.is_empty() {
            let (_, code, name) = real[index(draw.below(real.len() as u64))];
            return ((*code).to_owned(), (*name).to_owned());
        }
    }
    let commune = draw.below(COMMUNES.len() as u64);
    let code = format!("9{}{commune:02}", province.code);
    (
        code,
        format!(
            "{} {}",
            if urban { "Phường" } else { "Xã" },
            COMMUNES[index(commune)]
        ),
    )
}

fn detail(urban: bool, draw: &mut Draw) -> String {
    if urban {
        format!("Số {} đường {}", draw.between(1, 399), draw.pick(&STREETS))
    } else if draw.chance(500) {
        format!("Thôn {}", draw.pick(&HAMLETS))
    } else {
        format!("Tổ {}, ấp {}", draw.between(1, 30), draw.pick(&HAMLETS))
    }
}

fn number(code: &str) -> u64 {
    code.parse().unwrap_or(0)
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// Province, code, name.
const REAL_COMMUNES: [(&str, &str, &str); 4] = [
    ("01", "00004", "Phường Ba Đình"),
    ("01", "00008", "Phường Ngọc Hà"),
    ("79", "25942", "Phường Dĩ An"),
    ("79", "26737", "Phường Tân Định"),
];

const COMMUNES: [&str; 24] = [
    "Tân Lập",
    "Phú Thịnh",
    "Đông Hòa",
    "An Phú",
    "Bình Minh",
    "Long Sơn",
    "Thanh Bình",
    "Quang Trung",
    "Hòa Lạc",
    "Vĩnh Phúc",
    "Thạnh Mỹ",
    "Nam Hải",
    "Xuân Trường",
    "Kim Sơn",
    "Đại Thắng",
    "Yên Lãng",
    "Trường Xuân",
    "Mỹ Lộc",
    "Tam Thanh",
    "Phước Hưng",
    "Đồng Tâm",
    "Hiệp Thành",
    "Cẩm Giang",
    "Nghĩa Hưng",
];

const DISTRICTS: [&str; 10] = [
    "Châu Thành",
    "Phú Hòa",
    "Tân Yên",
    "Long Phú",
    "Vĩnh Bảo",
    "Đông Sơn",
    "Hương Khê",
    "An Khánh",
    "Thanh Hà",
    "Yên Bình",
];

const STREETS: [&str; 20] = [
    "Lê Lợi",
    "Trần Phú",
    "Nguyễn Huệ",
    "Hai Bà Trưng",
    "Lý Thường Kiệt",
    "Quang Trung",
    "Trần Hưng Đạo",
    "Phan Bội Châu",
    "Nguyễn Trãi",
    "Lê Duẩn",
    "Hùng Vương",
    "Điện Biên Phủ",
    "Cách Mạng Tháng Tám",
    "Nguyễn Văn Cừ",
    "Võ Thị Sáu",
    "Hoàng Diệu",
    "Bạch Đằng",
    "Ngô Quyền",
    "Tô Hiến Thành",
    "Số 3",
];

const HAMLETS: [&str; 16] = [
    "Đông",
    "Đoài",
    "Thượng",
    "Hạ",
    "Trung",
    "Tân Tiến",
    "Hòa Bình",
    "Phú Xuân",
    "Bình An",
    "Thạnh Lợi",
    "Mỹ Đức",
    "Long Thành",
    "An Hòa",
    "Vĩnh Lộc",
    "Cây Dừa",
    "Bàu Sen",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_34_provinces_made_of_63_and_each_code_stands_once() {
        assert_eq!(PROVINCES.len(), 34);
        let former: Vec<_> = PROVINCES.iter().flat_map(|province| province.made_of).collect();
        assert_eq!(former.len(), 63);
        let codes: HashSet<_> = PROVINCES.iter().map(|province| province.code).collect();
        assert_eq!(codes.len(), 34);
        for (what, values) in [
            ("code", former.iter().map(|f| f.code).collect::<HashSet<_>>()),
            ("prefix", former.iter().map(|f| f.id_prefix).collect()),
            ("agency", former.iter().map(|f| f.agency).collect()),
        ] {
            assert_eq!(values.len(), 63, "{what}");
        }
    }

    #[test]
    fn the_agency_code_follows_the_name_and_stays_open_for_one_of_the_parts() {
        for province in &PROVINCES {
            let open: Vec<_> = province
                .made_of
                .iter()
                .filter(|part| !part.agency_closed)
                .collect();
            assert_eq!(open.len(), 1, "{}", province.name);
            assert_eq!(open[0].agency, province.agency);
            assert!(province.name.ends_with(open[0].name), "{}", province.name);
        }
    }

    #[test]
    fn code_15_was_yen_bai_and_is_lao_cai() {
        let before = (0..FORMER_COUNT)
            .map(former)
            .find(|(before, _)| before.code == "15");
        let (before, today) = before.expect("the code exists");
        assert_eq!(before.name, "Yên Bái");
        assert_eq!((today.code, today.agency), ("15", "H38"));
        assert!(before.agency_closed);
    }

    #[test]
    fn every_former_province_can_be_reached_by_its_number() {
        let all: HashSet<_> = (0..FORMER_COUNT).map(|number| former(number).0.code).collect();
        assert_eq!(all.len(), 63);
    }
}
