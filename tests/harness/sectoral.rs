//! Two registries that the program has no Rust for: files of the shipped tree, and rows of their own.

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use prost_types::FileDescriptorProto;
use rusqlite::Connection;
use serde_json::{Value, json};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::agency::{Answer, Client};
use crate::messages::DOSSIER;
use crate::scene::Scene;
use crate::tree::{COMPETENT, OFFICE, PROCEDURE};

/// The service of driver licences.
pub const LICENCES: &str = "lienthong.driverlicence.v1.DriverLicenceService";
/// The service of dossiers.
pub const DOSSIERS: &str = "lienthong.dossier.v1.DossierService";

/// A licence, and whose it is.
pub const LICENCE: (&str, &str) = ("790250000101", "LÊ QUỐC CƯỜNG");
/// A licence in a state that nobody knows.
pub const ODD_LICENCE: (&str, &str) = ("790250000102", "TRẦN THỊ BÌNH");
/// A dossier that goes its way.
pub const IN_ORDER: &str = "H29.12-261002-0001";
/// A dossier that was processed after its result had been given.
pub const IMPOSSIBLE: &str = "H29.12-261002-0002";
/// A dossier in a state that no list has.
pub const UNKNOWN_STATE: &str = "H29.12-261002-0003";
/// Whose dossiers they are.
pub const APPLICANT: &str = "NGUYỄN VĂN AN";

/// The schema of licences, in the folder of the configuration.
pub const LICENCE_SCHEMA: &str = "schemas/lienthong/driverlicence/v1/driver_licence.proto";

macro_rules! shipped {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../config/", $path)))),+]
    };
}

const FILES: [(&str, &str); 6] = shipped![
    "schemas/lienthong/driverlicence/v1/driver_licence.proto",
    "schemas/lienthong/dossier/v1/dossier.proto",
    "registries/driver-licence.toml",
    "registries/dossier.toml",
    "codes/licence-class.toml",
    "codes/dossier-state.toml",
];

const LICENCE_TABLES: &str = include_str!("../../gateway/src/demo/schema/driver_licence.sql");
const DOSSIER_TABLES: &str = include_str!("../../gateway/src/demo/schema/dossier.sql");

/// Writes the rows of both registries.
///
/// # Panics
/// When they can't be written.
pub fn make_data(scene: &Scene) {
    let licences = Connection::open(scene.database("driver-licence")).expect("a file");
    licences.execute_batch(LICENCE_TABLES).expect("the tables");
    for ((number, name), class, state) in [
        (LICENCE, "B", "Đang hiệu lực"),
        (ODD_LICENCE, "B", "Đang xác minh"),
    ] {
        let row = [
            number,
            "GX0000101",
            "079085000013",
            name,
            "31/12/1985",
            class,
            "12/02/2025",
            "26/02/2025",
            "26/02/2035",
            "Cục Cảnh sát giao thông",
            state,
            "7",
            "20261031060000",
            "1",
        ];
        licences
            .execute(
                "INSERT INTO gplx VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                row,
            )
            .expect("a row");
    }
    let dossiers = Connection::open(scene.database("dossier")).expect("a file");
    dossiers.execute_batch(DOSSIER_TABLES).expect("the tables");
    for (code, way) in [
        (IN_ORDER, &["1", "2", "5", "4", "9"][..]),
        (IMPOSSIBLE, &["1", "2", "4", "9", "10", "4"]),
        (UNKNOWN_STATE, &["1", "2", "41"]),
    ] {
        let last = way.last().expect("a state");
        let sql = "INSERT INTO ho_so VALUES (?1, '1.004222', 'Đăng ký thường trú', '2', ?2, '1', '001090000011', 'H29.12', \
                   '20261002083000', NULL, '20261030170000', NULL, NULL, ?3, '20261031060000', '1')";
        dossiers.execute(sql, [code, APPLICANT, last]).expect("a row");
        for (place, state) in way.iter().enumerate() {
            let sql = "INSERT INTO qua_trinh VALUES (?1, ?2, ?3, ?4, 'x')";
            let moment = format!("202610{:02}083000", 2 + place);
            dossiers
                .execute(sql, (code, i64::try_from(place).expect("few"), state, moment))
                .expect("a row");
        }
    }
}

/// Writes the schemas, the adapter files, the tables of codes and an agreement for each.
pub fn write_files(scene: &Scene) {
    for (path, text) in FILES {
        scene.tree.write(path, text);
    }
    for (registry, record, fields) in [
        (
            "driver-licence",
            "driverlicence.v1.DriverLicence",
            r#""licence_no", "full_name", "class", "state""#,
        ),
        (
            "dossier",
            "dossier.v1.Dossier",
            r#""dossier_code", "state", "course", "history""#,
        ),
    ] {
        let agreement = format!(
            "version = \"1\"\ntitle = \"{registry}\"\nagencies = [\"{OFFICE}\"]\nregistry = \"{registry}\"\n\
             procedures = [\"{PROCEDURE}\"]\nlegal_basis = \"Decree 278/2025\"\n\n\
             [[grant]]\nrecord = \"lienthong.{record}\"\noperations = [\"get\", \"confirm\"]\nfields = [{fields}]\n\
             steps = [\"receiving\"]\nroles = [\"receiving-officer\"]\nsecond_fact = \"required\"\n"
        );
        scene
            .tree
            .write(&format!("agreements/{registry}.toml"), &agreement);
    }
}

/// What the gateway tells of a service by reflection: its descriptors, learnt over the wire alone.
///
/// # Panics
/// When it tells of something else.
pub async fn reflected(client: &Client, service: &str) -> DescriptorPool {
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::FileContainingSymbol(service.to_owned())),
    };
    let request = client.request(tokio_stream::once(ask));
    let mut reflection = ServerReflectionClient::new(client.channel.clone());
    let mut answers = reflection
        .server_reflection_info(request)
        .await
        .expect("reflection answers")
        .into_inner();
    let answer = answers.message().await.expect("an answer").expect("one");
    let Some(MessageResponse::FileDescriptorResponse(files)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let mut pool = proto::descriptors();
    for file in files.file_descriptor_proto {
        FileDescriptorProto::decode(&*file).expect("a descriptor");
        pool.decode_file_descriptor_proto(&*file).expect("it fits");
    }
    pool
}

/// A method of a service.
///
/// # Panics
/// When there is none of that name.
#[must_use]
pub fn method(pool: &DescriptorPool, service: &str, name: &str) -> MethodDescriptor {
    let service = pool.get_service_by_name(service).expect("the service");
    let method = service.methods().find(|method| method.name() == name);
    method.expect("the method")
}

/// Calls a method with a request in JSON beside the context, and gives the answer in JSON.
///
/// # Errors
/// The refusal.
///
/// # Panics
/// When the request or the answer is not of the method's types.
pub async fn call(client: &Client, method: &MethodDescriptor, mut request: Value) -> Answer<Value> {
    request["context"] = json!({
        "procedureCode": PROCEDURE, "dossierCode": DOSSIER, "component": "identity", "step": "STEP_RECEIVING",
        "receivingAgency": OFFICE, "competentAgency": COMPETENT,
    });
    let message = DynamicMessage::deserialize(method.input(), request).expect("a request");
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let answer = client.raw(&path, &message.encode_to_vec()).await?;
    let answer = DynamicMessage::decode(method.output(), answer).expect("an answer");
    Ok(serde_json::to_value(&answer).expect("JSON"))
}
