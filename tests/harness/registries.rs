//! Registries in SQLite files with a handful of invented people, certificates and enterprises.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

const POPULATION: &str = include_str!("../../gateway/src/demo/schema/population.sql");
const CRIMINAL_RECORD: &str = include_str!("../../gateway/src/demo/schema/criminal_record.sql");
const BUSINESS: &str = include_str!("../../gateway/src/demo/schema/business.sql");

/// A person whom the registries know.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The 12 digits.
    pub id: &'static str,
    /// The name as registered.
    pub name: &'static str,
    /// Year, month and day of birth; 0 where the registry does not know it.
    pub born: (i32, i32, i32),
    /// The telephone number, which no agreement of the tree lets out.
    pub phone: &'static str,
}

/// Everything about him is known.
pub const AN: Person = Person {
    id: "001090000011",
    name: "NGUYỄN VĂN AN",
    born: (1990, 7, 5),
    phone: "0912000111",
};
/// Of her birth only the year is known, and her file of convictions has to be looked at by hand.
pub const BINH: Person = Person {
    id: "001190000012",
    name: "TRẦN THỊ BÌNH",
    born: (1990, 0, 0),
    phone: "0912000222",
};
/// An ordinary third person.
pub const CUONG: Person = Person {
    id: "079085000013",
    name: "LÊ QUỐC CƯỜNG",
    born: (1985, 12, 31),
    phone: "0912000333",
};
/// The people in the registries.
pub const PEOPLE: [Person; 3] = [AN, BINH, CUONG];

/// A number of the right form that nobody has.
pub const NOBODY: &str = "001090999999";

/// A valid certificate no. 1 about [`AN`].
pub const CERTIFICATE_1: &str = "LLTP-2026-0001";
/// A revoked certificate no. 1 about [`BINH`].
pub const REVOKED: &str = "LLTP-2026-0002";
/// A certificate no. 2 about [`AN`].
pub const CERTIFICATE_2: &str = "LLTP-2026-0003";

/// An enterprise that works, represented by [`AN`].
pub const COMPANY: &str = "0991000007";
/// Its name.
pub const COMPANY_NAME: &str = "CÔNG TY TNHH THỬ NGHIỆM AN";
/// An enterprise whose state the registry tells in words that nobody knows.
pub const STRANGE_COMPANY: &str = "0993000002";

/// Makes the files `population.db`, `criminal-record.db` and `business.db`.
pub fn make(folder: &Path) {
    population(&folder.join("population.db"));
    criminal_record(&folder.join("criminal-record.db"));
    business(&folder.join("business.db"));
}

fn population(path: &Path) {
    let database = database(path, POPULATION);
    for person in PEOPLE {
        let sex = if &person.id[3..4] == "0" { "1" } else { "2" };
        insert(
            &database,
            "cong_dan",
            &[
                ("so_dinh_danh", person.id),
                ("ho_ten", person.name),
                ("ngay_sinh", &birth_day(person)),
                ("gioi_tinh", sex),
                ("dan_toc", "01"),
                ("ten_dan_toc", "Kinh"),
                ("ton_giao", "00"),
                ("ten_ton_giao", "Không"),
                ("quoc_tich", "VN"),
                ("thuong_tru_chi_tiet", "Số 7 ngõ 12"),
                ("thuong_tru_ma_xa", "00004"),
                ("thuong_tru_ten_xa", "Phường Ba Đình"),
                ("thuong_tru_ma_tinh", "01"),
                ("thuong_tru_ten_tinh", "Thành phố Hà Nội"),
                ("thuong_tru_quoc_gia", "VN"),
                (
                    "thuong_tru_dia_chi",
                    "Số 7 ngõ 12, Phường Ba Đình, Thành phố Hà Nội",
                ),
                ("thuong_tru_danh_muc", "QD19/2025"),
                ("trang_thai_song", "1"),
                ("dien_thoai", person.phone),
                ("thoi_diem_du_lieu", "20260101080000"),
                ("phien_ban", "1"),
            ],
        );
    }
}

