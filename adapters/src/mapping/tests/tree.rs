//! Mappings of answers that are trees.

use prost::Message as _;
use proto::business::v1::{Enterprise, LegalState};
use proto::lookup::v1::{CodedValue, PartialDate, Sex};
use proto::population::v1::Citizen;

use crate::codes::tests::tables;
use crate::error::Error;
use crate::mapper::Mapper;
use crate::registry::Found;
use crate::settings::RegistrySettings;
use crate::tree::{AnswerLimits, Node, json, xml};

const CITIZEN: &str = "lienthong.population.v1.Citizen";
pub(super) const ENTERPRISE: &str = "lienthong.business.v1.Enterprise";
const HEAD: &str = "
title_vi = \"Thử\"
title_en = \"Test\"
kind = \"embedded\"
connection = { file = \"x.db\" }
";

/// The population service, as its answer is described by those who call it.
const POPULATION: &str = r#"
[records."lienthong.population.v1.Citizen"]
from = "CongdanCollection.CongDan"
keys = [{ from = "SoDinhDanh", field = "personal_id", digits = 12 }]

[records."lienthong.population.v1.Citizen".fields]
personal_id = { from = "SoDinhDanh", required = true }
old_id9 = { from = "SoCMND" }
full_name = { join = ["HoVaTen.Ho", "HoVaTen.ChuDem", "HoVaTen.Ten"], as = "normal_name" }
birth_date = { first_of = ["NgayThangNamSinh.NgayThangNam", "NgayThangNamSinh.Nam"] }
sex = { from = "GioiTinh", table = "sex" }
marital_status = { from = "TinhTrangHonNhan", table = "marital-status" }
nationality = { from = "QuocTich", default = "VN" }

[records."lienthong.population.v1.Citizen".parts]
permanent_residence = { shape = "address", prefix = "ThuongTru." }

[shapes.address]
detail = { from = "ChiTiet" }
province = { from = "MaTinhThanh", table = "province" }
commune = { from = "MaPhuongXa", table = "commune" }
country = { from = "QuocGia" }
"#;

const ANSWER: &str = r#"{"CongdanCollection":{"SoCongDan":1,"GhiChu":"","ThoiDiemDuLieu":"20261105093000","CongDan":{"SoDinhDanh":"079090123456","SoCMND":"","HoVaTen":{"Ho":"","ChuDem":"","Ten":"NGUYỄN THỊ HOÀ"},"GioiTinh":"2","DanToc":"01","TinhTrangHonNhan":"1","NgayThangNamSinh":{"Nam":"1990","NgayThangNam":""},"ThuongTru":{"MaTinhThanh":"74","MaQuanHuyen":"724","MaPhuongXa":"25942","ChiTiet":"12 đường số 3","QuocGia":"VN"}}}}"#;

const ANSWER_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<d:CongdanCollection xmlns:d="http://www.mic.gov.vn/dancu/1.0"><d:SoCongDan>1</d:SoCongDan><d:GhiChu/>
<d:CongDan><d:SoDinhDanh>079090123456</d:SoDinhDanh><d:SoCMND/><d:HoVaTen><d:Ho/><d:ChuDem/><d:Ten>NGUYỄN THỊ HOÀ</d:Ten></d:HoVaTen>
<d:GioiTinh>2</d:GioiTinh><d:TinhTrangHonNhan>1</d:TinhTrangHonNhan><d:NgayThangNamSinh><d:Nam>1990</d:Nam><d:NgayThangNam/></d:NgayThangNamSinh>
<d:ThuongTru><d:MaTinhThanh>74</d:MaTinhThanh><d:MaPhuongXa>25942</d:MaPhuongXa><d:ChiTiet>12 đường số 3</d:ChiTiet><d:QuocGia>VN</d:QuocGia></d:ThuongTru></d:CongDan></d:CongdanCollection>"#;

pub(super) fn mapper(file: &str) -> Mapper {
    let settings: RegistrySettings =
        toml::from_str(&format!("{HEAD}{file}")).unwrap_or_else(|error| panic!("{error}"));
    Mapper::new(&settings, &proto::descriptors(), &tables()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

pub(super) fn json(text: &str) -> Node {
    json::read(text.as_bytes(), AnswerLimits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn citizen(found: Result<Found, Error>) -> Result<Citizen, Error> {
    found.map(|found| Citizen::decode(found.record).expect("it decodes"))
}

/// A citizen mapped by these lines from this JSON, with the key at `id`.
fn mapped(lines: &str, answer: &str) -> Result<Citizen, Error> {
    let mapper = mapper(&format!(
        "[records.\"{CITIZEN}\"]\nfrom = \".\"\nkeys = [{{ from = \"id\", field = \"personal_id\" }}]\nfields.personal_id = {{ from = \"id\" }}\n{lines}"
    ));
    citizen(mapper.map(CITIZEN, json(answer)))
}

fn incomplete(field: &str) -> Error {
    Error::Incomplete { field: field.into() }
}

fn coded(code: &str, list: &str, version: &str, label: &str) -> Option<CodedValue> {
    Some(CodedValue {
        code: code.into(),
        list: list.into(),
        list_version: version.into(),
        label: label.into(),
    })
}

#[test]
fn the_population_answer_of_the_domain_page_is_mapped_from_json_and_from_xml_alike() {
    let mapper = mapper(POPULATION);
    let from_json = citizen(mapper.map(CITIZEN, json(ANSWER))).expect("it can be read");
    let tree = xml::read(ANSWER_XML.as_bytes(), AnswerLimits::default()).expect("XML");
    let from_xml = citizen(mapper.map(CITIZEN, tree)).expect("it can be read");
    assert_eq!(from_json, from_xml);

    assert_eq!(from_json.full_name, "NGUYỄN THỊ HÒA");
    assert_eq!(
        from_json.birth_date,
        Some(PartialDate {
            year: 1990,
            month: 0,
            day: 0
        })
    );
    assert_eq!(from_json.sex(), Sex::Female);
    assert_eq!(
        (from_json.old_id9.as_str(), from_json.nationality.as_str()),
        ("", "VN")
    );
    let residence = from_json.permanent_residence.expect("it is recorded");
    assert_eq!(
        residence.province,
        coded("74", "province", "QD124/2004", "Bình Dương")
    );
    assert_eq!(
        residence.commune,
        coded("25942", "commune", "", "Dĩ An"),
        "both editions know it"
    );
}

#[test]
fn nothing_at_the_path_is_nobody_and_two_are_several() {
    let mapper = mapper(POPULATION);
    let collection = |inner: &str| json(&format!("{{\"CongdanCollection\":{inner}}}"));
    for nobody in [
        "{\"SoCongDan\":0}",
        "{\"CongDan\":[]}",
        "{\"CongDan\":null}",
        "{\"CongDan\":\"\"}",
        "null",
    ] {
        assert_eq!(
            mapper.map(CITIZEN, collection(nobody)),
            Err(Error::NotFound),
            "{nobody}"
        );
    }
    let two = collection("{\"CongDan\":[{\"SoDinhDanh\":\"1\"},{\"SoDinhDanh\":\"2\"}]}");
    assert_eq!(mapper.map(CITIZEN, two), Err(Error::Several));
    for other in ["{\"CongDan\":\"x\"}", "\"x\"", "[7]"] {
        let given = mapper.map(CITIZEN, collection(other));
        assert!(matches!(given, Err(Error::Garbled { .. })), "{other}: {given:?}");
    }
    // A message that is no answer at all is no "not found" when the key is required.
    assert_eq!(
        mapper.map(CITIZEN, collection("{\"CongDan\":{\"loi\":\"x\"}}")),
        Err(incomplete("personal_id"))
    );
}

#[test]
fn another_shape_than_the_path_wants_makes_the_record_incomplete() {
    let line = "fields.full_name = { from = \"a.b\" }";
    for answer in [
        "{\"id\":\"001085000019\",\"a\":\"x\"}",
        "{\"id\":\"001085000019\",\"a\":[{\"b\":\"x\"},{\"b\":\"y\"}]}",
        "{\"id\":\"001085000019\",\"a\":{\"b\":{\"c\":1}}}",
        "{\"id\":\"001085000019\",\"a\":{\"b\":1.5}}",
    ] {
        assert_eq!(
            mapped(line, answer).map(|citizen| citizen.full_name),
            Err(incomplete("full_name")),
            "{answer}"
        );
    }
    assert!(
        mapped(line, "{\"id\":\"001085000019\",\"a\":[{\"b\":\"x\"}]}")
            .is_ok_and(|citizen| citizen.full_name == "x")
    );
}

#[test]
fn the_day_of_the_record_or_its_edition_chooses_the_meaning_of_a_code() {
    let by = |extra: &str, answer: &str| {
        let lines = format!(
            "fields.as_of = {{ from = \"t\" }}\nfields.\"home_place.province\" = {{ from = \"p\", table = \"province\"{extra} }}"
        );
        mapped(&lines, answer).map(|citizen| citizen.home_place.and_then(|place| place.province))
    };
    let id = "\"id\":\"001085000019\"";
    for (extra, answer, wanted) in [
        (
            "",
            format!("{{{id},\"p\":\"15\",\"t\":\"20250630235959\"}}"),
            coded("15", "province", "QD124/2004", "Yên Bái"),
        ),
        (
            "",
            format!("{{{id},\"p\":15,\"t\":\"20250701000000\"}}"),
            coded("15", "province", "QD19/2025", "Lào Cai"),
        ),
        (
            "",
            format!("{{{id},\"p\":1,\"t\":\"20250701000000\"}}"),
            coded("01", "province", "QD19/2025", "Hà Nội"),
        ),
        (
            "",
            format!("{{{id},\"p\":\"15\"}}"),
            coded("15", "province", "", ""),
        ),
        (
            "",
            format!("{{{id},\"p\":\"99\"}}"),
            coded("99", "province", "", ""),
        ),
        (
            ", on = \"d\"",
            format!("{{{id},\"p\":\"15\",\"d\":\"01/02/2020\",\"t\":\"20261101000000\"}}"),
            coded("15", "province", "QD124/2004", "Yên Bái"),
        ),
        (
            ", on = \"d\"",
            format!("{{{id},\"p\":\"15\",\"d\":\"2025\",\"t\":\"20261101000000\"}}"),
            coded("15", "province", "", ""),
        ),
        (
            ", edition = \"e\"",
            format!("{{{id},\"p\":\"15\",\"e\":\"QD124/2004\",\"t\":\"20261101000000\"}}"),
            coded("15", "province", "QD124/2004", "Yên Bái"),
        ),
    ] {
        assert_eq!(by(extra, &answer), Ok(wanted), "{answer}");
    }
    let unreadable = format!("{{{id},\"p\":\"15\",\"d\":\"32/01/2020\"}}");
    assert_eq!(
        by(", on = \"d\"", &unreadable),
        Err(incomplete("home_place.province"))
    );
}

#[test]
fn what_is_declared_is_decoded_and_what_is_not_written_so_is_refused() {
    for (encoding, text, wanted) in [
        ("tcvn3", "NguyÔn ThÞ Hßa", Ok("Nguyễn Thị Hòa")),
        ("vni", "Nguyeãn Thò Hoøa", Ok("Nguyễn Thị Hòa")),
        ("latin1_damage", "Nguyá»…n", Ok("Nguyễn")),
        ("tcvn3", "Nguyễn", Err(incomplete("full_name"))),
        ("unicode", "NguyÔn ThÞ Hßa", Ok("NguyÔn ThÞ Hßa")),
    ] {
        let line = format!("fields.full_name = {{ from = \"n\", encoding = \"{encoding}\" }}");
        let given = mapped(&line, &format!("{{\"id\":\"001085000019\",\"n\":\"{text}\"}}"))
            .map(|citizen| citizen.full_name);
        assert_eq!(given, wanted.map(str::to_owned), "{encoding}");
    }
    // For the whole file, and for a field that is written otherwise.
    let file = format!(
        "encoding = \"tcvn3\"\n[records.\"{CITIZEN}\"]\nfrom = \".\"\nkeys = [{{ from = \"id\", field = \"personal_id\" }}]\n\
         fields.personal_id = {{ from = \"id\" }}\nfields.full_name = {{ from = \"n\" }}\nfields.email = {{ from = \"e\", encoding = \"unicode\" }}"
    );
    let answer = json("{\"id\":\"001085000019\",\"n\":\"§Æng\",\"e\":\"đ@x\"}");
    let given = citizen(mapper(&file).map(CITIZEN, answer)).expect("it can be read");
    assert_eq!((given.full_name.as_str(), given.email.as_str()), ("Đặng", "đ@x"));
}

#[test]
fn identifiers_are_cleaned_and_never_completed() {
    let line = "fields.household_no = { from = \"n\", as = \"digits\" }";
    let given = |text: &str| {
        mapped(line, &format!("{{\"id\":\"001085000019\",\"n\":{text}}}")).map(|citizen| citizen.household_no)
    };
    assert_eq!(given("\" 012.345-678 9\""), Ok("0123456789".into()));
    assert_eq!(given("\"12a\""), Err(incomplete("household_no")));
    let key = mapped("", "{\"id\":\"79090123456\"}").map(|citizen| citizen.personal_id);
    assert_eq!(key, Err(incomplete("personal_id")), "11 digits are not padded");
}

pub(super) const BUSINESS: &str = r#"
[records."lienthong.business.v1.Enterprise"]
from = "GetEntCert"
keys = [{ from = "MaSoDoanhNghiep", field = "enterprise_code" }]

[records."lienthong.business.v1.Enterprise".fields]
enterprise_code = { from = "MaSoDoanhNghiep", required = true }
name_vi = { from = "TenTiengViet" }
last_changed = { from = "NgayDangKyThayDoi" }
legal_state = { from = "TinhTrangPhapLy[0].MaTinhTrangPhapLy", table = "enterprise-state", unknown = "LEGAL_STATE_UNKNOWN" }

[records."lienthong.business.v1.Enterprise".lists.business_lines]
from = "NganhNgheKinhDoanh"
order = "ThuTu"
fields.code = { from = "MaNganh", as = "code", table = "vsic" }
fields.edition = { from = "MaNganh", as = "edition", table = "vsic", on = "TuNgay", companion = true }
fields.label = { from = "TenNganh" }
fields.main = { from = "LaNganhChinh" }

[records."lienthong.business.v1.Enterprise".lists.representatives]
from = "DaiDienPhapLuat.ThongTinCaNhan"
only = { LoaiGiayTo = "4" }
absent = ["NgayThoi"]
fields.full_name = { from = "HoVaTen" }
fields.personal_id = { from = "SoGiayChungThuc" }
"#;

fn enterprise(answer: &str) -> Result<Enterprise, Error> {
    let found = mapper(BUSINESS).map(ENTERPRISE, json(answer))?;
    Ok(Enterprise::decode(found.record).expect("it decodes"))
}

#[test]
fn lists_are_read_whether_written_as_object_or_as_array() {
    let answer = |lines: &str, people: &str| {
        format!(
            "{{\"GetEntCert\":[{{\"MaSoDoanhNghiep\":\"0991000007\",\"TinhTrangPhapLy\":[{{\"MaTinhTrangPhapLy\":\"Đang hoạt động\"}}],\
             \"NganhNgheKinhDoanh\":{lines},\"DaiDienPhapLuat\":{people}}}]}}"
        )
    };
    let line = |code: &str, place: u8, day: &str| {
        format!(
            "{{\"MaNganh\":{code},\"ThuTu\":{place},\"TuNgay\":\"{day}\",\"LaNganhChinh\":{}}}",
            place % 2
        )
    };
    let both = format!(
        "[{},{}]",
        line("\"4690\"", 2, "2025-11-15"),
        line("111", 1, "14/11/2025")
    );
    let person = |id: &str, kind: u8, left: &str| {
        format!(
            "{{\"HoVaTen\":\"A\",\"SoGiayChungThuc\":\"{id}\",\"LoaiGiayTo\":{kind},\"NgayThoi\":{left}}}"
        )
    };
    let people = format!(
        "[{{\"ThongTinCaNhan\":{}}},{{\"ThongTinCaNhan\":[{},{}]}}]",
        person("001085000019", 4, "null"),
        person("B1234567", 2, "null"),
        person("001085000027", 4, "\"2020\"")
    );
    let enterprise = enterprise(&answer(&both, &people)).expect("it can be read");
    assert_eq!(enterprise.legal_state(), LegalState::Active);
    let lines: Vec<_> = enterprise
        .business_lines
        .iter()
        .map(|line| (line.code.as_str(), line.edition.as_str(), line.main))
        .collect();
    assert_eq!(lines, [("0111", "QD27/2018", true), ("4690", "QD36/2025", false)]);
    let people: Vec<_> = enterprise
        .representatives
        .iter()
        .map(|person| person.personal_id.as_str())
        .collect();
    assert_eq!(people, ["001085000019"]);

    let one = self::enterprise(&answer(&line("\"4690\"", 1, "2026-01-01"), "null")).expect("it can be read");
    assert_eq!((one.business_lines.len(), one.representatives.len()), (1, 0));
    let other = self::enterprise(&answer("\"4690\"", "null"));
    assert_eq!(other.map(|_| ()), Err(incomplete("business_lines.code")));
}

#[test]
fn a_phrase_that_nobody_knows_is_unknown_and_never_active() {
    for phrase in [
        "Đang hoạt động bình thường",
        "active",
        "Hoạt động",
        "Đang hoạt đông",
        "99",
    ] {
        let answer = format!(
            "{{\"GetEntCert\":{{\"MaSoDoanhNghiep\":\"0991000007\",\"TinhTrangPhapLy\":{{\"MaTinhTrangPhapLy\":\"{phrase}\"}}}}}}"
        );
        assert_eq!(
            enterprise(&answer).map(|it| it.legal_state()),
            Ok(LegalState::Unknown),
            "{phrase}"
        );
    }
}

#[test]
fn xml_inside_a_json_text_is_read_in_place_and_bounded() {
    let file = POPULATION.replace(
        "from = \"CongdanCollection.CongDan\"",
        "unpack = [{ at = \"Body.Result\", as = \"xml\" }]\nfrom = \"Body.Result.CongdanCollection.CongDan\"",
    );
    let wrapped = |text: &str| {
        Node::Fields(vec![(
            "Body".into(),
            Node::Fields(vec![("Result".into(), Node::Text(text.to_owned()))]),
        )])
    };
    let mapper = mapper(&file);
    let given = citizen(mapper.map(CITIZEN, wrapped(ANSWER_XML))).map(|citizen| citizen.personal_id);
    assert_eq!(given.as_deref(), Ok("079090123456"));
    for bad in ["", " \n", "<!DOCTYPE a><a/>", "{}", &"<a>".repeat(1000)] {
        assert!(
            matches!(mapper.map(CITIZEN, wrapped(bad)), Err(Error::Garbled { .. })),
            "{bad}"
        );
    }
}

#[test]
fn what_does_not_suit_a_tree_or_a_table_is_told_at_its_place() {
    for (line, place, said) in [
        (
            "fields.phone = { from = \"a..b\" }",
            "\"a..b\"",
            "wanted names joined by dots",
        ),
        (
            "fields.\"home_place.province\" = { from = \"p\", table = \"provinces\" }",
            "\"provinces\"",
            "the nearest is \"province\"",
        ),
        (
            "fields.sex = { from = \"p\", table = \"province\" }",
            "\"province\"",
            "no code with a value",
        ),
        (
            "fields.sex = { from = \"p\", table = \"marital-status\" }",
            "\"marital-status\"",
            "which is no value of",
        ),
        (
            "fields.phone = { from = \"p\", on = \"d\" }",
            "\"d\"",
            "on is for a table",
        ),
        (
            "fields.phone = { from = \"p\", as = \"label\" }",
            "{ from = \"p\", as = \"label\" }",
            "wants table",
        ),
        (
            "fields.birth_date = { from = \"p\", table = \"province\" }",
            "\"province\"",
            "a table is for enums",
        ),
        (
            "fields.sex = { from = \"p\", table = \"sex\", default = \"1\" }",
            "\"1\"",
            "may not become a definite value",
        ),
        (
            "fields.birth_date = { from = \"p\", default = \"31/02/1990\" }",
            "\"31/02/1990\"",
            "can't be made of",
        ),
        (
            "fields.phone = { from = \"p\", default = \"x\", required = true }",
            "\"x\"",
            "no default is ever taken",
        ),
        (
            "fields.birth_date = { join = [\"d\", \"m\", \"y\"] }",
            "[\"d\", \"m\", \"y\"]",
            "join is for names and texts",
        ),
        (
            "fields.phone = { first_of = [] }",
            "{ first_of = [] }",
            "wants either from or constant",
        ),
        (
            "lists.other_names = { from = \"t\", key = \"so\", value = { from = \".\" } }",
            "\"so\"",
            "wanted no key",
        ),
        (
            "unpack = [{ at = \"\", as = \"xml\" }]",
            "\"\"",
            "wanted names joined by dots",
        ),
        (
            "fields.phone = { from = \"/a..b\" }",
            "\"/a..b\"",
            "wanted names joined by dots",
        ),
        (
            "fields.phone = { from = \"/\" }",
            "\"/\"",
            "wanted names joined by dots",
        ),
        (
            "lists.other_names = { from = \"/t\", value = { from = \".\" } }",
            "\"/t\"",
            "wanted names joined by dots",
        ),
    ] {
        let text = format!(
            "{HEAD}[records.\"{CITIZEN}\"]\nfrom = \".\"\nkeys = [{{ from = \"id\", field = \"personal_id\" }}]\nfields.personal_id = {{ from = \"id\" }}\n{line}"
        );
        let settings: RegistrySettings =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error}"));
        let problems = Mapper::new(&settings, &proto::descriptors(), &tables())
            .err()
            .unwrap_or_default();
        let hit = problems.iter().any(|problem| {
            let at = problem.span.clone().and_then(|span| text.get(span));
            at == Some(place) && problem.message.contains(said)
        });
        assert!(hit, "{line}: {problems:?}");
    }
}

#[test]
fn plain_items_are_the_items_themselves() {
    let lines = "lists.other_names = { from = \"ten\", value = { from = \".\" } }";
    for (answer, wanted) in [
        ("[\"A\",\"B\"]", vec!["A", "B"]),
        ("\"A\"", vec!["A"]),
        ("null", vec![]),
    ] {
        let given = mapped(lines, &format!("{{\"id\":\"001085000019\",\"ten\":{answer}}}"))
            .map(|citizen| citizen.other_names);
        assert_eq!(
            given,
            Ok(wanted.into_iter().map(str::to_owned).collect()),
            "{answer}"
        );
    }
}

#[test]
fn what_stands_beside_the_record_is_reached_from_the_answers_root() {
    let file = POPULATION
        .replace(
            "nationality =",
            "as_of = { from = \"/CongdanCollection.ThoiDiemDuLieu\" }\nnationality =",
        )
        .replace(
            "detail = {",
            "text = { from = \"/CongdanCollection.GhiChu\" }\ndetail = {",
        );
    let file = format!(
        "{file}\n[records.\"{CITIZEN}\".lists.other_names]\nfrom = \"TenKhac\"\nvalue = {{ first_of = [\"Ten\", \"/CongdanCollection.GhiChu\"] }}"
    );
    let mapper = mapper(&file);
    let answer = |moment: &str| {
        let text = ANSWER
            .replace("20261105093000", moment)
            .replace("\"GhiChu\":\"\"", "\"GhiChu\":\"Ghi\"")
            .replace("\"MaTinhThanh\":\"74\"", "\"MaTinhThanh\":\"15\"")
            .replace(
                "\"DanToc\"",
                "\"TenKhac\":[{\"Ten\":\"A\"},{\"Khac\":1}],\"DanToc\"",
            );
        mapper.map(CITIZEN, json(&text))
    };
    for (moment, as_of, edition, label) in [
        ("20250630235959", 1_751_302_799_000_000, "QD124/2004", "Yên Bái"),
        ("20250701000000", 1_751_302_800_000_000, "QD19/2025", "Lào Cai"),
    ] {
        let found = answer(moment).expect("it can be read");
        assert_eq!(found.as_of, Some(as_of));
        let citizen = Citizen::decode(found.record).expect("it decodes");
        let residence = citizen.permanent_residence.expect("it is recorded");
        assert_eq!(residence.province, coded("15", "province", edition, label));
        assert_eq!(
            residence.text, "Ghi",
            "what stands before a shape's names doesn't stand before the root"
        );
        assert_eq!(citizen.other_names, ["A", "Ghi"]);
    }
    assert_eq!(answer("hôm nay").map(drop), Err(incomplete("as_of")));
}

fn nodes() -> impl proptest::strategy::Strategy<Value = Node> {
    use proptest::prelude::*;
    let names = prop_oneof![
        Just("CongdanCollection"),
        Just("CongDan"),
        Just("SoDinhDanh"),
        Just("HoVaTen"),
        Just("Ten"),
        Just("GioiTinh"),
        Just("NgayThangNamSinh"),
        Just("Nam"),
        Just("ThuongTru"),
        Just("MaTinhThanh"),
        Just("#text"),
    ];
    let leaf = prop_oneof![
        Just(Node::Absent),
        any::<bool>().prop_map(Node::Boolean),
        any::<i64>().prop_map(Node::Integer),
        "\\PC{0,8}|[0-9]{0,14}|[0-9/]{8,10}".prop_map(Node::Text),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Node::Bytes),
        Just(Node::Other),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        let named = (names.clone().prop_map(Box::<str>::from), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Node::List),
            proptest::collection::vec(named, 0..6).prop_map(Node::Fields),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn whatever_the_answer_is_it_becomes_a_whole_record_or_a_named_refusal(answer in nodes()) {
        let given = mapper(POPULATION).map(CITIZEN, answer);
        if let Ok(found) = given {
            let citizen = Citizen::decode(found.record).expect("what is written decodes");
            proptest::prop_assert!(!citizen.personal_id.is_empty(), "what is required is there");
        }
    }

    #[test]
    fn no_bytes_bring_a_reader_down(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in "[<>/a!&;\"=\\[\\]{}:, -]{0,80}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            let _tree = json::read(bytes, AnswerLimits::default());
            let _tree = xml::read(bytes, AnswerLimits::default());
        }
        let _path = crate::tree::Path::parse(&text);
        for encoding in [crate::text::encoding::Encoding::Tcvn3, crate::text::encoding::Encoding::Vni] {
            let _text = encoding.decode_bytes(&bytes);
        }
    }
}
