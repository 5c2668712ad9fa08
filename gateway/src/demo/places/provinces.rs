//! The 34 provinces of 1 July 2025 and the 63 before them, with their agency codes.
//!
//! The new code follows the seat, the agency code follows the name: seven codes mean one province
//! before that day and another after it.

/// A province of today.
#[derive(Debug)]
pub struct Province {
    /// Two digits, QĐ 19/2025.
    pub code: &'static str,
    /// With its kind, such as "Tỉnh Lào Cai".
    pub name: &'static str,
    /// Agency code of its people's committee, QĐ 09/2025.
    pub agency: &'static str,
    /// What it was made of.
    pub made_of: &'static [FormerProvince],
}

/// A province as it was until 30 June 2025.
#[derive(Debug, PartialEq, Eq)]
pub struct FormerProvince {
    /// Two digits, QĐ 124/2004; also the place of the tax register in the synthetic data.
    pub code: &'static str,
    /// Without its kind.
    pub name: &'static str,
    /// First three digits of personal identifiers registered there.
    pub id_prefix: &'static str,
    /// Agency code of that time.
    pub agency: &'static str,
    /// Whether the agency code was closed with the merger.
    pub agency_closed: bool,
}

const fn former(
    code: &'static str,
    name: &'static str,
    id_prefix: &'static str,
    agency: &'static str,
    agency_closed: bool,
) -> FormerProvince {
    FormerProvince {
        code,
        name,
        id_prefix,
        agency,
        agency_closed,
    }
}

