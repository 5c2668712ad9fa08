//! Lines of business: codes of VSIC at level 4, edition QĐ 27/2018, with their labels.

/// Code and label.
pub(super) type VsicLine = (&'static str, &'static str);

/// Edition in force until 14 November 2025.
pub(super) const EDITION_2018: &str = "QD27/2018";
/// Edition in force since (QĐ 36/2025).
pub(super) const EDITION_2025: &str = "QD36/2025";

/// Lines whose number the two editions share, as far as public tables tell.
pub(super) const IN_BOTH_EDITIONS: [&str; 4] = ["0118", "1410", "3100", "5510"];

/// The lines that the synthetic enterprises have.
pub(super) const LINES: [VsicLine; 41] = [
    ("0118", "Trồng rau, đậu các loại và trồng hoa"),
    ("0146", "Chăn nuôi gia cầm"),
    ("0322", "Nuôi trồng thủy sản nội địa"),
    ("1079", "Sản xuất thực phẩm khác chưa được phân vào đâu"),
    ("1410", "May trang phục (trừ trang phục từ da lông thú)"),
    ("3100", "Sản xuất giường, tủ, bàn, ghế"),
    ("4101", "Xây dựng nhà để ở"),
    ("4102", "Xây dựng nhà không để ở"),
    ("4212", "Xây dựng công trình đường bộ"),
    ("4321", "Lắp đặt hệ thống điện"),
    ("4330", "Hoàn thiện công trình xây dựng"),
    ("4520", "Bảo dưỡng, sửa chữa ô tô và xe có động cơ khác"),
    ("4631", "Bán buôn gạo, lúa mỳ, hạt ngũ cốc khác, bột mỳ"),
    ("4632", "Bán buôn thực phẩm"),
    ("4641", "Bán buôn vải, hàng may mặc, giày dép"),
    ("4649", "Bán buôn đồ dùng khác cho gia đình"),
    ("4651", "Bán buôn máy vi tính, thiết bị ngoại vi và phần mềm"),
    ("4663", "Bán buôn vật liệu, thiết bị lắp đặt khác trong xây dựng"),
    ("4690", "Bán buôn tổng hợp"),
    (
        "4711",
        "Bán lẻ lương thực, thực phẩm, đồ uống, thuốc lá, thuốc lào chiếm tỷ trọng lớn trong các cửa hàng kinh doanh tổng hợp",
    ),
    ("4719", "Bán lẻ khác trong các cửa hàng kinh doanh tổng hợp"),
    (
        "4772",
        "Bán lẻ thuốc, dụng cụ y tế, mỹ phẩm và vật phẩm vệ sinh trong các cửa hàng chuyên doanh",
    ),
    ("4932", "Vận tải hành khách đường bộ khác"),
    ("4933", "Vận tải hàng hóa bằng đường bộ"),
    ("5210", "Kho bãi và lưu giữ hàng hóa"),
    ("5510", "Dịch vụ lưu trú ngắn ngày"),
    ("5610", "Nhà hàng và các dịch vụ ăn uống phục vụ lưu động"),
    ("5630", "Dịch vụ phục vụ đồ uống"),
    ("6201", "Lập trình máy vi tính"),
    ("6202", "Tư vấn máy vi tính và quản trị hệ thống máy vi tính"),
    ("6492", "Hoạt động cấp tín dụng khác"),
    (
        "6810",
        "Kinh doanh bất động sản, quyền sử dụng đất thuộc chủ sở hữu, chủ sử dụng hoặc đi thuê",
    ),
    ("7020", "Hoạt động tư vấn quản lý"),
    ("7310", "Quảng cáo"),
    ("7710", "Cho thuê xe có động cơ"),
    ("7911", "Đại lý du lịch"),
    ("8010", "Hoạt động bảo vệ cá nhân"),
    ("8121", "Vệ sinh chung nhà cửa"),
    (
        "8299",
        "Hoạt động dịch vụ hỗ trợ kinh doanh khác còn lại chưa được phân vào đâu",
    ),
    ("9329", "Hoạt động vui chơi giải trí khác chưa được phân vào đâu"),
    ("9631", "Cắt tóc, làm đầu, gội đầu"),
];

/// Words of trade for names: Vietnamese, and as exporters spell them.
pub(super) const TRADES: [(&str, &str); 10] = [
    ("THƯƠNG MẠI", "TRADING"),
    ("THƯƠNG MẠI DỊCH VỤ", "TRADING SERVICE"),
    ("XÂY DỰNG", "CONSTRUCTION"),
    ("VẬN TẢI", "TRANSPORT"),
    ("SẢN XUẤT", "MANUFACTURING"),
    ("CÔNG NGHỆ", "TECHNOLOGY"),
    ("DU LỊCH", "TRAVEL"),
    ("NÔNG SẢN", "AGRICULTURE"),
    ("THỰC PHẨM", "FOOD"),
    ("TƯ VẤN", "CONSULTING"),
];

/// Proper names: Vietnamese, and as exporters spell them.
pub(super) const PROPER_NAMES: [(&str, &str); 24] = [
    ("PHÚ AN", "PHU AN"),
    ("HƯNG THỊNH", "HUNG THINH"),
    ("MINH LONG", "MINH LONG"),
    ("ĐẠI PHÁT", "DAI PHAT"),
    ("TÂN TIẾN", "TAN TIEN"),
    ("HÒA BÌNH", "HOA BINH"),
    ("NAM HẢI", "NAM HAI"),
    ("BẮC SƠN", "BAC SON"),
    ("THIÊN PHÚC", "THIEN PHUC"),
    ("SÔNG HỒNG", "SONG HONG"),
    ("CỬU LONG", "CUU LONG"),
    ("TRƯỜNG AN", "TRUONG AN"),
    ("VIỆT ĐỨC", "VIET DUC"),
    ("QUANG MINH", "QUANG MINH"),
    ("THÀNH CÔNG", "THANH CONG"),
    ("KIM NGÂN", "KIM NGAN"),
    ("BÌNH MINH", "BINH MINH"),
    ("ÁNH DƯƠNG", "ANH DUONG"),
    ("HOÀNG GIA", "HOANG GIA"),
    ("PHƯƠNG NAM", "PHUONG NAM"),
    ("ĐÔNG Á", "DONG A"),
    ("AN KHANG", "AN KHANG"),
    ("NGỌC LAN", "NGOC LAN"),
    ("BẢO TÍN", "BAO TIN"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_has_four_digits_and_stands_once() {
        let codes: HashSet<_> = LINES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), LINES.len());
        assert!(
            codes
                .iter()
                .all(|code| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()))
        );
        assert!(IN_BOTH_EDITIONS.iter().all(|code| codes.contains(code)));
    }
}
