//! Rule 10: nothing fuzzy decides. What is nearly equal does not agree and opens no record.

use harness::messages::{birth, confirm, get};
use harness::registries::{AN, BINH, CUONG, Person};
use harness::tree::OFFICE;
use harness::{Client, Scene};
use proto::lookup::v1::{PartialDate, Verdict};
use proto::population::v1::{Citizen, ConfirmCitizenRequest};

/// The verdict on the one claim in `claims`.
async fn verdict(client: &Client, person: Person, claims: Citizen) -> Verdict {
    let ask = ConfirmCitizenRequest {
        claims: Some(claims),
        ..confirm(person)
    };
    let answer = client.confirm(ask).await.unwrap();
    assert_eq!(answer.verdicts.len(), 1);
    answer.verdicts[0].verdict()
}

fn named(name: &str) -> Citizen {
    Citizen {
        full_name: name.into(),
        ..Citizen::default()
    }
}

#[tokio::test]
async fn a_name_that_is_nearly_the_same_does_not_agree() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    for (claimed, wanted) in [
        // The same in another spelling.
        ("NGUYỄN VĂN AN", Verdict::Agree),
        ("nguyễn văn an", Verdict::Agree),
        (" Nguyễn  Văn\u{a0}An ", Verdict::Agree),
        ("Nguye\u{302}\u{303}n Va\u{306}n An", Verdict::Agree),
        // Marks alone: an officer has to look.
        ("NGUYEN VAN AN", Verdict::SameWithoutMarks),
        ("NGUYỄN VĂN ÂN", Verdict::SameWithoutMarks),
        ("NGUYỄN VẰN AN", Verdict::SameWithoutMarks),
        // One letter off, more, less or in another place.
        ("NGUYỄN VĂN AM", Verdict::Disagree),
        ("NGUYỄN VĂN ANH", Verdict::Disagree),
        ("NGUYỄN VĂN A", Verdict::Disagree),
        ("NGUYỄN VĂN NA", Verdict::Disagree),
        ("NGUYỄN VĂNAN", Verdict::Disagree),
        // Words changed about, left out or shortened.
        ("AN VĂN NGUYỄN", Verdict::Disagree),
        ("NGUYỄN AN VĂN", Verdict::Disagree),
        ("NGUYỄN AN", Verdict::Disagree),
        ("NGUYỄN V. AN", Verdict::Disagree),
        // Letters that only look alike.
        ("NGUYỄN VĂN АN", Verdict::Disagree),
    ] {
        assert_eq!(verdict(&client, AN, named(claimed)).await, wanted, "{claimed}");
    }
}

#[tokio::test]
async fn dates_and_numbers_agree_to_the_last_digit() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    let born = |year, month, day| Citizen {
        birth_date: Some(PartialDate { year, month, day }),
        ..Citizen::default()
    };
    for (claims, wanted) in [
        (born(1990, 7, 5), Verdict::Agree),
        (born(1990, 5, 7), Verdict::Disagree),
        (born(1990, 7, 6), Verdict::Disagree),
        (born(1991, 7, 5), Verdict::Disagree),
        (born(1990, 0, 0), Verdict::Partial),
    ] {
        let date = claims.birth_date;
        assert_eq!(verdict(&client, AN, claims).await, wanted, "{date:?}");
    }
    let phoned = |phone: &str| Citizen {
        phone: phone.into(),
        ..Citizen::default()
    };
    assert_eq!(verdict(&client, AN, phoned(AN.phone)).await, Verdict::Agree);
    assert_eq!(
        verdict(&client, AN, phoned("0912000112")).await,
        Verdict::Disagree
    );
    // Of her birth the year is known: a whole day agrees as far as that.
    assert_eq!(verdict(&client, BINH, born(1990, 2, 1)).await, Verdict::Partial);
    assert_eq!(verdict(&client, BINH, born(1989, 2, 1)).await, Verdict::Disagree);
}

#[tokio::test]
async fn a_second_fact_that_is_nearly_right_opens_no_record() {
    let scene = Scene::new();
    let (gateway, office) = (scene.start(), scene.agency(OFFICE));
    let client = gateway.connect(&office, office.token(&scene)).await;
    client.citizen(get(AN)).await.expect("the right name opens it");
    for name in [
        "NGUYEN VAN AN",
        "AN VĂN NGUYỄN",
        "NGUYỄN VĂN AM",
        "NGUYỄN VĂN",
        CUONG.name,
    ] {
        let refused = client.citizen(get(Person { name, ..AN })).await.unwrap_err();
        assert_eq!(refused.word, "NOT_FOUND", "{name}");
    }
    let mut by_birth = get(AN);
    let key = by_birth.key.as_mut().unwrap();
    key.full_name.clear();
    for (date, opens) in [
        (birth(AN), true),
        (
            PartialDate {
                year: 1990,
                month: 0,
                day: 0,
            },
            false,
        ),
        (
            PartialDate {
                year: 1990,
                month: 5,
                day: 7,
            },
            false,
        ),
    ] {
        by_birth.key.as_mut().unwrap().birth_date = Some(date);
        assert_eq!(client.citizen(by_birth.clone()).await.is_ok(), opens, "{date:?}");
    }
}
