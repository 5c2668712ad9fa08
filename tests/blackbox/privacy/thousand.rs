//! A thousand values that nobody else has, through every input; afterwards none of them stands anywhere, in any form.

use std::path::Path;

use harness::canaries::{Canaries, Kind};
use harness::messages::{confirm, context, get};
use harness::registries::{AN, CERTIFICATE_1};
use harness::tree::{AUDITOR, OFFICE};
use harness::{Agency, Client, Gateway, Scene, Traces};
use prost::Message as _;
use prost_types::FieldMask;
use proto::business::v1::{EnterpriseKey, GetEnterpriseRequest};
use proto::catalog::v1::ExplainDecisionRequest;
use proto::criminalrecord::v1::{
    Certificate, CertificateKey, GetCertificateRequest, VerifyCertificateRequest,
};
use proto::lookup::v1::{CodedValue, LookupContext, PartialDate};
use proto::population::v1::{
    BatchConfirmCitizensItem, BatchConfirmCitizensRequest, Citizen, CitizenKey, ConfirmCitizenRequest,
    GetCitizenRequest,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use tonic::metadata::{AsciiMetadataKey, MetadataValue};

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";

struct Inputs<'a> {
    scene: &'a Scene,
    gateway: &'a Gateway,
    office: Agency,
    client: Client,
    canaries: Canaries,
    traces: Traces,
}

