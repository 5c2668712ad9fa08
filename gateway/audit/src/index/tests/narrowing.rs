//! Searching by index finds what reading the whole log finds.

use super::*;

fn word(number: u8, words: &[&str]) -> String {
    words[usize::from(number) % words.len()].to_owned()
}

fn entry_of(seed: (u8, u8, u8, u8, u8, i64)) -> Entry {
    let (one, two, three, four, five, time) = seed;
    let agencies = ["H26", "H26.1", "H26.2.3", "H260", "H29.12", ""];
    let fields = ["full_name", "birth_date", "permanent_residence.province"];
    let kind = [EntryKind::Intent, EntryKind::Outcome, EntryKind::Operation][usize::from(one % 3)];
    let mut entry = Entry::new(kind, time);
    entry.request_id = format!("request-{}", two % 5);
    entry.agency = word(one, &agencies);
    entry.receiving_agency = word(two, &agencies);
    entry.competent_agency = word(three, &agencies);
    entry.officer = word(two, &["officer-1", "officer-2", ""]);
    entry.procedure = word(three, &["1.004222", "2.001478"]);
    entry.dossier = word(four, &["H26-1", "H26-2", "H29-3", ""]);
    entry.registry = word(four, &["population", "business", ""]);
    entry.operation = word(five, &["get", "confirm", "search-entries"]);
    entry.outcome = word(five, &["OK", "NOT_FOUND", "NO_AGREEMENT", ""]);
    entry.fields_given = fields[..usize::from(four % 4).min(3)]
        .iter()
        .map(|field| (*field).to_owned())
        .collect();
    if five % 4 != 0 {
        // Two subjects of the same first eight bytes: the index can't tell them apart, the entry can.
        entry.subject_pseudonym = vec![9; 32];
        entry.subject_pseudonym[31] = five % 3;
    }
    entry
}

fn filter_of(bits: u16, like: &Entry) -> Filter {
    let on = |bit: u16| bits >> bit & 1 == 1;
    let text = |bit: u16, text: &str| on(bit).then(|| text.to_owned());
    Filter {
        from_unix_micros: on(0).then_some(like.time_unix_micros),
        until_unix_micros: on(1).then_some(like.time_unix_micros + 3000),
        kind: on(2).then_some(like.kind()),
        request_id: text(3, &like.request_id),
        agency: text(4, &like.agency),
        officer: text(5, &like.officer),
        procedure: text(6, &like.procedure),
        dossier: text(7, &like.dossier),
        registry: text(8, &like.registry),
        operation: text(9, &like.operation),
        outcome: text(10, &like.outcome),
        field_given: on(11).then(|| {
            like.fields_given
                .first()
                .cloned()
                .unwrap_or_else(|| "phone".into())
        }),
        subject_pseudonyms: if on(12) && !like.subject_pseudonym.is_empty() {
            vec![like.subject_pseudonym.clone(), vec![1; 32]]
        } else {
            Vec::new()
        },
        ..Filter::default()
    }
}

/// All that fits, a page after the other.
fn search(index: &Index, folder: &Path, question: &Question, page: usize, end: u64) -> Vec<u64> {
    let log = super::super::EntriesAt::new(folder);
    let mut found = Vec::new();
    let mut question = question.clone();
    loop {
        let narrowed = index.narrow(&question, page, end).expect("an answer");
        assert!(narrowed.places.len() <= page);
        for place in narrowed.places {
            if question.fits(&log.entry(place).expect("an entry")) {
                found.push(place);
            }
        }
        match narrowed.next {
            Some(next) => question.from = Some(next),
            None => return found,
        }
    }
}

fn written(log: &Appender, all: &[Entry]) {
    for batch in all.chunks(40) {
        let before = log.durable().size;
        let _tickets = log.append_together(batch).expect("in line");
        while log.durable().size < before + batch.len() as u64 {
            std::thread::yield_now();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn what_the_index_finds_is_what_reading_the_whole_log_finds(
        seeds in proptest::collection::vec(any::<(u8, u8, u8, u8, u8)>(), 1..150),
        questions in proptest::collection::vec((any::<u16>(), any::<u16>(), 0..150_usize, any::<bool>(), 0..4_u8), 20),
        page in prop_oneof![Just(1_usize), Just(7), Just(1000)],
        known in prop_oneof![Just(150_usize), 0..150_usize],
    ) {
        let (_keep, folder) = place();
        let (log, _) = open(&folder);
        let all: Vec<_> = (0_i64..)
            .zip(&seeds)
            // Times go back now and then, as clocks do.
            .map(|(at, seed)| entry_of((seed.0, seed.1, seed.2, seed.3, seed.4, at * 1000 - i64::from(seed.0) * 40)))
            .collect();
        // The index does not know the newest yet.
        let (known, new) = all.split_at(known.min(all.len()));
        written(&log, known);
        log.close();
        let index = Index::new(index_of(&folder));
        let rebuilt = rebuild(&folder, index.file(), |_| {}).expect("an index");
        prop_assert_eq!(rebuilt.entries, known.len() as u64);
        let (log, _) = open(&folder);
        written(&log, new);
        log.close();
        for (bits, also, like, newest, scope) in questions {
            // Few conditions at a time, else nothing fits.
            let filter = filter_of(bits & also & 0x1FFF, &all[like % all.len()]);
            let question = Question {
                filter,
                scope: match scope {
                    0 => Scope::under(["H26".to_owned()]),
                    1 => Scope::under(["H26.2".to_owned(), "H29.12".to_owned()]),
                    2 => Scope::under(["H77".to_owned()]),
                    _ => Scope::everything(),
                },
                order: if newest { Order::NewestFirst } else { Order::OldestFirst },
                from: None,
            };
            let mut naive: Vec<_> = entries(&folder)
                .map(|item| item.expect("readable"))
                .filter(|(_, entry)| question.fits(entry))
                .map(|(place, _)| place)
                .collect();
            if newest {
                naive.reverse();
            }
            prop_assert_eq!(search(&index, &folder, &question, page, all.len() as u64), naive, "{:?}", question);
        }
    }
}
