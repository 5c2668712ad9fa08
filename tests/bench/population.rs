//! The registry of a run: invented citizens in the tables of the synthetic population registry.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

const SCHEMA: &str = include_str!("../../gateway/src/demo/schema/population.sql");
const FAMILIES: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi"];
const MIDDLES: [&str; 5] = ["Văn", "Thị", "Minh", "Đức", "Ngọc"];
const GIVEN: [&str; 7] = ["An", "Bình", "Chi", "Dũng", "Hà", "Lan", "Quân"];

/// One invented citizen, known by its number in the row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Citizen(pub(crate) usize);

impl Citizen {
    /// 12 digits: province, sex and century, year, number (Circular 59/2021/TT-BCA, article 4).
    pub(crate) fn personal_id(self) -> String {
        format!("{:03}{}{:02}{:06}", 1, self.sex(), self.year(), self.0)
    }

    /// The full name.
    pub(crate) fn full_name(self) -> String {
        let pick = |list: &[&'static str], step: usize| list[self.0 / step % list.len()];
        format!(
            "{} {} {}",
            pick(&FAMILIES, 1),
            pick(&MIDDLES, 8),
            pick(&GIVEN, 40)
        )
    }

    fn sex(self) -> usize {
        self.0 % 2
    }

    fn year(self) -> usize {
        50 + self.0 % 49
    }

    fn row(self) -> Vec<(&'static str, String)> {
        let day = format!(
            "{:02}/{:02}/19{:02}",
            self.0 % 28 + 1,
            self.0 % 12 + 1,
            self.year()
        );
        let mut row = vec![
            ("so_dinh_danh", self.personal_id()),
            ("ho_ten", self.full_name().to_uppercase()),
            ("ngay_sinh", day),
            ("gioi_tinh", (self.sex() + 1).to_string()),
            ("quoc_tich", "VN".into()),
            ("tinh_trang_hon_nhan", "2".into()),
            ("cha_ho_ten", Self(self.0 + 3).full_name()),
            ("me_ho_ten", Self(self.0 + 5).full_name()),
            ("so_ho_so_cu_tru", format!("{:09}", self.0)),
            ("the_ngay_cap", "20/08/2024".into()),
            ("the_noi_cap", "Bộ Công an".into()),
            ("trang_thai_song", "1".into()),
            ("thoi_diem_du_lieu", "20261101080000".into()),
            ("phien_ban", "1".into()),
        ];
        row.extend([
            ("que_quan_ten_tinh", "Thành phố Hà Nội".into()),
            ("que_quan_ma_tinh", "01".into()),
            ("que_quan_quoc_gia", "VN".into()),
            ("que_quan_danh_muc", "QD19/2025".into()),
            (
                "thuong_tru_chi_tiet",
                format!("Số {} phố Hàng Bông", self.0 % 300 + 1),
            ),
            ("thuong_tru_ma_xa", "00070".into()),
            ("thuong_tru_ten_xa", "Phường Hoàn Kiếm".into()),
            ("thuong_tru_ma_tinh", "01".into()),
            ("thuong_tru_ten_tinh", "Thành phố Hà Nội".into()),
            ("thuong_tru_quoc_gia", "VN".into()),
            (
                "thuong_tru_dia_chi",
                format!(
                    "Số {} phố Hàng Bông, Phường Hoàn Kiếm, Thành phố Hà Nội",
                    self.0 % 300 + 1
                ),
            ),
            ("thuong_tru_danh_muc", "QD19/2025".into()),
        ]);
        row
    }
}

/// Writes so many citizens to a new file.
pub(crate) fn write(file: &Path, citizens: usize) -> anyhow::Result<()> {
    let mut registry = Connection::open(file)?;
    registry.execute_batch(SCHEMA)?;
    let transaction = registry.transaction()?;
    for citizen in (0..citizens).map(Citizen) {
        let (columns, values): (Vec<_>, Vec<_>) = citizen.row().into_iter().unzip();
        let marks = vec!["?"; columns.len()].join(", ");
        transaction
            .prepare_cached(&format!(
                "INSERT INTO cong_dan ({}) VALUES ({marks})",
                columns.join(", ")
            ))?
            .execute(params_from_iter(values))?;
    }
    Ok(transaction.commit()?)
}