/// All provinces, by code.
pub static PROVINCES: [Province; 34] = [
    Province {
        code: "01",
        name: "Thành phố Hà Nội",
        agency: "H26",
        made_of: &[former("01", "Hà Nội", "001", "H26", false)],
    },
    Province {
        code: "04",
        name: "Tỉnh Cao Bằng",
        agency: "H14",
        made_of: &[former("04", "Cao Bằng", "004", "H14", false)],
    },
    Province {
        code: "08",
        name: "Tỉnh Tuyên Quang",
        agency: "H60",
        made_of: &[
            former("02", "Hà Giang", "002", "H22", true),
            former("08", "Tuyên Quang", "008", "H60", false),
        ],
    },
    Province {
        code: "11",
        name: "Tỉnh Điện Biên",
        agency: "H18",
        made_of: &[former("11", "Điện Biên", "011", "H18", false)],
    },
    Province {
        code: "12",
        name: "Tỉnh Lai Châu",
        agency: "H35",
        made_of: &[former("12", "Lai Châu", "012", "H35", false)],
    },
    Province {
        code: "14",
        name: "Tỉnh Sơn La",
        agency: "H52",
        made_of: &[former("14", "Sơn La", "014", "H52", false)],
    },
    Province {
        code: "15",
        name: "Tỉnh Lào Cai",
        agency: "H38",
        made_of: &[
            former("10", "Lào Cai", "010", "H38", false),
            former("15", "Yên Bái", "015", "H63", true),
        ],
    },
    Province {
        code: "19",
        name: "Tỉnh Thái Nguyên",
        agency: "H55",
        made_of: &[
            former("06", "Bắc Kạn", "006", "H03", true),
            former("19", "Thái Nguyên", "019", "H55", false),
        ],
    },
    Province {
        code: "20",
        name: "Tỉnh Lạng Sơn",
        agency: "H37",
        made_of: &[former("20", "Lạng Sơn", "020", "H37", false)],
    },
    Province {
        code: "22",
        name: "Thành phố Quảng Ninh",
        agency: "H49",
        made_of: &[former("22", "Quảng Ninh", "022", "H49", false)],
    },
    Province {
        code: "24",
        name: "Thành phố Bắc Ninh",
        agency: "H05",
        made_of: &[
            former("24", "Bắc Giang", "024", "H02", true),
            former("27", "Bắc Ninh", "027", "H05", false),
        ],
    },
    Province {
        code: "25",
        name: "Tỉnh Phú Thọ",
        agency: "H44",
        made_of: &[
            former("17", "Hòa Bình", "017", "H28", true),
            former("25", "Phú Thọ", "025", "H44", false),
            former("26", "Vĩnh Phúc", "026", "H62", true),
        ],
    },
    Province {
        code: "31",
        name: "Thành phố Hải Phòng",
        agency: "H24",
        made_of: &[
            former("30", "Hải Dương", "030", "H23", true),
            former("31", "Hải Phòng", "031", "H24", false),
        ],
    },
    Province {
        code: "33",
        name: "Tỉnh Hưng Yên",
        agency: "H31",
        made_of: &[
            former("33", "Hưng Yên", "033", "H31", false),
            former("34", "Thái Bình", "034", "H54", true),
        ],
    },
    Province {
        code: "37",
        name: "Tỉnh Ninh Bình",
        agency: "H42",
        made_of: &[
            former("35", "Hà Nam", "035", "H25", true),
            former("36", "Nam Định", "036", "H40", true),
            former("37", "Ninh Bình", "037", "H42", false),
        ],
    },
    Province {
        code: "38",
        name: "Tỉnh Thanh Hóa",
        agency: "H56",
        made_of: &[former("38", "Thanh Hóa", "038", "H56", false)],
    },
    Province {
        code: "40",
        name: "Tỉnh Nghệ An",
        agency: "H41",
        made_of: &[former("40", "Nghệ An", "040", "H41", false)],
    },
    Province {
        code: "42",
        name: "Tỉnh Hà Tĩnh",
        agency: "H27",
        made_of: &[former("42", "Hà Tĩnh", "042", "H27", false)],
    },
    Province {
        code: "44",
        name: "Tỉnh Quảng Trị",
        agency: "H50",
        made_of: &[
            former("44", "Quảng Bình", "044", "H46", true),
            former("45", "Quảng Trị", "045", "H50", false),
        ],
    },
    Province {
        code: "46",
        name: "Thành phố Huế",
        agency: "H57",
        made_of: &[former("46", "Huế", "046", "H57", false)],
    },
    Province {
        code: "48",
        name: "Thành phố Đà Nẵng",
        agency: "H17",
        made_of: &[
            former("48", "Đà Nẵng", "048", "H17", false),
            former("49", "Quảng Nam", "049", "H47", true),
        ],
    },
    Province {
        code: "51",
        name: "Tỉnh Quảng Ngãi",
        agency: "H48",
        made_of: &[
            former("51", "Quảng Ngãi", "051", "H48", false),
            former("62", "Kon Tum", "062", "H34", true),
        ],
    },
    Province {
        code: "52",
        name: "Tỉnh Gia Lai",
        agency: "H21",
        made_of: &[
            former("52", "Bình Định", "052", "H08", true),
            former("64", "Gia Lai", "064", "H21", false),
        ],
    },
    Province {
        code: "56",
        name: "Tỉnh Khánh Hòa",
        agency: "H32",
        made_of: &[
            former("56", "Khánh Hòa", "056", "H32", false),
            former("58", "Ninh Thuận", "058", "H43", true),
        ],
    },
    Province {
        code: "66",
        name: "Tỉnh Đắk Lắk",
        agency: "H15",
        made_of: &[
            former("54", "Phú Yên", "054", "H45", true),
            former("66", "Đắk Lắk", "066", "H15", false),
        ],
    },
    Province {
        code: "68",
        name: "Tỉnh Lâm Đồng",
        agency: "H36",
        made_of: &[
            former("60", "Bình Thuận", "060", "H11", true),
            former("67", "Đắk Nông", "067", "H16", true),
            former("68", "Lâm Đồng", "068", "H36", false),
        ],
    },
    Province {
        code: "75",
        name: "Thành phố Đồng Nai",
        agency: "H19",
        made_of: &[
            former("70", "Bình Phước", "070", "H10", true),
            former("75", "Đồng Nai", "075", "H19", false),
        ],
    },
    Province {
        code: "79",
        name: "Thành phố Hồ Chí Minh",
        agency: "H29",
        made_of: &[
            former("74", "Bình Dương", "074", "H09", true),
            former("77", "Bà Rịa - Vũng Tàu", "077", "H06", true),
            former("79", "Hồ Chí Minh", "079", "H29", false),
        ],
    },
    Province {
        code: "80",
        name: "Tỉnh Tây Ninh",
        agency: "H53",
        made_of: &[
            former("72", "Tây Ninh", "072", "H53", false),
            former("80", "Long An", "080", "H39", true),
        ],
    },
    Province {
        code: "82",
        name: "Tỉnh Đồng Tháp",
        agency: "H20",
        made_of: &[
            former("82", "Tiền Giang", "082", "H58", true),
            former("87", "Đồng Tháp", "087", "H20", false),
        ],
    },
    Province {
        code: "86",
        name: "Tỉnh Vĩnh Long",
        agency: "H61",
        made_of: &[
            former("83", "Bến Tre", "083", "H07", true),
            former("84", "Trà Vinh", "084", "H59", true),
            former("86", "Vĩnh Long", "086", "H61", false),
        ],
    },
    Province {
        code: "91",
        name: "Tỉnh An Giang",
        agency: "H01",
        made_of: &[
            former("89", "An Giang", "089", "H01", false),
            former("91", "Kiên Giang", "091", "H33", true),
        ],
    },
    Province {
        code: "92",
        name: "Thành phố Cần Thơ",
        agency: "H13",
        made_of: &[
            former("92", "Cần Thơ", "092", "H13", false),
            former("93", "Hậu Giang", "093", "H30", true),
            former("94", "Sóc Trăng", "094", "H51", true),
        ],
    },
    Province {
        code: "96",
        name: "Tỉnh Cà Mau",
        agency: "H12",
        made_of: &[
            former("95", "Bạc Liêu", "095", "H04", true),
            former("96", "Cà Mau", "096", "H12", false),
        ],
    },
];
