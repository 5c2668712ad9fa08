//! Clients that share no code with the gateway. They need a Python with grpcio and its reflection, which the variable
//! names; without it the tests are reported as ignored.

use std::fs;
use std::process::Command;

use harness::messages::DOSSIER;
use harness::registries::AN;
use harness::tree::{COMPETENT, OFFICE, PROCEDURE};
use harness::{Gateway, Scene, sectoral};

/// Runs a client of the office against a gateway; it has to say that all is well.
fn run(scene: &Scene, gateway: &Gateway, client: &str, arguments: &[&str]) {
    let python = std::env::var_os("PYTHON_WITH_GRPCIO").expect("PYTHON_WITH_GRPCIO names a Python");
    let office = scene.agency(OFFICE);
    let keyed = office.keyed.as_ref().unwrap();
    for (file, text) in [
        ("ca.pem", scene.authority.pem()),
        ("client.pem", &keyed.certificate_pem),
        ("client.key", &keyed.key_pem),
        ("token", &office.token(scene)),
    ] {
        fs::write(scene.folder().join(file), text).unwrap();
    }
    let output = Command::new(python)
        .arg(format!("{}/foreign/{client}", env!("CARGO_MANIFEST_DIR")))
        .arg(gateway.address.to_string())
        .arg(scene.folder())
        .args([PROCEDURE, DOSSIER, OFFICE, COMPETENT])
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "OK", "{output:?}");
}

#[test]
#[ignore = "needs PYTHON_WITH_GRPCIO, which tests/run sets"]
fn a_client_of_grpcio_confirms_a_citizen() {
    let scene = Scene::new();
    run(&scene, &scene.start(), "client.py", &[AN.id, AN.name]);
}

#[test]
#[ignore = "needs PYTHON_WITH_GRPCIO, which tests/run sets"]
fn a_client_that_knows_reflection_alone_uses_two_registries_without_rust() {
    let scene = Scene::new();
    sectoral::make_data(&scene);
    sectoral::write_files(&scene);
    let (licence, holder) = sectoral::LICENCE;
    let asked = [licence, holder, sectoral::IN_ORDER, sectoral::APPLICANT];
    run(&scene, &scene.start(), "sectoral.py", &asked);
}
