use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage, Value};
use proto::business::v1::{Enterprise, EnterpriseKind, LegalState};
use proto::criminalrecord::v1::{
    BanState, Certificate, CertificateKind, CertificateState, ConvictionState, ConvictionStatus,
};
use proto::lookup::v1::{Address, CodedValue, PartialDate, PersonReference, Sex};
use proto::population::v1::{BloodType, Citizen, LifeState, MaritalStatus};

use super::*;

const CITIZEN: &str = "lienthong.population.v1.Citizen";
const STATUS: &str = "lienthong.criminalrecord.v1.ConvictionStatus";
const CERTIFICATE: &str = "lienthong.criminalrecord.v1.Certificate";
const ENTERPRISE: &str = "lienthong.business.v1.Enterprise";

fn coded(code: &str, list: &str, version: &str, label: &str) -> Option<CodedValue> {
    Some(CodedValue {
        code: code.into(),
        list: list.into(),
        list_version: version.into(),
        label: label.into(),
    })
}

fn day(year: i32, month: i32, day: i32) -> Option<PartialDate> {
    Some(PartialDate { year, month, day })
}

/// An INSERT that gives every column of a table a value: the one named here, else one that its
/// name suggests.
fn full_row(tree: &Tree, table: &str, given: &[(&str, &str)]) {
    let owner = tree.owner();
    let mut statement = owner
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .expect("a statement");
    let columns: Vec<String> = statement
        .query_map([table], |row| row.get(0))
        .expect("columns")
        .map(|name| name.expect("a name"))
        .collect();
    let values: Vec<&str> = columns
        .iter()
        .map(|column| match given.iter().find(|(name, _)| name == column) {
            Some((_, value)) => *value,
            None if column.ends_with("so_dinh_danh") => "'001085000019'",
            None if column.ends_with("so_cmnd") => "'012345679'",
            None if column.contains("ngay") && !column.contains("chinh") => "'05/07/1990'",
            None if column.ends_with("quoc_gia") || column.ends_with("quoc_tich") => "'VN'",
            None if column.ends_with("danh_muc") => "'QD124/2004'",
            None => "'x'",
        })
        .collect();
    let sql = format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        values.join(", ")
    );
    owner.execute(&sql, []).unwrap_or_else(|error| panic!("{error}"));
}

/// Paths of fields that hold nothing, although they could.
fn empty_fields(message: &DynamicMessage, under: &str) -> Vec<String> {
    let mut empty = Vec::new();
    for field in message.descriptor().fields() {
        let path = format!("{under}{}", field.name());
        let value = message.get_field(&field);
        let inner = match value.as_ref() {
            Value::List(items) => items.first().cloned(),
            value => Some(value.clone()),
        };
        match inner {
            Some(Value::Message(inner)) if message.has_field(&field) && !whole(&field.kind()) => {
                empty.extend(empty_fields(&inner, &format!("{path}.")));
            }
            _ if message.has_field(&field) => {}
            _ => empty.push(path),
        }
    }
    empty
}

fn whole(kind: &Kind) -> bool {
    let name = kind.as_message().map(MessageDescriptor::full_name);
    matches!(
        name,
        Some("google.protobuf.Timestamp" | "lienthong.lookup.v1.PartialDate")
    )
}

fn empty_fields_of(record: &str, bytes: &[u8]) -> Vec<String> {
    let descriptor = proto::descriptors()
        .get_message_by_name(record)
        .expect("the record exists");
    empty_fields(
        &DynamicMessage::decode(descriptor, bytes).expect("it decodes"),
        "",
    )
}

