//! A citizen as the national population service writes one: `CongdanCollection/CongDan`, namespace
//! `http://www.mic.gov.vn/dancu/1.0`.
//!
//! What that form has no element for is not there: the names of places, the edition of their codes, other
//! names, the identity card, whether the person lives.

use std::collections::BTreeMap;

use adapters::text::{date, name};

use super::rows::{Row, text_at};
use super::tree::Tree;

/// The canonical record.
pub(super) const RECORD: &str = "lienthong.population.v1.Citizen";

/// How the adapter file maps it, all below `[connection]`; `{collection}` stands for the way to what
/// `CongDan` stands in.
pub(super) const MAPPING: &str = include_str!("cong_dan.toml");

/// What it is asked with, in the order that it wants: elements and what is told in them. `{number}` stands for the
/// element of the identifier.
pub(super) const ASKED: [(&str, &str); 8] = [
    ("MaYeuCau", "{request_id}"),
    ("MaDVC", "{procedure}"),
    ("MaTichHop", "037"),
    ("MaDonVi", "{agency}"),
    ("MaCanBo", "{officer}"),
    ("{number}", "{key}"),
    ("HoVaTen", "{fact.full_name|capitals}"),
    ("NgayThangNamSinh", "{fact.birth_date|yyyy-MM-dd|yyyy}"),
];

/// Whether a question tells all that the service wants to be told.
pub(super) fn is_whole(given: &BTreeMap<String, String>) -> bool {
    let wanted = ASKED.iter().map(|(element, _)| *element);
    let mut wanted = wanted.filter(|element| *element != "{number}");
    wanted.all(|element| given.get(element).is_some_and(|text| !text.trim().is_empty()))
}

/// Number, name and birth have to fit together: who names another person's number finds nobody.
pub(super) fn fits(row: &Row, given: &BTreeMap<String, String>) -> bool {
    let told = |element: &str| given.get(element).map_or("", String::as_str);
    let date = |text: &str| date::parse(text).ok().flatten().map(|parsed| parsed.date);
    let born = match (date(told("NgayThangNamSinh")), date(text_at(row, "ngay_sinh"))) {
        (Some(told), Some(recorded)) => match (told.full(), recorded.full()) {
            (Some(told), Some(recorded)) => told == recorded,
            _ => told.year() == recorded.year(),
        },
        _ => false,
    };
    born && name::key(told("HoVaTen")) == name::key(text_at(row, "ho_ten"))
}

/// What was found, and how many.
pub(super) fn collection(found: &[Row], id: &str) -> Tree {
    let moment = found.first().map_or("", |row| text_at(row, "thoi_diem_du_lieu"));
    let mut parts = vec![
        ("SoCongDan".to_owned(), Tree::text(found.len().to_string())),
        ("id".to_owned(), Tree::text(id)),
    ];
    put(&mut parts, "ThoiDiemDuLieu", moment);
    let mut citizens: Vec<_> = found.iter().map(citizen).collect();
    match citizens.len() {
        0 => {}
        1 => parts.extend(citizens.pop().map(|only| ("CongDan".to_owned(), only))),
        _ => parts.push(("CongDan".to_owned(), Tree::Several(citizens))),
    }
    Tree::Named(parts)
}

