//! A client that shares no code with the gateway. It needs a Python with grpcio, which the variable
//! names; without it the test is reported as ignored.

use std::fs;
use std::process::Command;

use harness::Scene;
use harness::messages::DOSSIER;
use harness::registries::AN;
use harness::tree::{COMPETENT, OFFICE, PROCEDURE};

#[test]
#[ignore = "needs PYTHON_WITH_GRPCIO, which tests/run sets"]
fn a_client_of_grpcio_confirms_a_citizen() {
    let python = std::env::var_os("PYTHON_WITH_GRPCIO").expect("PYTHON_WITH_GRPCIO names a Python");
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let keyed = office.keyed.as_ref().unwrap();
    for (file, text) in [
        ("ca.pem", scene.authority.pem()),
        ("client.pem", &keyed.certificate_pem),
        ("client.key", &keyed.key_pem),
        ("token", &office.token(&scene)),
    ] {
        fs::write(scene.folder().join(file), text).unwrap();
    }
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/foreign/client.py"))
        .arg(gateway.address.to_string())
        .arg(scene.folder())
        .args([PROCEDURE, DOSSIER, OFFICE, COMPETENT, AN.id, AN.name])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "OK", "{output:?}");
}