#[tokio::test]
async fn every_field_of_a_citizen_is_mapped() {
    let tree = Tree::example(
        "population",
        "INSERT INTO ten_khac VALUES ('079090000001', 2, 'B'), ('079090000001', 1, 'A');",
    );
    full_row(
        &tree,
        "cong_dan",
        &[
            ("so_dinh_danh", "'079090000001'"),
            ("ho_ten", "'NGUYE\u{302}\u{303}N  THỊ HOÀ '"),
            ("ngay_sinh", "'00/07/1990'"),
            ("gioi_tinh", "'2'"),
            ("dan_toc", "'01'"),
            ("ten_dan_toc", "'Kinh'"),
            ("nhom_mau", "'03'"),
            ("tinh_trang_hon_nhan", "'3'"),
            ("trang_thai_song", "'1'"),
            ("thay_boi_so", "'079190000002'"),
            ("thuong_tru_ma_xa", "'25942'"),
            ("thuong_tru_ten_xa", "'Phường Dĩ An'"),
            ("thoi_diem_du_lieu", "'20261101083000'"),
        ],
    );
    let registry = tree.connect();
    let found = registry
        .look_up(question(CITIZEN, "079090000001"))
        .await
        .expect("the citizen is there");

    assert_eq!(
        empty_fields_of(CITIZEN, &found.record),
        [
            "ethnicity.list_version",
            "religion.list_version",
            "head_of_household.relation.list_version"
        ]
    );
    assert_eq!(found.as_of, Some(1_793_496_600_000_000));
    let citizen = Citizen::decode(found.record).expect("it decodes");
    assert_eq!(
        citizen.full_name, "NGUYỄN THỊ HOÀ",
        "NFC, but the tone mark stays where it was written"
    );
    assert_eq!(
        citizen.birth_date,
        day(1990, 7, 0),
        "what is partial stays partial"
    );
    assert_eq!(citizen.other_names, ["A", "B"]);
    assert_eq!(citizen.sex(), Sex::Female);
    assert_eq!(citizen.ethnicity, coded("01", "ethnicity", "", "Kinh"));
    assert_eq!(citizen.blood_type(), BloodType::Ab);
    assert_eq!(citizen.marital_status(), MaritalStatus::DivorcedOrWidowed);
    assert_eq!(citizen.life_state(), LifeState::Alive);
    assert_eq!(citizen.replaced_by, "079190000002");
    let residence = citizen.permanent_residence.expect("it is recorded");
    assert_eq!(
        residence.commune,
        coded("25942", "commune", "QD124/2004", "Phường Dĩ An")
    );
}

#[tokio::test]
async fn what_the_registry_does_not_hold_is_absent() {
    let tree = Tree::example(
        "population",
        "INSERT INTO cong_dan (so_dinh_danh, ho_ten, gioi_tinh, dan_toc, nhom_mau, thuong_tru_ma_tinh, thuong_tru_danh_muc, thoi_diem_du_lieu, phien_ban)
         VALUES ('079090000001', 'A', '0', ' ', '00', '79', 'QD19/2025', '20261101083000', '1');",
    );
    let citizen: Citizen = ask(&tree.connect(), CITIZEN, "079090000001")
        .await
        .expect("the citizen is there");
    let wanted = Citizen {
        personal_id: "079090000001".into(),
        full_name: "A".into(),
        permanent_residence: Some(Address {
            province: coded("79", "province", "QD19/2025", ""),
            ..Address::default()
        }),
        as_of: citizen.as_of,
        record_version: "1".into(),
        ..Citizen::default()
    };
    assert_eq!(
        citizen, wanted,
        "no constant and no edition makes a message, '0' is no sex"
    );
}

#[tokio::test]
async fn a_citizen_is_found_by_the_number_of_the_old_card_unless_two_carry_it() {
    let tree = Tree::example(
        "population",
        "INSERT INTO cong_dan (so_dinh_danh, so_cmnd, ho_ten, thoi_diem_du_lieu, phien_ban) VALUES
           ('079090000001', '012345679', 'A', '20261101083000', '1'),
           ('079090000003', '022222223', 'B', '20261101083000', '1'),
           ('079090000004', '022222223', 'C', '20261101083000', '1');
         INSERT INTO ten_khac VALUES ('079090000001', 1, 'Khác');",
    );
    let registry = tree.connect();
    let citizen: Citizen = ask(&registry, CITIZEN, "012345679")
        .await
        .expect("one carries it");
    assert_eq!(
        (citizen.personal_id.as_str(), citizen.other_names.len()),
        ("079090000001", 1)
    );
    assert_eq!(
        ask::<Citizen>(&registry, CITIZEN, "022222223").await,
        Err(Error::Several)
    );
    assert_eq!(
        ask::<Citizen>(&registry, CITIZEN, "099999999").await,
        Err(Error::NotFound)
    );
}

#[tokio::test]
async fn an_unreadable_value_makes_the_record_incomplete_and_names_the_field_alone() {
    for (column, value, field) in [
        ("ngay_sinh", "31/02/1990", "birth_date"),
        ("cha_ngay_sinh", "05/07/90", "father.birth_date"),
        ("cha_so_dinh_danh", "79090123456", "father.personal_id"),
        ("thoi_diem_du_lieu", "2026", "as_of"),
    ] {
        let tree = Tree::example("population", "");
        full_row(
            &tree,
            "cong_dan",
            &[
                ("so_dinh_danh", "'079090000001'"),
                ("thay_boi_so", "NULL"),
                ("thoi_diem_du_lieu", "'20261101083000'"),
            ],
        );
        tree.write(&format!("UPDATE cong_dan SET {column} = '{value}'"));
        let error = ask::<Citizen>(&tree.connect(), CITIZEN, "079090000001")
            .await
            .expect_err(column);
        assert_eq!(error, Error::Incomplete { field: field.into() });
        assert!(!error.to_string().contains(value), "{error}");
    }
}