fn criminal_record(path: &Path) {
    let database = database(path, CRIMINAL_RECORD);
    for (person, state) in [
        (AN, "Không có án tích"),
        (BINH, "Chưa đủ thông tin, cần xác minh"),
    ] {
        insert(
            &database,
            "ly_lich",
            &[
                ("so_dinh_danh", person.id),
                ("ho_ten", person.name),
                ("ngay_sinh", &birth_day(person)),
                ("tinh_trang_an_tich", state),
                ("tinh_trang_cam", "Không bị cấm"),
                ("thoi_diem_du_lieu", "20260101080000"),
                ("phien_ban", "1"),
            ],
        );
    }
    for (number, kind, person, state) in [
        (CERTIFICATE_1, "1", AN, "Còn hiệu lực"),
        (REVOKED, "1", BINH, "Đã thu hồi"),
        (CERTIFICATE_2, "2", AN, "Còn hiệu lực"),
    ] {
        insert(
            &database,
            "phieu_lltp",
            &[
                ("so_phieu", number),
                ("loai_phieu", kind),
                ("ngay_cap", "02/03/2026"),
                ("co_quan_cap", "Công an thành phố Hà Nội"),
                ("nguoi_ky", "PHẠM THỊ DUNG"),
                ("chuc_vu", "Phó Giám đốc"),
                ("so_dinh_danh", person.id),
                ("ho_ten", person.name),
                ("ngay_sinh", &birth_day(person)),
                ("quoc_tich", "VN"),
                ("tinh_trang_an_tich", "Không có án tích"),
                ("tinh_trang_phieu", state),
                ("thoi_diem_du_lieu", "20260302080000"),
                ("phien_ban", "1"),
            ],
        );
    }
}

fn business(path: &Path) {
    let database = database(path, BUSINESS);
    for (code, name, state) in [
        (COMPANY, COMPANY_NAME, "Đang hoạt động"),
        (
            STRANGE_COMPANY,
            "CÔNG TY TNHH LẠ",
            "Đang chờ một quyết định chưa ai biết",
        ),
    ] {
        insert(
            &database,
            "doanh_nghiep",
            &[
                ("ma_so", code),
                ("ten_tieng_viet", name),
                ("ma_loai_hinh", "TNHH1TV"),
                ("loai_hinh", "Công ty trách nhiệm hữu hạn một thành viên"),
                ("ngay_dang_ky_lan_dau", "15/03/2020"),
                ("so_lan_thay_doi", "2"),
                ("tinh_trang_phap_ly", state),
                ("von_dieu_le", "1000000000"),
                ("loai_tien", "VND"),
                ("thoi_diem_du_lieu", "20260101080000"),
                ("phien_ban", "1"),
            ],
        );
    }
    insert(
        &database,
        "nguoi_dai_dien",
        &[
            ("ma_so", COMPANY),
            ("thu_tu", "1"),
            ("ho_ten", AN.name),
            ("so_dinh_danh", AN.id),
            ("quoc_tich", "VN"),
            ("ngay_sinh", &birth_day(AN)),
        ],
    );
}

fn database(path: &Path, schema: &str) -> Connection {
    let database = Connection::open(path).expect("a database file");
    database.execute_batch(schema).expect("the schema is made");
    database
}

fn insert(database: &Connection, table: &str, row: &[(&str, &str)]) {
    let columns: Vec<_> = row.iter().map(|(column, _)| *column).collect();
    let places = vec!["?"; row.len()].join(", ");
    let statement = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
    database
        .execute(&statement, params_from_iter(row.iter().map(|(_, value)| value)))
        .expect("the row fits the schema");
}

/// As the registries write it: `dd/mm/yyyy`, or the year alone.
fn birth_day(person: Person) -> String {
    match person.born {
        (year, 0, _) => year.to_string(),
        (year, month, day) => format!("{day:02}/{month:02}/{year}"),
    }
}
