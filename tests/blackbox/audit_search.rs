//! Searching, following and proving over the audit service: everything that is there, nothing out of sight, and each reading
//! in the log.

use std::time::{Duration, Instant};

use audit::{Entry, Filter};
use harness::messages::{DOSSIER, confirm, get};
use harness::registries::{AN, BINH, COMPANY, PEOPLE, Person};
use harness::tree::{AUDITOR, COMPETENT, OFFICE};
use harness::{Client, Gateway, Refused, Scene};
use proto::audit::v1 as wire;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::audit::v1::{EntryFilter, EntryOrder};
use tonic::Code;

/// An office that calls and an auditor that reads.
struct Desk {
    scene: Scene,
    gateway: Gateway,
    office: Client,
    auditor: Client,
}

impl Desk {
    async fn open(prepare: impl FnOnce(&Scene)) -> Self {
        let scene = Scene::new();
        prepare(&scene);
        let gateway = scene.start();
        let (office, auditor) = (scene.agency(OFFICE), scene.agency(AUDITOR));
        Self {
            office: gateway.connect(&office, office.token(&scene)).await,
            auditor: gateway.connect(&auditor, auditor.token(&scene)).await,
            scene,
            gateway,
        }
    }

    /// The auditor sees what lies under these agencies alone.
    async fn with_scope(scope: &str) -> Self {
        Self::open(|scene| {
            let auditor = format!("agencies/{AUDITOR}.toml");
            scene.tree.edit(
                &auditor,
                "auditor = true",
                &format!("auditor = true\nauditor_scope = [\"{scope}\"]"),
            );
        })
        .await
    }

    /// Answers, refusals and confirmations.
    async fn work(&self) {
        for person in PEOPLE {
            self.office.citizen(get(person)).await.unwrap();
            self.office.confirm(confirm(person)).await.unwrap();
        }
        let mut other = get(BINH);
        other.context.as_mut().unwrap().dossier_code = "H29.12-260624-0002".into();
        self.office.citizen(other).await.unwrap();
        let mut denied = get(AN);
        denied.read_mask = Some(prost_types::FieldMask {
            paths: vec!["phone".into()],
        });
        self.office.citizen(denied).await.unwrap_err();
    }

    fn log(&self) -> AuditServiceClient<tonic::transport::Channel> {
        AuditServiceClient::new(self.auditor.channel.clone())
    }