#[tokio::test]
async fn a_conviction_state_that_nobody_knows_is_cannot_say() {
    let tree = Tree::example(
        "criminal-record",
        "INSERT INTO ly_lich VALUES
           ('079090000001', 'A', '1990', 'Không có án tích', 'Không bị cấm', '20261101083000', '1'),
           ('079090000002', 'B', '1990', 'Có án tích', 'Đang bị cấm', '20261101083000', '1'),
           ('079090000003', 'C', '1990', 'Chưa đủ thông tin, cần xác minh', 'Chưa đủ thông tin, cần xác minh', '20261101083000', '1'),
           ('079090000004', 'D', '1990', 'Không có án tích (đang xét)', 'chưa rõ', '20261101083000', '1');",
    );
    let registry = tree.connect();
    for (key, conviction, ban) in [
        ("079090000001", ConvictionState::None, BanState::None),
        ("079090000002", ConvictionState::Unspent, BanState::InForce),
        ("079090000003", ConvictionState::CannotSay, BanState::CannotSay),
        ("079090000004", ConvictionState::CannotSay, BanState::CannotSay),
    ] {
        let status: ConvictionStatus = ask(&registry, STATUS, key).await.expect(key);
        assert_eq!(
            (status.conviction_state(), status.position_ban()),
            (conviction, ban),
            "{key}"
        );
    }
}

#[tokio::test]
async fn every_field_of_a_certificate_is_mapped_and_a_spent_conviction_never_is() {
    let tree = Tree::example("criminal-record", "");
    full_row(
        &tree,
        "phieu_lltp",
        &[
            ("so_phieu", "'123/2026/PLLTP'"),
            ("loai_phieu", "'2'"),
            ("gioi_tinh", "'1'"),
            ("tinh_trang_an_tich", "'CÓ ÁN TÍCH'"),
            ("tinh_trang_phieu", "'Đã thu hồi'"),
            ("ban_dien_tu", "x'00ff'"),
            ("thoi_diem_du_lieu", "'20261101083000'"),
        ],
    );
    for (place, spent) in [("1", "NULL"), ("2", "'01/01/2020'")] {
        full_row(
            &tree,
            "an_tich",
            &[
                ("so_phieu", "'123/2026/PLLTP'"),
                ("thu_tu", place),
                ("ngay_xoa_an", spent),
            ],
        );
    }
    full_row(
        &tree,
        "cam_dam_nhiem",
        &[("so_phieu", "'123/2026/PLLTP'"), ("thu_tu", "1")],
    );
    let found = tree
        .connect()
        .look_up(question(CERTIFICATE, "123/2026/PLLTP"))
        .await
        .expect("it is there");

    assert_eq!(empty_fields_of(CERTIFICATE, &found.record), [""; 0]);
    let certificate = Certificate::decode(found.record).expect("it decodes");
    assert_eq!(
        certificate.kind(),
        CertificateKind::Number2,
        "carried, so that it can be refused"
    );
    assert_eq!(certificate.state(), CertificateState::Revoked);
    assert_eq!(certificate.conviction_state(), ConvictionState::Unspent);
    assert_eq!(certificate.convictions.len(), 1);
    assert_eq!(certificate.document.as_ref(), [0, 255]);
}

#[tokio::test]
async fn every_field_of_an_enterprise_is_mapped() {
    let tree = Tree::example("business", "");
    let key = ("ma_so", "'0991000007'");
    full_row(
        &tree,
        "doanh_nghiep",
        &[
            key,
            ("ma_loai_hinh", "'CTCP'"),
            ("so_lan_thay_doi", "3"),
            ("tinh_trang_phap_ly", "'Tạm ngừng kinh doanh'"),
            ("von_dieu_le", "5000000000"),
            ("loai_tien", "'VND'"),
            ("thoi_diem_du_lieu", "'20261101083000'"),
        ],
    );
    for table in [
        "chu_so_huu",
        "nguoi_dai_dien",
        "nguoi_quan_ly",
        "don_vi_phu_thuoc",
    ] {
        full_row(&tree, table, &[key, ("thu_tu", "1")]);
    }
    for table in ["thanh_vien", "huong_loi"] {
        full_row(
            &tree,
            table,
            &[
                key,
                ("thu_tu", "1"),
                ("to_chuc_ma_so", "'0100233488'"),
                ("ty_le", "2550"),
            ],
        );
    }
    full_row(
        &tree,
        "tinh_trang_phap_ly",
        &[key, ("thu_tu", "1"), ("tinh_trang", "'Tạm ngừng kinh doanh'")],
    );
    full_row(
        &tree,
        "nganh_nghe",
        &[key, ("thu_tu", "1"), ("la_nganh_chinh", "1")],
    );
    let found = tree
        .connect()
        .look_up(question(ENTERPRISE, "0991000007"))
        .await
        .expect("it is there");

    assert_eq!(empty_fields_of(ENTERPRISE, &found.record), [""; 0]);
    let enterprise = Enterprise::decode(found.record).expect("it decodes");
    assert_eq!(enterprise.kind(), EnterpriseKind::JointStock);
    assert_eq!(enterprise.legal_state(), LegalState::Suspended);
    assert_eq!(
        enterprise.members.first().map(|member| member.share_basis_points),
        Some(2550)
    );
}