fn citizen(row: &Row) -> Tree {
    let mut parts = Vec::new();
    let mut plain = |names: &[(&str, &str)]| {
        for (name, column) in names {
            put(&mut parts, name, text_at(row, column));
        }
    };
    plain(&[("SoDinhDanh", "so_dinh_danh"), ("SoCMND", "so_cmnd")]);
    parts.push(("HoVaTen".to_owned(), whole_name(text_at(row, "ho_ten"))));
    parts.push(("NgayThangNamSinh".to_owned(), birth(text_at(row, "ngay_sinh"))));
    let mut plain = |names: &[(&str, &str)]| {
        for (name, column) in names {
            put(&mut parts, name, text_at(row, column));
        }
    };
    plain(&[
        ("GioiTinh", "gioi_tinh"),
        ("DanToc", "dan_toc"),
        ("TonGiao", "ton_giao"),
        ("QuocTich", "quoc_tich"),
        ("TinhTrangHonNhan", "tinh_trang_hon_nhan"),
        ("NhomMau", "nhom_mau"),
    ]);
    for (name, prefix) in [
        ("NoiDangKyKhaiSinh", "khai_sinh_"),
        ("QueQuan", "que_quan_"),
        ("ThuongTru", "thuong_tru_"),
        ("NoiOHienTai", "noi_o_"),
    ] {
        let address = [
            ("MaTinhThanh", "ma_tinh"),
            ("MaQuanHuyen", "ma_huyen"),
            ("MaPhuongXa", "ma_xa"),
            ("ChiTiet", "chi_tiet"),
            ("QuocGia", "quoc_gia"),
        ];
        put_part(&mut parts, name, row, prefix, &address);
    }
    let person = [
        ("HoVaTen", "ho_ten"),
        ("QuocTich", "quoc_tich"),
        ("SoDinhDanh", "so_dinh_danh"),
        ("SoCMND", "so_cmnd"),
    ];
    for (name, prefix) in [
        ("Cha", "cha_"),
        ("Me", "me_"),
        ("VoChong", "vo_chong_"),
        ("NguoiDaiDien", "dai_dien_"),
    ] {
        put_part(&mut parts, name, row, prefix, &person);
    }
    let head = [
        ("QuanHe", "quan_he"),
        ("SoDinhDanh", "so_dinh_danh"),
        ("SoCMND", "so_cmnd"),
        ("HoVaTen", "ho_ten"),
    ];
    put_part(&mut parts, "ChuHo", row, "chu_ho_", &head);
    put(&mut parts, "SoSoHoKhau", text_at(row, "so_ho_so_cu_tru"));
    put(&mut parts, "ThuDienTu", text_at(row, "thu_dien_tu"));
    Tree::Named(parts)
}

/// In practice the service leaves family and middle name empty and writes the whole name into `Ten`.
fn whole_name(name: &str) -> Tree {
    Tree::named([
        ("Ho", Tree::text("")),
        ("ChuDem", Tree::text("")),
        ("Ten", Tree::text(name)),
    ])
}

/// A whole day as `yyyyMMdd`; of anything less the year alone.
fn birth(recorded: &str) -> Tree {
    let parts: Vec<_> = recorded.split('/').collect();
    match parts.as_slice() {
        [day, month, year] if *day != "00" && *month != "00" => {
            Tree::named([("NgayThangNam", Tree::text(format!("{year}{month}{day}")))])
        }
        [.., year] => Tree::named([("Nam", Tree::text(*year))]),
        [] => Tree::Nothing,
    }
}

fn put_part(parts: &mut Vec<(String, Tree)>, name: &str, row: &Row, prefix: &str, columns: &[(&str, &str)]) {
    let mut inner = Vec::new();
    for (name, column) in columns {
        put(&mut inner, name, text_at(row, &format!("{prefix}{column}")));
    }
    if !inner.is_empty() {
        parts.push((name.to_owned(), Tree::Named(inner)));
    }
}

fn put(parts: &mut Vec<(String, Tree)>, name: &str, text: &str) {
    if !text.is_empty() {
        parts.push((name.to_owned(), Tree::text(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_is_a_whole_day_or_a_year() {
        for (recorded, name, written) in [
            ("15/08/1985", "NgayThangNam", "19850815"),
            ("1948", "Nam", "1948"),
            ("00/00/1990", "Nam", "1990"),
            ("00/07/1990", "Nam", "1990"),
            ("07/1990", "Nam", "1990"),
        ] {
            assert_eq!(
                birth(recorded),
                Tree::named([(name, Tree::text(written))]),
                "{recorded}"
            );
        }
    }
}
