//! Names of people, with the surnames as frequent as they are in the country.

use super::random::Draw;

/// A people of the official list, with the code of the list of ethnic groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum People {
    Kinh,
    Tay,
    Thai,
    Khmer,
    Muong,
    Nung,
    Hmong,
    GiaRai,
    Ede,
}

impl People {
    /// Code and label.
    pub(crate) fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Kinh => ("01", "Kinh"),
            Self::Tay => ("02", "Tày"),
            Self::Thai => ("03", "Thái"),
            Self::Khmer => ("05", "Khơ-me"),
            Self::Muong => ("06", "Mường"),
            Self::Nung => ("07", "Nùng"),
            Self::Hmong => ("08", "Mông"),
            Self::GiaRai => ("10", "Gia-rai"),
            Self::Ede => ("12", "Ê-đê"),
        }
    }

    /// The people of a household in a former province, by its code.
    pub(crate) fn of_household(province: &str, draw: &mut Draw) -> Self {
        let (share, people) = match province {
            "66" => (180, Self::Ede),
            "62" | "64" => (300, Self::GiaRai),
            "84" | "94" => (300, Self::Khmer),
            "11" | "12" | "14" => (450, draw.pick(&[Self::Thai, Self::Thai, Self::Hmong])),
            "02" | "10" => (350, Self::Hmong),
            "17" => (600, Self::Muong),
            "04" | "06" | "08" | "19" | "20" => (500, draw.pick(&[Self::Tay, Self::Nung])),
            _ => (0, Self::Kinh),
        };
        if draw.chance(share) { people } else { Self::Kinh }
    }

    /// A surname or clan name. Siblings share their father's.
    pub(crate) fn surname(self, draw: &mut Draw) -> &'static str {
        match self {
            Self::Kinh => draw.weighted(&SURNAMES),
            Self::Tay | Self::Nung => draw.pick(&["Nông", "Hoàng", "Bế", "Triệu", "Lương", "Đàm", "Lý"]),
            Self::Thai => draw.pick(&["Lò", "Cà", "Quàng", "Lường", "Tòng", "Vì"]),
            Self::Khmer => draw.pick(&["Thạch", "Sơn", "Kim", "Danh", "Lâm", "Kiên"]),
            Self::Muong => draw.pick(&["Bùi", "Quách", "Đinh", "Hà", "Bạch"]),
            Self::Hmong => draw.pick(&["Giàng", "Vàng", "Sùng", "Thào", "Mùa", "Lầu"]),
            Self::GiaRai => draw.pick(&["Rơ Châm", "Siu", "Kpă", "Ksor", "Nay"]),
            Self::Ede => draw.pick(&["Niê", "Êñuôl", "Mlô", "Ayŭn", "Kbuôr", "Byă"]),
        }
    }

    /// A full name, in the letters that a clerk types.
    pub(crate) fn full_name(self, surname: &str, female: bool, draw: &mut Draw) -> String {
        match (self, female) {
            (Self::Ede, true) => {
                format!(
                    "H'{} {surname}",
                    draw.pick(&["Linh", "Bia", "Nga", "Zina", "Mrao"])
                )
            }
            (Self::Ede, false) => {
                format!(
                    "Y {} {surname}",
                    draw.pick(&["Thịnh", "Bliu", "Khăm", "Wang", "Dhăm"])
                )
            }
            (Self::GiaRai, true) => format!("{surname} H'{}", draw.pick(&["Bép", "Lan", "Phương", "Yin"])),
            (Self::GiaRai, false) => format!("{surname} {}", draw.pick(&["Thăng", "Hyơng", "Glê", "Phin"])),
            (Self::Hmong, true) => format!("{surname} Thị {}", draw.pick(&["Mỷ", "Dế", "Say", "Chở", "Dúa"])),
            (Self::Hmong, false) => format!("{surname} A {}", draw.pick(&["Páo", "Sử", "Dơ", "Chu", "Lử"])),
            (Self::Khmer, true) => {
                format!(
                    "{surname} Thị {}",
                    draw.pick(&["Sô Phia", "Sa Ry", "Chanh Thu", "Na Rinh"])
                )
            }
            (Self::Khmer, false) => {
                format!(
                    "{surname} {}",
                    draw.pick(&["Sa Rây", "Chanh Đa", "Ra Tha", "Minh Rích"])
                )
            }
            (_, true) => {
                format!(
                    "{surname} {} {}",
                    draw.weighted(&FEMALE_MIDDLE),
                    draw.pick(&FEMALE_GIVEN)
                )
            }
            (_, false) => format!(
                "{surname} {} {}",
                draw.weighted(&MALE_MIDDLE),
                draw.pick(&MALE_GIVEN)
            ),
        }
    }
}