#[tokio::test]
async fn a_legal_state_that_nobody_knows_is_unknown_with_its_phrase_and_never_active() {
    let phrase = "Đang hoạt động (chờ xác minh)";
    let tree = Tree::example("business", &format!(
        "INSERT INTO doanh_nghiep (ma_so, ten_tieng_viet, ma_loai_hinh, loai_hinh, so_lan_thay_doi, tinh_trang_phap_ly, loai_tien, thoi_diem_du_lieu, phien_ban)
         VALUES ('0991000007', 'A', 'ABC', 'x', 0, '{phrase}', 'VND', '20261101083000', '1');
         INSERT INTO tinh_trang_phap_ly VALUES
           ('0991000007', 2, 'đang  hoạt động', '2020', '2025-01-01', NULL), ('0991000007', 1, '{phrase}', '01/01/2025', NULL, NULL);
         INSERT INTO nguoi_dai_dien VALUES ('0991000007', 1, 'NGUYỄN VĂN A', '001085000019', NULL, NULL, NULL);"
    ));
    let enterprise: Enterprise = ask(&tree.connect(), ENTERPRISE, "0991000007")
        .await
        .expect("it is there");
    assert_eq!(enterprise.legal_state(), LegalState::Unknown);
    let states: Vec<_> = enterprise
        .legal_states
        .iter()
        .map(|period| (period.state(), period.phrase.as_str()))
        .collect();
    assert_eq!(
        states,
        [
            (LegalState::Unknown, phrase),
            (LegalState::Active, "đang  hoạt động")
        ]
    );
    assert_eq!(enterprise.kind(), EnterpriseKind::Unspecified);
    assert_eq!(enterprise.charter_capital, None, "a currency alone is no capital");
    let person = PersonReference {
        full_name: "NGUYỄN VĂN A".into(),
        personal_id: "001085000019".into(),
        ..PersonReference::default()
    };
    assert_eq!(enterprise.representatives, [person]);
}

#[tokio::test]
async fn an_item_of_which_nothing_is_known_is_still_an_item() {
    let tree = Tree::example(
        "business",
        "INSERT INTO doanh_nghiep (ma_so, ten_tieng_viet, ma_loai_hinh, loai_hinh, so_lan_thay_doi, tinh_trang_phap_ly, thoi_diem_du_lieu, phien_ban)
         VALUES ('0991000007', 'A', 'CTCP', 'x', 0, 'Đang hoạt động', '20261101083000', '1');
         INSERT INTO nguoi_dai_dien (ma_so, thu_tu, ho_ten) VALUES ('0991000007', 1, ' '), ('0991000007', 2, 'B');
         INSERT INTO thanh_vien (ma_so, thu_tu, ty_le) VALUES ('0991000007', 1, 0);",
    );
    let enterprise: Enterprise = ask(&tree.connect(), ENTERPRISE, "0991000007")
        .await
        .expect("it is there");
    assert_eq!(
        (enterprise.representatives.len(), enterprise.members.len()),
        (2, 1)
    );
}

#[test]
fn every_question_goes_by_an_index() {
    for name in ["population", "criminal-record", "business"] {
        let tree = Tree::example(name, "");
        let records = crate::check::plans(
            &tree.settings,
            Path::new("."),
            &proto::descriptors(),
            &crate::codes::tests::tables(),
        )
        .expect("no problem");
        for record in records.values() {
            let whole = crate::embedded::statements::reads_whole_tables(&tree.owner(), &record.plan);
            assert_eq!(whole, Ok(false), "{}", record.descriptor.full_name());
        }
        tree.write("DROP INDEX IF EXISTS cong_dan_so_cmnd; DROP INDEX IF EXISTS phieu_lltp_so_phieu; DROP INDEX IF EXISTS nganh_nghe_ma_so;");
        let any = records.values().any(|record| {
            crate::embedded::statements::reads_whole_tables(&tree.owner(), &record.plan) == Ok(true)
        });
        assert!(any, "{name}: an index that is missing is seen");
    }
}
