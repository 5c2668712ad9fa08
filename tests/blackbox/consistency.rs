//! Rule 5: a decision comes from one configuration, whole, and the version in the entry says which.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::messages::get;
use harness::registries::AN;
use harness::tree::OFFICE;
use harness::{Client, Gateway, Refused, Scene};
use proto::population::v1::GetCitizenResponse;

const AGREEMENT: &str = "agreements/population.toml";
const REGISTRY: &str = "registries/population.toml";
const PATIENCE: Duration = Duration::from_secs(10);

/// What shows which agreement and which registry file an answer came from.
type Mark = (String, bool);

async fn marked(client: &Client) -> Result<(Mark, GetCitizenResponse), Refused> {
    let answer = client.citizen(get(AN)).await?;
    let citizen = answer.citizen.clone().unwrap();
    Ok(((citizen.household_no, !citizen.nationality.is_empty()), answer))
}

/// Two pairs of files: `A` with the nationality, `B` without.
fn write_pair(scene: &Scene, from: char, to: char) {
    let fields = |pair| match pair {
        'A' => r#"fields = ["household_no", "nationality"]"#,
        'B' => r#"fields = ["household_no"]"#,
        _ => r#"fields = ["personal_id", "full_name", "birth_date", "permanent_residence"]"#,
    };
    let household = |pair| match pair {
        'A' => r#"household_no = { constant = "A" }"#,
        'B' => r#"household_no = { constant = "B" }"#,
        _ => r#"household_no = { from = "so_ho_so_cu_tru" }"#,
    };
    scene.tree.edit(AGREEMENT, fields(from), fields(to));
    scene.tree.edit(REGISTRY, household(from), household(to));
}

async fn in_force(gateway: &Gateway, client: &Client, wanted: &str) {
    let since = Instant::now();
    gateway.reload();
    while marked(client).await.unwrap().0.0 != wanted {
        assert!(
            since.elapsed() < PATIENCE,
            "{wanted} is not taken: {}",
            gateway.words()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_no_answer_mixes_two_configurations() {
    let scene = Scene::new();
    write_pair(&scene, '-', 'A');
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let over = Arc::new(AtomicBool::new(false));
    let mut callers = Vec::new();
    for _ in 0..4 {
        let client = gateway.connect(&office, office.token(&scene)).await;
        let over = over.clone();
        callers.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let (mark, answer) = marked(&client).await.expect("each configuration answers");
                seen.push((mark, answer.provenance.unwrap()));
            }
            seen
        }));
    }
    let client = gateway.connect(&office, office.token(&scene)).await;
    for _ in 0..12 {
        write_pair(&scene, 'A', 'B');
        in_force(&gateway, &client, "B").await;
        write_pair(&scene, 'B', 'A');
        in_force(&gateway, &client, "A").await;
    }
    over.store(true, Ordering::Relaxed);
    let mut versions: HashMap<String, Mark> = HashMap::new();
    let mut answers = 0;
    let logged: HashMap<_, _> = scene.log().entries().into_iter().collect();
    for caller in callers {
        for (mark, provenance) in caller.await.unwrap() {
            answers += 1;
            let whole = [("A".to_owned(), true), ("B".to_owned(), false)];
            assert!(whole.contains(&mark), "an answer of two configurations: {mark:?}");
            let of_version = versions
                .entry(provenance.config_version.clone())
                .or_insert_with(|| mark.clone());
            assert_eq!(*of_version, mark, "one version, two configurations");
            let entry = &logged[&provenance.audit_index];
            assert_eq!(entry.config_version, provenance.config_version);
        }
    }
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(answers > 100, "{answers} answers are no load");
}

#[tokio::test]
async fn one_broken_file_keeps_every_good_one_of_the_same_change_out() {
    let scene = Scene::new();
    write_pair(&scene, '-', 'A');
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let (mark, answer) = marked(&client).await.unwrap();
    let before = answer.provenance.unwrap().config_version;

    let other = "agreements/business.toml";
    write_pair(&scene, 'A', 'B');
    scene.tree.edit(other, "version = \"1\"", "version = 1");
    gateway.reload();
    let refused = || {
        let entries = scene.log().entries().into_iter();
        let mut reloads = entries.filter(|(_, entry)| entry.operation == "reload");
        reloads.any(|(_, entry)| entry.outcome != "OK" && entry.config_version == before)
    };
    let since = Instant::now();
    while !refused() {
        assert!(
            since.elapsed() < PATIENCE,
            "the refusal is not in the log: {}",
            gateway.words()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (after, answer) = marked(&client).await.unwrap();
    let provenance = answer.provenance.unwrap();
    assert_eq!((after, &provenance.config_version), (mark, &before));
    assert_eq!(scene.log().entry(provenance.audit_index).config_version, before);
    assert!(
        gateway.words().contains("agreements/business.toml:1:"),
        "the place is told"
    );

    scene.tree.edit(other, "version = 1", "version = \"1\"");
    in_force(&gateway, &client, "B").await;
}
