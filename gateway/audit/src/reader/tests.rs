use crate::trial::{closed_log, entry, open};
use crate::{EntryKind, Filter, entries};

#[test]
fn all_entries_come_in_order_over_all_segments() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[1, 150, 2, 150, 30]);
    let found: Vec<_> = entries(folder.path())
        .map(|item| item.expect("readable"))
        .collect();
    assert_eq!(
        found,
        (0..333).map(|index| (index, entry(index))).collect::<Vec<_>>()
    );
    for from in [0, 1, 149, 151, 152, 300, 332, 333, 1000] {
        let found = entries(folder.path())
            .from(from)
            .map(|item| item.expect("readable").0);
        assert_eq!(
            found.collect::<Vec<_>>(),
            (from..333).collect::<Vec<_>>(),
            "from {from}"
        );
    }
}

#[test]
fn a_reader_at_the_end_goes_on_with_what_is_added() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    let mut tail = entries(folder.path());
    assert!(tail.next().is_none());
    for number in 0..300 {
        log.append_blocking(&entry(number)).expect("durable");
        let (index, found) = tail.next().expect("an entry").expect("readable");
        assert_eq!((index, found), (number, entry(number)));
        assert!(tail.next().is_none());
    }
    log.close();
}

#[test]
fn a_reader_beside_a_busy_writer_misses_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (log, _) = open(folder.path());
    let writing = std::thread::spawn(move || {
        for number in 0..3000 {
            let _ticket = log.append(&entry(number)).expect("in line");
            if number % 50 == 0 {
                log.append_blocking(&entry(number)).expect("durable");
            }
        }
        log.close();
    });
    let mut tail = entries(folder.path());
    let mut next = 0;
    while next < 3060 {
        if let Some(item) = tail.next() {
            assert_eq!(item.expect("readable").0, next);
            next += 1;
        }
    }
    writing.join().expect("no panic");
}

#[test]
fn a_missing_middle_is_an_error_and_not_a_short_log() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[100, 100, 100, 100, 100]);
    let mut paths: Vec<_> = std::fs::read_dir(folder.path().join("journal"))
        .expect("a journal")
        .map(|item| item.expect("a file").path())
        .collect();
    paths.sort();
    std::fs::remove_file(&paths[1]).expect("own file");
    assert!(entries(folder.path()).any(|item| item.is_err()));
}

#[test]
fn what_is_removed_from_the_beginning_meanwhile_is_passed_over_and_nothing_else() {
    let folder = tempfile::tempdir().expect("temporary folder");
    closed_log(folder.path(), &[100; 10]);
    let journal = folder.path().join("journal");
    let mut paths: Vec<_> = std::fs::read_dir(&journal)
        .expect("a journal")
        .map(|item| item.expect("a file").path())
        .collect();
    paths.sort();
    // The first is being read, the second is the next, the third is the one that is left.
    let mut reader = entries(folder.path());
    let read: Vec<_> = reader
        .by_ref()
        .take(30)
        .map(|item| item.expect("readable").0)
        .collect();
    assert_eq!(read, (0..30).collect::<Vec<_>>());
    for path in &paths[..2] {
        std::fs::remove_file(path).expect("own file");
    }
    let first_left = entries(folder.path())
        .next()
        .expect("an entry")
        .expect("readable")
        .0;
    let rest: Vec<_> = reader.map(|item| item.expect("readable").0).collect();
    let here = rest
        .iter()
        .position(|index| *index == first_left)
        .expect("the first that is left");
    assert!(30 + (here as u64) < first_left, "{first_left} {here}");
    assert_eq!(rest[..here], (30..30 + here as u64).collect::<Vec<_>>());
    assert_eq!(rest[here..], (first_left..1000).collect::<Vec<_>>());

    let mut reader = entries(folder.path());
    reader.next().expect("an entry").expect("readable");
    std::fs::remove_file(&paths[3]).expect("own file");
    assert!(
        reader.any(|item| item.is_err()),
        "a gap behind what is being read"
    );
}

#[test]
fn a_filter_matches_all_that_it_names() {
    let all = |number| Filter::default().matches(&entry(number));
    assert!(all(1) && all(2));
    let filter = Filter {
        agency: Some("H1.12".to_owned()),
        from_unix_micros: Some(1_004),
        until_unix_micros: Some(1_010),
        ..Filter::default()
    };
    let found: Vec<_> = (0..20).filter(|number| filter.matches(&entry(*number))).collect();
    assert_eq!(found, [4, 7]);
    assert!(
        !Filter {
            kind: Some(EntryKind::Intent),
            ..Filter::default()
        }
        .matches(&entry(1))
    );
}
