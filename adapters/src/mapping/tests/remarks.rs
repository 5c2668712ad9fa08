//! What a probe is told of a mapping.

use super::tree::{BUSINESS, ENTERPRISE, json, mapper};
use crate::error::Error;
use crate::trace::Trace;

/// How a business answer is read, and what is said of it.
fn told(file: &str, answer: &str) -> (Result<(), Error>, Vec<String>) {
    let trace = Trace::probing();
    let found = mapper(file).map_traced(ENTERPRISE, json(answer), &trace);
    let remarks = trace.probe().remarks;
    (found.map(drop), remarks.iter().map(ToString::to_string).collect())
}

#[test]
fn words_that_nobody_knows_empty_places_and_left_out_items_are_told() {
    let answer = r#"{"GetEntCert":{"MaSoDoanhNghiep":"0991000007","TinhTrangPhapLy":[{"MaTinhTrangPhapLy":"chờ"}],
        "NganhNgheKinhDoanh":{"MaNganh":"99999"},
        "DaiDienPhapLuat":{"ThongTinCaNhan":[{"HoVaTen":"A","LoaiGiayTo":4},{"HoVaTen":"B","LoaiGiayTo":5}]}}}"#;
    let (found, told) = told(BUSINESS, answer);
    assert_eq!(found, Ok(()));
    for said in [
        "legal_state: found \"chờ\" at TinhTrangPhapLy[0].MaTinhTrangPhapLy, which nobody knows here",
        "name_vi: nothing at TenTiengViet",
        "business_lines.code: found \"99999\" at MaNganh, which nobody knows here",
        "representatives: 1 items at DaiDienPhapLuat.ThongTinCaNhan left out by only or absent",
    ] {
        assert!(told.iter().any(|told| told == said), "{said}: {told:#?}");
    }
}

#[test]
fn what_keeps_a_record_from_being_made_is_told_with_what_stands_there() {
    let (found, told) = told(
        BUSINESS,
        r#"{"GetEntCert":{"TenTiengViet":"X","NgayDangKyThayDoi":"mai"}}"#,
    );
    assert!(matches!(found, Err(Error::Incomplete { .. })), "{found:?}");
    for said in [
        "enterprise_code: nothing at MaSoDoanhNghiep, and it is required",
        "last_changed: found \"mai\" at NgayDangKyThayDoi, which can't be read",
    ] {
        assert!(told.iter().any(|told| told == said), "{said}: {told:#?}");
    }
}

#[test]
fn an_edition_that_the_table_does_not_have_is_told() {
    let file = BUSINESS.replace("on = \"TuNgay\"", "edition = \"Ban\"");
    let answer = |edition: &str| {
        format!(
            r#"{{"GetEntCert":{{"MaSoDoanhNghiep":"0991000007","NganhNgheKinhDoanh":{{"MaNganh":"4690","Ban":"{edition}"}}}}}}"#
        )
    };
    let about = |edition: &str| {
        let (_, told) = told(&file, &answer(edition));
        let about = told.into_iter().filter(|told| told.contains("edition \""));
        about.collect::<Vec<_>>()
    };
    assert_eq!(
        about("VSIC 1789"),
        ["business_lines.edition: found edition \"VSIC 1789\" at Ban, which the code table doesn't have"]
    );
    assert_eq!(about(""), Vec::<String>::new());
}

#[test]
fn an_item_whose_place_nobody_can_tell_is_not_left_out_in_silence() {
    for kind in [r#"{"Ma":4}"#, "[4,5]", "4.5"] {
        let answer = format!(
            r#"{{"GetEntCert":{{"MaSoDoanhNghiep":"0991000007","DaiDienPhapLuat":{{"ThongTinCaNhan":{{"HoVaTen":"A","LoaiGiayTo":{kind}}}}}}}}}"#
        );
        let (found, _) = told(BUSINESS, &answer);
        let field = "representatives".to_owned();
        assert_eq!(found, Err(Error::Incomplete { field }), "{kind}");
    }
}