/// Per thousand, rounded; the rest is spread over the others.
const SURNAMES: [(&str, u64); 28] = [
    ("Nguyễn", 315),
    ("Trần", 109),
    ("Lê", 95),
    ("Phạm", 71),
    ("Phan", 44),
    ("Huỳnh", 35),
    ("Hoàng", 32),
    ("Võ", 29),
    ("Đặng", 24),
    ("Bùi", 23),
    ("Vũ", 20),
    ("Đỗ", 19),
    ("Hồ", 16),
    ("Ngô", 15),
    ("Trương", 14),
    ("Dương", 13),
    ("Đinh", 10),
    ("Đoàn", 9),
    ("Lý", 8),
    ("Trịnh", 7),
    ("Mai", 6),
    ("Lâm", 6),
    ("Đào", 6),
    ("Cao", 5),
    ("Hà", 5),
    ("Lương", 4),
    ("Tạ", 3),
    ("Châu", 3),
];

const MALE_MIDDLE: [(&str, u64); 16] = [
    ("Văn", 30),
    ("Đức", 7),
    ("Minh", 8),
    ("Quang", 6),
    ("Quốc", 6),
    ("Hữu", 6),
    ("Công", 4),
    ("Xuân", 4),
    ("Thanh", 6),
    ("Đình", 5),
    ("Gia", 4),
    ("Tuấn", 4),
    ("Anh", 3),
    ("Bá", 2),
    ("Ngọc", 4),
    ("Thành", 3),
];

const FEMALE_MIDDLE: [(&str, u64); 15] = [
    ("Thị", 45),
    ("Ngọc", 9),
    ("Thu", 7),
    ("Minh", 4),
    ("Thanh", 7),
    ("Kim", 6),
    ("Bích", 4),
    ("Phương", 4),
    ("Mỹ", 4),
    ("Hồng", 5),
    ("Khánh", 3),
    ("Quỳnh", 3),
    ("Thùy", 4),
    ("Diệu", 2),
    ("Bảo", 2),
];

const MALE_GIVEN: [&str; 36] = [
    "An", "Bình", "Cường", "Dũng", "Đạt", "Đức", "Hải", "Hiếu", "Hòa", "Hoà", "Hùng", "Huy", "Khánh", "Khoa",
    "Kiên", "Lâm", "Long", "Lộc", "Minh", "Nam", "Nghĩa", "Phong", "Phúc", "Quân", "Sơn", "Tài", "Thắng",
    "Thành", "Thịnh", "Tiến", "Toàn", "Trung", "Tuấn", "Tùng", "Việt", "Vinh",
];

const FEMALE_GIVEN: [&str; 38] = [
    "An",
    "Anh",
    "Châu",
    "Chi",
    "Dung",
    "Duyên",
    "Giang",
    "Hà",
    "Hạnh",
    "Hằng",
    "Hiền",
    "Hoa",
    "Hòa",
    "Hoà",
    "Hồng",
    "Huệ",
    "Hương",
    "Hường",
    "Lan",
    "Linh",
    "Loan",
    "Mai",
    "My",
    "Nga",
    "Ngân",
    "Ngọc",
    "Nhung",
    "Oanh",
    "Phượng",
    "Quyên",
    "Thảo",
    "Thủy",
    "Thuỷ",
    "Thúy",
    "Trang",
    "Trinh",
    "Tuyết",
    "Yến",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_canonical_but_for_the_place_of_its_tone_mark() {
        let mut draw = Draw::of(1, 1, 1);
        for people in [
            People::Kinh,
            People::Ede,
            People::Khmer,
            People::Hmong,
            People::GiaRai,
        ] {
            for female in [false, true] {
                let name = people.full_name(people.surname(&mut draw), female, &mut draw);
                assert!(!name.contains("  "), "{name}");
                assert!(name.chars().count() <= 100);
            }
        }
    }

    #[test]
    fn three_in_ten_are_called_nguyen() {
        let mut draw = Draw::of(1, 1, 1);
        let nguyen = (0..10_000)
            .filter(|_| People::Kinh.surname(&mut draw) == "Nguyễn")
            .count();
        assert!((3_000..3_700).contains(&nguyen), "{nguyen}");
    }
}
