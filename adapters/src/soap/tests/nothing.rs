//! An answer without a record: when it says that there is no such subject, and when it says nothing.

use super::*;
use crate::http::tests::aside::{LARGE, MANY, expect_others_go_on};

const PROOF: &str = "nothing_when = { path = \"TraCuuThongTinCongDanResponse.CongdanCollection.SoCongDan\", equals = \"0\" }\n";

fn bare(content: &str) -> String {
    message(&format!(
        "<TraCuuThongTinCongDanResponse>{content}</TraCuuThongTinCongDanResponse>"
    ))
}

#[tokio::test]
async fn what_stands_where_the_record_should_is_no_word_that_there_is_none() {
    let answers = [
        // With the proof, and without it.
        (
            bare("<CongdanCollection><GhiChu>Lỗi</GhiChu></CongdanCollection>"),
            "garbled",
            "garbled",
        ),
        (
            bare("<CongdanCollection a=\"1\">Lỗi</CongdanCollection>"),
            "garbled",
            "garbled",
        ),
        (bare("<CongdanCollection/>"), "garbled", "not_found"),
        (bare("<CongdanCollection a=\"1\"/>"), "garbled", "not_found"),
        (
            bare("<CongdanCollection><GhiChu/><CongDan/></CongdanCollection>"),
            "garbled",
            "not_found",
        ),
        (collection("<SoCongDan>0</SoCongDan>"), "not_found", "garbled"),
        (
            collection("<SoCongDan>0</SoCongDan><GhiChu>Không có</GhiChu>"),
            "not_found",
            "garbled",
        ),
        (collection("<SoCongDan>1</SoCongDan>"), "garbled", "garbled"),
        (bare("<Loi>500</Loi>"), "garbled", "garbled"),
        (
            collection("<SoCongDan>0</SoCongDan><CongDan><SoDinhDanh>079000000009</SoDinhDanh></CongDan>"),
            "garbled",
            "found",
        ),
    ];
    let texts: Vec<_> = answers.iter().map(|(text, ..)| text.clone()).collect();
    let server = Server::start(move |arrived| {
        let number: usize = asked(arrived).parse().map_or(0, |id: usize| id % 100);
        said(200, texts.get(number).cloned().unwrap_or_default()).into()
    })
    .await;
    let with = connected(&server, |text| text);
    let without = connected(&server, |text| text.replace(PROOF, ""));
    for (number, (text, proved, unproved)) in answers.iter().enumerate() {
        let id = format!("0790{number:08}");
        assert_eq!(outcome(&with, &id).await, *proved, "{text}");
        assert_eq!(outcome(&without, &id).await, *unproved, "{text}");
    }
}

#[tokio::test]
async fn the_moment_that_stands_beside_the_record_is_the_records() {
    let server = Server::start(|arrived| {
        let record = format!("<CongDan><SoDinhDanh>{}</SoDinhDanh></CongDan>", asked(arrived));
        said(
            200,
            collection(&format!(
                "<ThoiDiemDuLieu>20261105093000</ThoiDiemDuLieu>{record}"
            )),
        )
        .into()
    })
    .await;
    let registry = connected(&server, |text| {
        let from = "as_of = { from = \"/TraCuuThongTinCongDanResponse.CongdanCollection.ThoiDiemDuLieu\" }";
        text.replace("full_name =", &format!("{from}\nfull_name ="))
    });
    let found = registry
        .look_up(question("079090000001", Duration::from_secs(1)))
        .await;
    assert_eq!(found.expect("a record").as_of, Some(1_793_845_800_000_000));
}

#[tokio::test]
async fn while_a_large_answer_is_read_the_thread_does_something_else() {
    let server = Server::start(|arrived| {
        let (numbers, text) = ("<So>1</So>".repeat(40_000), "x".repeat(LARGE - 400_000));
        let more = format!("<Khac>{numbers}<Chu>{text}</Chu></Khac>");
        said(200, person(&asked(arrived), "A", &more)).into()
    })
    .await;
    let registry = connected(&server, |text| text.replace("max_record = \"4 KiB\"", MANY));
    expect_others_go_on(&registry, &question("079090000001", Duration::ZERO)).await;
}