    /// A page, once the index knows everything that was logged before.
    async fn page(&self, ask: wire::SearchEntriesRequest) -> Result<wire::SearchEntriesResponse, Refused> {
        let (durable, begun) = (self.scene.log().entries().len() as u64, Instant::now());
        loop {
            let answer = self.log().search_entries(self.auditor.request(ask.clone())).await;
            match answer.map_err(Refused::from) {
                Ok(page) if page.get_ref().searched_size < durable => {}
                Err(refused) if refused.word == "INDEX_UNAVAILABLE" => {}
                other => return other.map(tonic::Response::into_inner),
            }
            assert!(begun.elapsed() < Duration::from_secs(5), "the index is late");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// All pages.
    async fn search(&self, filter: EntryFilter, order: EntryOrder, page_size: i32) -> Vec<u64> {
        let mut ask = wire::SearchEntriesRequest {
            filter: Some(filter),
            order: order.into(),
            page_size,
            page_token: String::new(),
        };
        let mut found = Vec::new();
        loop {
            let page = self.page(ask.clone()).await.unwrap();
            found.extend(page.entries.iter().map(|entry| entry.index));
            ask.page_token = page.next_page_token;
            if ask.page_token.is_empty() {
                return found;
            }
        }
    }

    /// What reading the log whole finds, up to an entry.
    fn naive(&self, until: u64, fits: impl Fn(&Entry) -> bool) -> Vec<u64> {
        let entries = self.scene.log().entries().into_iter();
        let found = entries.filter(|(index, entry)| *index < until && fits(entry));
        found.map(|(index, _)| index).collect()
    }

    async fn subject(
        &self,
        kind: &str,
        identifier: &str,
    ) -> Result<wire::ListSubjectAccessesResponse, Refused> {
        let ask = wire::ListSubjectAccessesRequest {
            kind: kind.into(),
            identifier: identifier.into(),
            order: EntryOrder::OldestFirst.into(),
            ..Default::default()
        };
        let answer = self.log().list_subject_accesses(self.auditor.request(ask)).await;
        Ok(answer?.into_inner())
    }

    /// The pseudonym that the log knows somebody by.
    fn pseudonym(&self, person: Person) -> Vec<u8> {
        let first = PEOPLE.iter().position(|other| other.id == person.id).unwrap();
        let mut asked = self.scene.log().entries().into_iter();
        let entries = asked
            .by_ref()
            .filter(|(_, entry)| entry.kind == 2 && entry.operation == "get");
        entries
            .map(|(_, entry)| entry.subject_pseudonym)
            .nth(first)
            .unwrap()
    }
}

#[tokio::test]
async fn every_filter_finds_what_reading_the_whole_log_finds_in_both_orders_and_any_page_size() {
    let desk = Desk::open(|_| {}).await;
    desk.work().await;
    let until = desk.scene.log().entries().len() as u64;
    let some = desk.scene.log().entries()[4].1.clone();
    let (time, pseudonym) = (some.time_unix_micros, desk.pseudonym(BINH));
    let stamp = |micros: i64| prost_types::Timestamp {
        seconds: micros / 1_000_000,
        nanos: i32::try_from(micros % 1_000_000).unwrap() * 1000,
    };
    let none = Filter::default;
    let ask = EntryFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let cases = [
        ("everything", ask(), none()),
        (
            "time",
            EntryFilter {
                from: Some(stamp(time)),
                until: Some(stamp(time + 20_000)),
                ..ask()
            },
            Filter {
                from_unix_micros: Some(time),
                until_unix_micros: Some(time + 20_000),
                ..none()
            },
        ),
        (
            "agency",
            EntryFilter {
                agency: OFFICE.into(),
                ..ask()
            },
            Filter {
                agency: text(OFFICE),
                ..none()
            },
        ),
        (
            "officer",
            EntryFilter {
                officer: "officer-7".into(),
                ..ask()
            },
            Filter {
                officer: text("officer-7"),
                ..none()
            },
        ),
        (
            "procedure",
            EntryFilter {
                procedure: some.procedure.clone(),
                ..ask()
            },
            Filter {
                procedure: Some(some.procedure.clone()),
                ..none()
            },
        ),
        (
            "dossier",
            EntryFilter {
                dossier: DOSSIER.into(),
                ..ask()
            },
            Filter {
                dossier: text(DOSSIER),
                ..none()
            },
        ),
        (
            "registry",
            EntryFilter {
                registry: "population".into(),
                ..ask()
            },
            Filter {
                registry: text("population"),
                ..none()
            },
        ),
        (
            "outcome",
            EntryFilter {
                outcome: "FIELD_NOT_AGREED".into(),
                ..ask()
            },
            Filter {
                outcome: text("FIELD_NOT_AGREED"),
                ..none()
            },
        ),
        (
            "field",
            EntryFilter {
                field: "full_name".into(),
                ..ask()
            },
            Filter {
                field_given: text("full_name"),
                ..none()
            },
        ),
        (
            "subject",
            EntryFilter {
                subject_pseudonyms: vec![pseudonym.clone().into()],
                ..ask()
            },
            Filter {
                subject_pseudonyms: vec![pseudonym],
                ..none()
            },
        ),
        (
            "operation and kind",
            EntryFilter {
                operation: "get".into(),
                kind: 1,
                ..ask()
            },
            Filter {
                operation: text("get"),
                kind: Some(audit::EntryKind::Intent),
                ..none()
            },
        ),
        (
            "nobody",
            EntryFilter {
                officer: "nobody".into(),
                ..ask()
            },
            Filter {
                officer: text("nobody"),
                ..none()
            },
        ),
    ];
    for (what, asked, filter) in cases {
        let naive = desk.naive(until, |entry| filter.matches(entry));
        assert_eq!(naive.is_empty(), what == "nobody", "{what}");
        for page_size in [2, 500] {
            let mut found = desk
                .search(asked.clone(), EntryOrder::OldestFirst, page_size)
                .await;
            found.retain(|index| *index < until);
            assert_eq!(found, naive, "{what}, {page_size} a page");
        }
        let mut newest = desk.search(asked, EntryOrder::Unspecified, 3).await;
        newest.retain(|index| *index < until);
        newest.reverse();
        assert_eq!(newest, naive, "{what}, newest first");
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_its_question_and_bad_forms_are_refused_with_an_entry() {
    let desk = Desk::open(|_| {}).await;
    desk.work().await;
    let ask = wire::SearchEntriesRequest {
        page_size: 2,
        ..Default::default()
    };
    let token = desk.page(ask.clone()).await.unwrap().next_page_token;
    assert!(!token.is_empty());
    let refused = [
        wire::SearchEntriesRequest {
            page_token: token.clone(),
            order: EntryOrder::OldestFirst.into(),
            ..ask.clone()
        },
        wire::SearchEntriesRequest {
            page_token: token.clone(),
            filter: Some(EntryFilter {
                agency: OFFICE.into(),
                ..Default::default()
            }),
            ..ask.clone()
        },
        wire::SearchEntriesRequest {
            page_token: "00".into(),
            ..ask.clone()
        },
        wire::SearchEntriesRequest {
            page_size: -1,
            ..ask.clone()
        },
        wire::SearchEntriesRequest {
            filter: Some(EntryFilter {
                subject_pseudonyms: vec![vec![1; 31].into()],
                ..Default::default()
            }),
            ..ask.clone()
        },
    ];
    for ask in refused {
        let refused = desk.page(ask).await.unwrap_err();
        assert_eq!(refused.word, "MALFORMED");
        let entry = desk.scene.log().entry(refused.audit_index().unwrap());
        assert_eq!(
            (entry.operation.as_str(), entry.outcome.as_str()),
            ("search-entries", "MALFORMED")
        );
    }
    let again = wire::SearchEntriesRequest {
        page_token: token,
        page_size: 7,
        ..ask
    };
    assert!(
        desk.page(again).await.is_ok(),
        "another page size is the same question"
    );
}

#[tokio::test]
async fn who_looked_at_a_person_is_told_whole_and_the_number_is_written_nowhere() {
    let desk = Desk::open(|_| {}).await;
    desk.work().await;
    let until = desk.scene.log().entries().len() as u64;
    for person in PEOPLE {
        desk.page(wire::SearchEntriesRequest::default()).await.unwrap();
        let told = desk.subject("personal_id", person.id).await.unwrap();
        let pseudonym = desk.pseudonym(person);
        let naive = desk.naive(until, |entry| entry.subject_pseudonym == pseudonym);
        let indexes: Vec<_> = told.accesses.iter().map(|access| access.index).collect();
        assert_eq!(indexes, naive);
        assert_eq!(told.searched_periods, 1);
        for access in &told.accesses {
            let entry = desk.scene.log().entry(access.index);
            assert_eq!((&access.officer, &access.agency), (&entry.officer, &entry.agency));
            assert_eq!(
                (&access.dossier, &access.agreement),
                (&entry.dossier, &entry.agreement)
            );
            assert_eq!(
                (&access.fields_given, &access.outcome),
                (&entry.fields_given, &entry.outcome)
            );
            assert_eq!(
                access.time.as_ref().unwrap().seconds,
                entry.time_unix_micros / 1_000_000
            );
        }
        let given = told
            .accesses
            .iter()
            .find(|access| access.outcome == "OK")
            .unwrap();
        assert!(given.fields_given.contains(&"full_name".to_owned()), "{given:?}");
        assert!(!given.agreement.is_empty() && !given.legal_basis.is_empty());
    }
    assert!(
        desk.subject("enterprise_code", COMPANY)
            .await
            .unwrap()
            .accesses
            .is_empty()
    );
    for (kind, identifier, part) in [("shoe_size", "42", "kind"), ("personal_id", "12x", "identifier")] {
        let refused = desk.subject(kind, identifier).await.unwrap_err();
        assert_eq!(
            (refused.word.as_str(), &*refused.metadata["missing"]),
            ("MALFORMED", part)
        );
        assert!(!refused.message.contains(identifier) && !refused.message.contains("shoe"));
    }
    let readings: Vec<_> = desk.scene.log().entries();
    let readings = readings
        .iter()
        .filter(|(_, entry)| entry.operation == "list-subject-accesses");
    for (_, entry) in readings {
        assert_eq!(
            (entry.detail.as_str(), entry.subject_pseudonym.len()),
            ("subject", 0)
        );
    }
    for file in [
        desk.scene.folder().join("audit.index.sqlite"),
        desk.scene.folder().join("audit.index.sqlite-wal"),
    ] {
        let bytes = std::fs::read(file).unwrap_or_default();
        for person in PEOPLE {
            assert!(
                !bytes.windows(12).any(|part| part == person.id.as_bytes()),
                "a number is in the index"
            );
        }
    }
}

#[tokio::test]
async fn an_auditor_with_a_scope_sees_its_agencies_entries_and_no_others_by_any_method() {
    for (scope, sees) in [(COMPETENT, true), ("H29", true), ("H30", false), ("H29.1", false)] {
        let desk = Desk::with_scope(scope).await;
        desk.work().await;
        let until = desk.scene.log().entries().len() as u64;
        let under = |agency: &str| agency == scope || agency.starts_with(&format!("{scope}."));
        let in_sight = |entry: &Entry| {
            under(&entry.agency) || under(&entry.receiving_agency) || under(&entry.competent_agency)
        };
        let naive = desk.naive(until, in_sight);
        let mut found = desk
            .search(EntryFilter::default(), EntryOrder::OldestFirst, 4)
            .await;
        found.retain(|index| *index < until);
        assert_eq!(found, naive, "{scope}");
        let looked = desk.subject("personal_id", AN.id).await.unwrap().accesses;
        assert_eq!(!looked.is_empty(), sees, "{scope}");
        for (index, entry) in desk.scene.log().entries().into_iter().take(5) {
            let got = desk
                .log()
                .get_entry(desk.auditor.request(wire::GetEntryRequest { index }))
                .await;
            let ask = wire::ProveInclusionRequest { index, tree_size: 0 };
            let proved = desk.log().prove_inclusion(desk.auditor.request(ask)).await;
            if in_sight(&entry) {
                assert!(got.is_ok() && proved.is_ok(), "{scope} {index}");
            } else {
                for refused in [Refused::from(got.unwrap_err()), proved.unwrap_err().into()] {
                    assert_eq!(
                        (refused.code, refused.word.as_str()),
                        (Code::NotFound, "NOT_FOUND")
                    );
                }
            }
        }
        let ask = wire::TailEntriesRequest {
            filter: None,
            from_index: Some(0),
        };
        let mut tail = desk
            .log()
            .tail_entries(desk.auditor.request(ask))
            .await
            .unwrap()
            .into_inner();
        for wanted in &naive {
            let entry = tail.message().await.unwrap().unwrap().entry.unwrap();
            assert_eq!(entry.index, *wanted, "{scope}");
        }
    }
}

#[tokio::test]
async fn a_tail_brings_what_was_and_what_comes_and_ends_when_the_configuration_changes() {
    let desk = Desk::open(|_| {}).await;
    desk.office.citizen(get(AN)).await.unwrap();
    let ask = wire::TailEntriesRequest {
        filter: Some(EntryFilter {
            outcome: "OK".into(),
            operation: "get".into(),
            ..Default::default()
        }),
        from_index: Some(0),
    };
    let mut tail = desk
        .log()
        .tail_entries(desk.auditor.request(ask))
        .await
        .unwrap()
        .into_inner();
    let first = tail.message().await.unwrap().unwrap().entry.unwrap();
    for person in PEOPLE {
        let index = desk
            .office
            .citizen(get(person))
            .await
            .unwrap()
            .provenance
            .unwrap()
            .audit_index;
        assert!(index > first.index);
        let next = tokio::time::timeout(Duration::from_secs(1), tail.message())
            .await
            .expect("within a second");
        assert_eq!(next.unwrap().unwrap().entry.unwrap().index, index);
    }
    let office = format!("agencies/{OFFICE}.toml");
    desk.scene.tree.edit(&office, "Agency", "The agency");
    desk.gateway.reload();
    let ended = tokio::time::timeout(Duration::from_secs(10), tail.message())
        .await
        .expect("it ends");
    let ended = ended.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable);
    assert!(ended.message().contains("from_index"), "{}", ended.message());
}

#[tokio::test]
async fn a_reader_of_the_tail_that_does_not_keep_up_is_ended_by_name() {
    let desk = Desk::open(|_| {}).await;
    // 2 MiB of window at the client and all that is ahead at the gateway are full long before these.
    let item = proto::population::v1::BatchConfirmCitizensItem {
        key: confirm(AN).key,
        claims: confirm(AN).claims,
    };
    let batch = proto::population::v1::BatchConfirmCitizensRequest {
        context: confirm(AN).context,
        items: vec![item; 100],
        ..Default::default()
    };
    for _ in 0..60 {
        desk.office.batch(batch.clone()).await.unwrap();
    }
    let ask = wire::TailEntriesRequest {
        filter: None,
        from_index: Some(0),
    };
    let mut tail = desk
        .log()
        .tail_entries(desk.auditor.request(ask))
        .await
        .unwrap()
        .into_inner();
    tokio::time::sleep(Duration::from_secs(7)).await;
    let mut next = 0;
    let ended = loop {
        match tail.message().await {
            Ok(Some(entry)) => {
                assert_eq!(
                    entry.entry.unwrap().index,
                    next,
                    "none is left out before the end"
                );
                next += 1;
            }
            Ok(None) => panic!("an end without a word"),
            Err(status) => break Refused::from(status),
        }
    };
    assert_eq!(
        (ended.code, ended.word.as_str()),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    assert!(
        ended.message.contains(&format!("from_index {next}")),
        "{}",
        ended.message
    );
}

#[tokio::test]
async fn proofs_hold_on_the_clients_side_and_for_no_other_entry_or_size() {
    let desk = Desk::open(|_| {}).await;
    desk.work().await;
    let hash = |bytes: &[u8]| <audit::Hash>::try_from(bytes).unwrap();
    let hashes = |path: &[bytes::Bytes]| path.iter().map(|one| hash(one)).collect::<Vec<_>>();
    for index in 0..8 {
        let ask = wire::ProveInclusionRequest { index, tree_size: 9 };
        let told = desk
            .log()
            .prove_inclusion(desk.auditor.request(ask))
            .await
            .unwrap()
            .into_inner();
        let (leaf, root, path) = (hash(&told.leaf_hash), hash(&told.root), hashes(&told.path));
        let bytes = desk.scene.log().entry(index).encode_canonical();
        assert_eq!(leaf, audit::tree::leaf_hash(&bytes));
        assert!(audit::proof::verify_inclusion(&leaf, index, 9, &path, &root));
        assert!(!audit::proof::verify_inclusion(&leaf, index + 1, 9, &path, &root));
    }
    for old_size in [0, 1, 3, 8, 12] {
        let ask = wire::ProveConsistencyRequest {
            old_size,
            new_size: 0,
        };
        let told = desk
            .log()
            .prove_consistency(desk.auditor.request(ask))
            .await
            .unwrap()
            .into_inner();
        let (old, new) = (hash(&told.old_root), hash(&told.new_root));
        let path = hashes(&told.path);
        assert!(audit::proof::verify_consistency(
            (old_size, &old),
            (told.new_size, &new),
            &path
        ));
        let key = std::fs::read_to_string(desk.scene.folder().join("log.pub")).unwrap();
        let signed = audit::SignedCheckpoint::verify(&told.checkpoint, &key.trim().parse().unwrap()).unwrap();
        assert_eq!(
            (signed.checkpoint().size, signed.checkpoint().root),
            (told.new_size, new)
        );
    }
    let beyond = wire::ProveConsistencyRequest {
        old_size: 5,
        new_size: 999_999,
    };
    let refused = desk
        .log()
        .prove_consistency(desk.auditor.request(beyond))
        .await
        .unwrap_err();
    assert_eq!(Refused::from(refused).word, "MALFORMED");
}

#[tokio::test]
async fn every_method_refuses_who_is_no_auditor_and_each_reading_has_its_entry() {
    let desk = Desk::open(|_| {}).await;
    desk.work().await;
    for (client, outcome) in [(&desk.office, "ROLE_NOT_AGREED"), (&desk.auditor, "OK")] {
        let mut log = AuditServiceClient::new(client.channel.clone());
        desk.page(wire::SearchEntriesRequest::default()).await.unwrap();
        let before = desk.scene.log().entries().len();
        let filter = Some(EntryFilter {
            officer: "officer-7".into(),
            subject_pseudonyms: vec![vec![7; 32].into()],
            ..Default::default()
        });
        let search = wire::SearchEntriesRequest {
            filter: filter.clone(),
            ..Default::default()
        };
        let subject = wire::ListSubjectAccessesRequest {
            kind: "personal_id".into(),
            identifier: AN.id.into(),
            ..Default::default()
        };
        let told = [
            log.search_entries(client.request(search)).await.err(),
            log.tail_entries(client.request(wire::TailEntriesRequest {
                filter,
                from_index: None,
            }))
            .await
            .err(),
            log.prove_inclusion(client.request(wire::ProveInclusionRequest::default()))
                .await
                .err(),
            log.prove_consistency(client.request(wire::ProveConsistencyRequest::default()))
                .await
                .err(),
            log.list_subject_accesses(client.request(subject)).await.err(),
        ];
        for refused in told.into_iter().flatten() {
            assert_eq!(Refused::from(refused).word, outcome);
        }
        let readings: Vec<_> = desk.scene.log().entries().split_off(before);
        let readings: Vec<_> = readings
            .iter()
            .map(|(_, entry)| {
                (
                    entry.operation.as_str(),
                    entry.detail.as_str(),
                    entry.outcome.as_str(),
                )
            })
            .collect();
        assert_eq!(
            readings,
            [
                ("search-entries", "officer,subject", outcome),
                ("tail-entries", "officer,subject", outcome),
                ("prove-inclusion", "", outcome),
                ("prove-consistency", "", outcome),
                ("list-subject-accesses", "subject", outcome),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_survives_a_kill_and_is_built_anew_when_it_is_gone_or_of_another_log() {
    let mut desk = Desk::open(|_| {}).await;
    let index = desk.scene.folder().join("audit.index.sqlite");
    for round in 0..4 {
        desk.work().await;
        desk.gateway.kill();
        match round {
            1 => std::fs::remove_file(&index).unwrap(),
            2 => std::fs::write(&index, "no index").unwrap(),
            _ => {}
        }
        desk.gateway = desk.scene.start();
        let (office, auditor) = (desk.scene.agency(OFFICE), desk.scene.agency(AUDITOR));
        desk.office = desk.gateway.connect(&office, office.token(&desk.scene)).await;
        desk.auditor = desk.gateway.connect(&auditor, auditor.token(&desk.scene)).await;
        let until = desk.scene.log().entries().len() as u64;
        let mut found = desk
            .search(EntryFilter::default(), EntryOrder::OldestFirst, 500)
            .await;
        found.retain(|index| *index < until);
        assert_eq!(found, (0..until).collect::<Vec<_>>(), "round {round}");
    }
}
