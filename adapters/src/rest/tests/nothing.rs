//! What a file names as the one proof that nobody was found.

use super::*;

const CONNECTION: &str = r#"
[connection]
server = { url = "https://localhost:PORT", ca = "ca.pem" }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/citizens"
query = { id = "{key}" }
nothing_when = { path = "data.SoCongDan", equals = "0" }
"#;

#[tokio::test]
async fn with_a_proof_of_nobody_nothing_else_says_so() {
    let answers = [
        (r#"{"data":{"SoCongDan":0}}"#, "not_found"),
        (r#"{"data":{"SoCongDan":" 0 ","CongDan":[]}}"#, "not_found"),
        (r#"{"data":{"SoCongDan":1}}"#, "garbled"),
        (r#"{"data":{"SoCongDan":[0,0]}}"#, "garbled"),
        (r#"{"data":{"CongDan":[]}}"#, "garbled"),
        (r#"{"data":null}"#, "garbled"),
        (r#"{"data":{"CongDan":null,"GhiChu":"Lỗi"}}"#, "garbled"),
        (
            r#"{"data":{"SoCongDan":0,"CongDan":{"SoDinhDanh":"079000000008"}}}"#,
            "garbled",
        ),
        (
            r#"{"data":{"SoCongDan":1,"CongDan":{"SoDinhDanh":"079000000008"}}}"#,
            "found",
        ),
    ];
    let server = Server::start(move |arrived| {
        let number: usize = asked(arrived).parse().map_or(0, |id: usize| id % 100);
        said(200, answers.get(number).map_or("", |(answer, _)| answer)).into()
    })
    .await;
    let registry = connected(&server, CONNECTION);
    for (number, (answer, word)) in answers.into_iter().enumerate() {
        assert_eq!(
            outcome(&registry, &format!("0790{number:08}")).await,
            word,
            "{answer}"
        );
    }
}

#[test]
fn a_proof_is_a_path_and_a_text() {
    for (proof, place) in [
        ("{ path = \"data..x\", equals = \"0\" }", "\"data..x\""),
        ("{ path = \"/data.x\", equals = \"0\" }", "\"/data.x\""),
        ("{ path = \"data.x\", equals = \" \" }", "\" \""),
    ] {
        let connection = CONNECTION.replace("{ path = \"data.SoCongDan\", equals = \"0\" }", proof);
        let text = file(&connection.replace("PORT", "443"));
        let settings: RegistrySettings = toml::from_str(&text).expect("settings");
        let pool = proto::descriptors();
        let problems = crate::check(&settings, std::path::Path::new("."), &pool, &Default::default());
        let places: Vec<_> = problems.iter().map(|problem| problem.span.clone()).collect();
        let at = text.find(place).expect("it is there");
        assert_eq!(places, [Some(at..at + place.len())], "{proof}: {problems:?}");
    }
}