impl Inputs<'_> {
    fn next(&mut self, kind: Kind) -> String {
        self.canaries.next(kind)
    }

    /// A citizen whom no registry knows.
    fn citizen(&mut self) -> CitizenKey {
        CitizenKey {
            personal_id: self.next(Kind::PersonalId),
            full_name: self.next(Kind::Name),
            birth_date: Some(self.date()),
        }
    }

    fn date(&mut self) -> PartialDate {
        let text = self.next(Kind::Date);
        let mut parts = text.split('-').map(|part| part.parse().unwrap());
        let mut part = || parts.next().unwrap();
        PartialDate {
            year: part(),
            month: part(),
            day: part(),
        }
    }

    /// What the caller is told is kept; values in an answer are the caller's.
    fn told<T>(&mut self, outcome: Result<T, harness::Refused>) {
        if let Err(refused) = outcome {
            self.traces.left.extend(format!("{refused:?}").into_bytes());
            self.traces.left.extend(refused.details);
        }
    }

    /// Keys, claims and streams: 60 lookups, 60 confirmations, 20 batches.
    async fn keys_and_claims(&mut self) {
        for _ in 0..60 {
            let key = Some(self.citizen());
            let ask = GetCitizenRequest { key, ..get(AN) };
            let outcome = self.client.citizen(ask.clone()).await;
            self.told(outcome);
            // The other way through the cache.
            let again = self.client.citizen(ask).await;
            self.told(again);
        }
        for _ in 0..30 {
            let claims = Some(Citizen {
                full_name: self.next(Kind::Name),
                old_id9: self.next(Kind::OldId),
                replaced_by: self.next(Kind::PersonalId),
                birth_date: Some(self.date()),
                phone: self.next(Kind::Phone),
                email: format!("{}@example.vn", self.next(Kind::Word)),
                household_no: self.next(Kind::Word),
                religion: Some(CodedValue {
                    code: self.next(Kind::Word),
                    ..CodedValue::default()
                }),
                ..Citizen::default()
            });
            let outcome = self
                .client
                .confirm(ConfirmCitizenRequest {
                    claims,
                    ..confirm(AN)
                })
                .await;
            self.told(outcome);
        }
        for _ in 0..10 {
            let claims = confirm(AN).claims;
            let items = (0..3)
                .map(|_| BatchConfirmCitizensItem {
                    key: Some(self.citizen()),
                    claims: claims.clone(),
                })
                .collect();
            let ask = BatchConfirmCitizensRequest {
                context: Some(context()),
                items,
                ..BatchConfirmCitizensRequest::default()
            };
            match self.client.batch(ask).await {
                Ok(items) => {
                    for item in items {
                        self.traces.left.extend(item.encode_to_vec());
                    }
                }
                refused => self.told(refused),
            }
        }
    }

    /// The other registries.
    async fn other_registries(&mut self) {
        for number in 0..40 {
            let key = Some(EnterpriseKey {
                enterprise_code: self.next(if number % 2 == 0 {
                    Kind::TaxCode
                } else {
                    Kind::Word
                }),
            });
            let ask = GetEnterpriseRequest {
                context: Some(context()),
                key,
                ..GetEnterpriseRequest::default()
            };
            let outcome = self.client.enterprise(ask).await;
            self.told(outcome);
        }
        for number in 0..20 {
            let key = Some(CertificateKey {
                certificate_no: match number % 2 {
                    0 => CERTIFICATE_1.to_owned(),
                    _ => self.next(Kind::Word),
                },
                full_name: self.next(Kind::Name),
                personal_id: self.next(Kind::PersonalId),
                birth_date: None,
            });
            let claims = Some(Certificate {
                certificate_no: self.next(Kind::Word),
                ..Certificate::default()
            });
            let get = GetCertificateRequest {
                context: Some(context()),
                key: key.clone(),
                ..GetCertificateRequest::default()
            };
            let verify = VerifyCertificateRequest {
                context: Some(context()),
                key,
                claims,
                ..VerifyCertificateRequest::default()
            };
            let outcome = self.client.certificate(get).await;
            self.told(outcome);
            let outcome = self.client.verify(verify).await;
            self.told(outcome);
        }
    }

    /// Context, mask, catalog, unknown fields, broken messages, methods that are not there.
    async fn context_and_form(&mut self) {
        type Change = fn(&mut LookupContext, String);
        let changes: [Change; 6] = [
            |context, text| context.procedure_code = text,
            |context, text| context.dossier_code = text,
            |context, text| context.dossier_code = format!("H29.12-260624-{text}"),
            |context, text| context.component = text,
            |context, text| context.receiving_agency = text,
            |context, text| context.competent_agency = format!("H29.{text}"),
        ];
        for (number, change) in changes.into_iter().cycle().take(90).enumerate() {
            let kinds = [Kind::Word, Kind::PersonalId, Kind::OldId, Kind::Name];
            let mut changed = context();
            change(&mut changed, self.next(kinds[number / 6 % 4]));
            let ask = GetCitizenRequest {
                context: Some(changed),
                ..get(AN)
            };
            let outcome = self.client.citizen(ask).await;
            self.told(outcome);
        }
        for number in 0..40 {
            let word = self.next(if number % 2 == 0 {
                Kind::Word
            } else {
                Kind::PersonalId
            });
            let paths = vec![match number % 3 {
                0 => word,
                1 => format!("full_name.{word}"),
                _ => format!("{word}.full_name"),
            }];
            let read_mask = Some(FieldMask { paths });
            let outcome = self
                .client
                .citizen(GetCitizenRequest { read_mask, ..get(AN) })
                .await;
            self.told(outcome);
        }
        for number in 0..60 {
            let value = self.next([Kind::Name, Kind::Word, Kind::PersonalId][number % 3]);
            // Field 999, which no message has; then half of it, and no message at all.
            let unknown = [
                &[0xba, 0x3e, u8::try_from(value.len()).unwrap()],
                value.as_bytes(),
            ]
            .concat();
            let mut message = get(AN).encode_to_vec();
            message.extend(&unknown);
            message.truncate(message.len() - number % 2);
            let outcome = self.client.raw(GET, &message).await;
            self.told(outcome);
            let outcome = self.client.raw(GET, value.as_bytes()).await;
            self.told(outcome);
            let path = format!("/{0}.v1.{0}/{0}", self.next(Kind::Word));
            let outcome = self.client.raw(&path, b"").await;
            self.told(outcome);
        }
        for _ in 0..10 {
            let ask = ExplainDecisionRequest {
                registry: self.next(Kind::Word),
                record: self.next(Kind::Word),
                procedure_code: self.next(Kind::Word),
                role: self.next(Kind::Word),
                fields: vec![self.next(Kind::Word), self.next(Kind::PersonalId)],
                ..ExplainDecisionRequest::default()
            };
            let path = "/lienthong.catalog.v1.CatalogService/ExplainDecision";
            let outcome = self.client.raw(path, &ask.encode_to_vec()).await;
            self.told(outcome);
        }
    }

    /// Claims of tokens, tokens that are none, headers.
    async fn tokens_and_headers(&mut self) {
        let text = |value: String| Value::from(value);
        type Wrong = fn(String) -> Value;
        let changes: [(&str, Wrong); 9] = [
            ("sub", |value| json!([value])),
            ("aud", |value| json!(value)),
            ("iss", |value| json!(format!("https://{value}.example"))),
            ("client_id", |value| json!(value)),
            ("role", |value| json!([value])),
            ("exp", |value| json!(value)),
            ("jti", |value| json!({ "jti": value })),
            ("cnf", |value| json!({"x5t#S256": value})),
            ("unit", |value| json!([[value]])),
        ];
        for (claim, wrong) in changes.into_iter().cycle().take(54) {
            let mut claims = self.office.claims();
            for (name, kind) in [("name", Kind::Name), ("national_id", Kind::PersonalId)] {
                claims[name] = text(self.next(kind));
            }
            claims[claim] = wrong(self.next(Kind::Word));
            let token = self.scene.issuer.sign(&claims);
            self.canaries.add(token.clone());
            let outcome = self.client.with_token(token).citizen(get(AN)).await;
            self.told(outcome);
        }
        for number in 0..20 {
            let value = self.next(Kind::Word);
            let token = match number % 2 {
                0 => value,
                _ => {
                    let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": value, "jku": value});
                    self.scene.issuer.sign_under(&header, &self.office.claims())
                }
            };
            self.canaries.add(token.clone());
            let outcome = self.client.with_token(token).citizen(get(AN)).await;
            self.told(outcome);
        }
        for name in [
            "x-canary",
            "user-agent",
            "grpc-timeout",
            "traceparent",
            "cookie",
            "x-request-id",
        ] {
            for _ in 0..5 {
                let mut request = self.client.request(get(AN));
                let value: MetadataValue<_> = self.next(Kind::Word).parse().unwrap();
                request.metadata_mut().insert(name, value.clone());
                let own: AsciiMetadataKey = self.next(Kind::Word).parse().unwrap();
                request.metadata_mut().insert(own, value);
                let channel = self.client.channel.clone();
                let mut service =
                    proto::population::v1::population_service_client::PopulationServiceClient::new(channel);
                let outcome = service.get_citizen(request).await.map_err(Into::into);
                self.told(outcome);
            }
        }
    }

    /// Text of certificates that stand for nobody, and of ones of an authority that is not ours.
    async fn certificates(&mut self) {
        for number in 0..12 {
            let uri = format!("urn:lienthong:agency:{}", self.next(Kind::Word));
            let stranger = harness::pki::Authority::new(&self.next(Kind::Name));
            let authority = if number % 2 == 0 {
                &self.scene.authority
            } else {
                &stranger
            };
            let agency = Agency {
                id: OFFICE.to_owned(),
                keyed: Some(authority.client(&uri)),
            };
            if let Ok(client) = self.gateway.try_connect(&agency, self.client.token.clone()).await {
                let outcome = client.citizen(get(AN)).await;
                self.told(outcome);
            }
        }
    }

    /// What the registries hold: answers go to their callers, and nowhere else.
    async fn records(&mut self) {
        let database = Connection::open(self.scene.database("population")).unwrap();
        for number in 0..40 {
            let (id, name, phone) = (
                self.next(Kind::PersonalId),
                self.next(Kind::Name),
                self.next(Kind::Phone),
            );
            let born = match number % 4 {
                3 => self.next(Kind::Word),
                _ => "05/07/1990".to_owned(),
            };
            let row = "INSERT INTO cong_dan SELECT * FROM cong_dan WHERE so_dinh_danh = ?1";
            let columns = column_names(&database);
            let chosen: Vec<_> = columns
                .iter()
                .map(|column| match column.as_str() {
                    "so_dinh_danh" => "?2",
                    "ho_ten" => "?3",
                    "dien_thoai" => "?4",
                    "ngay_sinh" => "?5",
                    other => other,
                })
                .collect();
            let statement = row.replace('*', &chosen.join(", "));
            let made = database
                .execute(&statement, [AN.id, &id, &name, &phone, &born])
                .unwrap();
            assert_eq!(made, 1);
            let key = Some(CitizenKey {
                personal_id: id,
                full_name: name,
                birth_date: None,
            });
            let (context, key) = (Some(context()), key);
            let mut ask = GetCitizenRequest {
                key: key.clone(),
                ..get(AN)
            };
            ask.context.clone_from(&context);
            let outcome = self.client.citizen(ask).await;
            assert_eq!(outcome.is_ok(), number % 4 != 3, "{outcome:?}");
            self.told(outcome);
            let outcome = self
                .client
                .confirm(ConfirmCitizenRequest { key, ..confirm(AN) })
                .await;
            self.told(outcome);
        }
    }

    /// The service for auditors, asked by one who is none and by one who is.
    async fn audit_service(&mut self) {
        let auditor = self.scene.agency(AUDITOR);
        let reader = self.gateway.connect(&auditor, auditor.token(self.scene)).await;
        for _ in 0..10 {
            let value = self.next(Kind::Word);
            let message = [
                &[0xba, 0x3e, u8::try_from(value.len()).unwrap()],
                value.as_bytes(),
            ]
            .concat();
            for method in [
                "GetEntry",
                "GetCheckpoint",
                "SearchEntries",
                "ListSubjectAccesses",
                &value,
            ] {
                let path = format!("/lienthong.audit.v1.AuditService/{method}");
                let outcome = self.client.raw(&path, &message).await;
                self.told(outcome);
                let outcome = reader.raw(&path, &message).await;
                self.told(outcome);
            }
        }
    }
}

