//! The agreement language over real sockets: groups, overlaps, days, and what is told before it goes live.

use harness::messages::{confirm, get};
use harness::program::run;
use harness::registries::AN;
use harness::tree::{COMPETENT, OFFICE, STRANGER};
use harness::{Gateway, Scene};
use prost_types::FieldMask;
use proto::population::v1::GetCitizenRequest;

const FILE: &str = "agreements/population.toml";

async fn word(scene: &Scene, gateway: &Gateway, id: &str, mut ask: GetCitizenRequest) -> String {
    let agency = scene.agency(id);
    let client = gateway.connect(&agency, agency.token(scene)).await;
    ask.context.as_mut().unwrap().receiving_agency = id.into();
    client
        .citizen(ask)
        .await
        .map_or_else(|refused| refused.word, |_| "OK".into())
}

#[tokio::test]
async fn an_agreement_with_a_group_holds_every_agency_below_its_top_and_no_other() {
    let scene = Scene::new();
    scene
        .tree
        .edit(FILE, "[\"H29.12\"]", "[\"H29.1.*\", \"H29.13.*\"]");
    scene
        .tree
        .edit("agreements/criminal-record.toml", "[\"H29.12\"]", "[\"H29.*\"]");
    // A group that holds nobody is told and never loads, so an agency is put in it.
    let below = "H29.1.7";
    let text = std::fs::read_to_string(scene.tree.root().join("agencies/H29.13.toml")).unwrap();
    let text = text.replace("H29.13", below).replace("h29-13", "h29-1-7");
    scene.tree.write(&format!("agencies/{below}.toml"), &text);
    let gateway = scene.start();
    for (agency, wanted) in [
        (below, "OK"),
        (STRANGER, "OK"),
        (OFFICE, "NO_AGREEMENT"),
        (COMPETENT, "NO_AGREEMENT"),
    ] {
        assert_eq!(word(&scene, &gateway, agency, get(AN)).await, wanted, "{agency}");
    }
}

#[tokio::test]
async fn of_two_agreements_the_first_by_name_that_permits_decides_and_stands_in_the_log() {
    let scene = Scene::new();
    let wide = std::fs::read_to_string(scene.tree.root().join(FILE)).unwrap();
    let wide = wide.replace("\"full_name\", ", "\"full_name\", \"phone\", ");
    scene.tree.write("agreements/zz-wide.toml", &wide);
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let masked = |path: &str| GetCitizenRequest {
        read_mask: Some(FieldMask {
            paths: vec![path.into()],
        }),
        ..get(AN)
    };
    for (ask, agreement) in [(masked("full_name"), "population"), (masked("phone"), "zz-wide")] {
        let answer = client.citizen(ask).await.unwrap();
        let index = answer.provenance.unwrap().audit_index;
        assert_eq!(scene.log().entry(index).agreement, agreement);
    }
    let refused = client.citizen(masked("sex")).await.unwrap_err();
    assert_eq!(refused.word, "FIELD_NOT_AGREED");
    assert_eq!(refused.metadata["missing"], "field sex");
    assert!(
        refused.message.contains("agreement population "),
        "{}",
        refused.message
    );
    client.confirm(confirm(AN)).await.unwrap();
}

#[test]
fn the_operator_is_told_why_before_it_goes_live() {
    let scene = Scene::new();
    let explain = |arguments: &[&str]| {
        let root = scene.tree.root().to_str().unwrap();
        let command = ["config", "explain", "--agency", OFFICE, "--config", root];
        let ran = run(&[&command[..], arguments].concat());
        (ran.code.unwrap(), ran.out, ran.err)
    };
    let population = ["--registry", "population", "--operation", "get"];
    let (code, said, _) = explain(&[&population[..], &["--field", "full_name"]].concat());
    assert_eq!(code, 0);
    assert!(said.contains("permitted") && said.contains("Họ"), "{said}");
    let (code, said, _) = explain(&[&population[..], &["--field", "religion", "--json"]].concat());
    assert_eq!(code, 1);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["records"][0]["reason"], "FIELD_NOT_AGREED");
    let (code, said, why) = explain(&["--registry", "populaton"]);
    assert_eq!((code, said.as_str()), (2, ""));
    assert!(why.contains("the nearest is \"population\""), "{why}");
    let (code, _, why) = explain(&[&population[..], &["--procedure", "2.001479"]].concat());
    assert_eq!(code, 2);
    assert!(why.contains("no such procedure: found \"2.001479\""), "{why}");
}
