//! Several routes to one registry: the entry names the one that the answer came by.

use std::fs;

use harness::messages::get;
use harness::program::run;
use harness::registries::{AN, CUONG, NOBODY, Person};
use harness::tree::OFFICE;
use harness::{Client, Gateway, Scene};
use proto::lookup::v1::Source;

/// A gateway with two routes to the population registry.
async fn two_routes(scene: &Scene) -> (Gateway, Client) {
    let here = scene.database("population");
    let other = here.with_file_name("population-by-lgsp.db");
    fs::copy(&here, &other).unwrap();
    let routes = [("direct", &here), ("lgsp", &other)].map(|(name, file)| {
        format!(
            "[[routes]]\nname = {name:?}\nconnection = {{ file = {:?} }}\n",
            file.display().to_string()
        )
    });
    scene.tree.edit(
        "registries/population.toml",
        "[connection]\nfile = \"../data/population.db\"\n",
        &routes.concat(),
    );
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(scene)).await;
    (gateway, client)
}

/// The source of the answer and the route in its entry.
async fn ask(scene: &Scene, client: &Client, person: Person) -> (Source, String) {
    let provenance = client.citizen(get(person)).await.unwrap().provenance.unwrap();
    let entry = scene.log().entry(provenance.audit_index);
    (provenance.source(), entry.route)
}

fn nobody() -> Person {
    Person { id: NOBODY, ..AN }
}

#[tokio::test]
async fn the_entry_names_the_route_that_the_answer_came_by_and_the_second_when_the_first_is_gone() {
    let scene = Scene::new();
    let (gateway, client) = two_routes(&scene).await;
    assert_eq!(
        ask(&scene, &client, AN).await,
        (Source::Registry, "direct".to_owned())
    );

    let here = scene.database("population");
    fs::rename(&here, here.with_extension("away")).unwrap();
    assert_eq!(
        ask(&scene, &client, AN).await,
        (Source::Cache, "direct".to_owned()),
        "what is kept came by the route that is gone since"
    );
    assert_eq!(
        ask(&scene, &client, CUONG).await,
        (Source::Registry, "lgsp".to_owned())
    );
    let refused = client.citizen(get(nobody())).await.unwrap_err();
    assert_eq!(refused.word, "NOT_FOUND");
    let entry = scene.log().entry(refused.audit_index().expect("its entry"));
    assert_eq!(
        entry.route, "lgsp",
        "also where the answer was that there is nobody"
    );

    let intents = scene
        .log()
        .entries()
        .into_iter()
        .filter(|(_, entry)| entry.kind == 1);
    assert!(
        intents
            .map(|(_, entry)| entry.route)
            .all(|route| route.is_empty()),
        "not known before"
    );
    assert!(scene.log().verify().is_ok());
    drop(gateway);
    the_tools_show_it(&scene);
}

/// Every form in which an entry is shown.
fn the_tools_show_it(scene: &Scene) {
    let folder = scene.log().folder().display().to_string();
    let audit = |command: &str, more: &[&str]| {
        let ran = run(&[&["audit", command, "--log", &folder], more].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran
    };
    let found = audit("search", &["--json", "--registry", "population"]).json_lines();
    let named = found
        .iter()
        .find(|entry| entry["route"] == "lgsp")
        .expect("an entry that names it");
    let index = named["index"].to_string();
    for (language, label) in [("vi", "Tuyến kết nối"), ("en", "Route to the registry")] {
        let shown = audit("show", &[&index, "--lang", language]).out;
        let row = shown.lines().find(|line| line.contains(label));
        assert!(row.is_some_and(|row| row.contains("lgsp")), "{shown}");
    }
    for format in ["jsonl", "ocsf"] {
        let exported = audit("export", &["--format", format]).out;
        assert!(exported.contains(r#""route":"lgsp""#), "{exported}");
    }
    let csv = audit("export", &["--format", "csv"]).out;
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let place = lines
        .next()
        .unwrap()
        .iter()
        .position(|column| *column == "route")
        .expect("a column");
    assert!(
        lines.any(|line| line.contains(&"lgsp") && line.len() > place),
        "{csv}"
    );
}