fn column_names(database: &Connection) -> Vec<String> {
    let mut statement = database
        .prepare("SELECT name FROM pragma_table_info('cong_dan')")
        .unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_values_through_every_input_are_found_nowhere() {
    let scene = Scene::new();
    scene
        .tree
        .edit("gateway.toml", "filter = \"info\"", "filter = \"debug\"");
    let (mut gateway, office) = (scene.start(), scene.agency(OFFICE));
    let token = office.token(&scene);
    let client = gateway.connect(&office, token.clone()).await;
    let mut inputs = Inputs {
        scene: &scene,
        gateway: &gateway,
        office,
        client,
        canaries: Canaries::default(),
        traces: Traces::default(),
    };
    inputs.canaries.add(token);
    inputs.client.citizen(get(AN)).await.unwrap();
    inputs.keys_and_claims().await;
    inputs.other_registries().await;
    inputs.context_and_form().await;
    inputs.tokens_and_headers().await;
    inputs.certificates().await;
    inputs.records().await;
    inputs.audit_service().await;
    let Inputs {
        canaries, mut traces, ..
    } = inputs;
    assert!(gateway.stop().success());
    assert!(canaries.count() >= 1_000, "{}", canaries.count());

    let entries = scene.log().entries();
    let about = entries
        .iter()
        .filter(|(_, entry)| !entry.sealed_subject.is_empty())
        .count();
    assert!(about > 300, "they went all the way: {about} of {}", entries.len());
    // The registries hold what they hold; the keys of the gateway and the auditors' are looked for elsewhere.
    traces.gather(
        scene.folder(),
        &["data", "tls", "subjects", "log.key", "auditor", "test.json"],
    );
    for entry in &entries {
        // As who exports the log writes it.
        traces.left.extend(format!("{:?}\n", entry.1).into_bytes());
    }
    let told = scene.folder().join("stdout.txt");
    assert!(
        Path::new(&told).exists(),
        "the program's output is among the files"
    );
    let found = canaries.found_in(&traces.without_zeros());
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
    println!(
        "{} values, {} bytes searched, 0 found",
        canaries.count(),
        traces.left.len()
    );
}
