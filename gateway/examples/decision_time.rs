//! What one decision costs: `cargo run --release -p gateway --example decision_time`.
//!
//! A province of 500 agencies and 1,000 agreements, a third of them with groups; calls that are permitted
//! by the first and by the last of the caller's grants, refused calls, and the counting of quotas.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use gateway::authorization::quota::{Counted, Limits, Quotas};
use gateway::authorization::{Agreements, Question};
use gateway::clock::Moment;
use gateway::record::method::methods;
use gateway::record::view::View;
use gateway::settings::AgreementSettings;
use jiff::civil::Date;
use proto::lookup::v1::{Operation, Step};

const CITIZEN: &str = "lienthong.population.v1.Citizen";
const TODAY: Date = Date::constant(2026, 11, 5);

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() -> anyhow::Result<()> {
    let methods = methods(&proto::descriptors())?;
    let agencies: Vec<String> = (0..500)
        .map(|number| format!("H29.{}.{number}", number % 20))
        .collect();
    let settings = (0..1_000)
        .map(|number| {
            Ok((
                format!("agreement-{number:04}"),
                toml::from_str(&agreement(number))?,
            ))
        })
        .collect::<anyhow::Result<BTreeMap<String, AgreementSettings>>>()?;
    let began = Instant::now();
    let agreements = Agreements::compile(&settings, agencies.iter().map(String::as_str), &methods)?;
    println!(
        "compiled 1000 agreements with 500 agencies in {:?}",
        began.elapsed()
    );
    let agency = "H29.7.7";
    println!("{agency} has {} grants", agreements.of_agency(agency).len());
    let schema = &methods["/lienthong.population.v1.PopulationService/GetCitizen"].record;
    let fields = View::compile(schema, ["full_name", "birth_date"])?.leaves;
    let sensitive = View::compile(schema, ["religion"])?.leaves;
    let asked = Question {
        agency,
        record: CITIZEN,
        operation: Some(Operation::Get),
        procedure: Some("1.000007"),
        step: Some(Step::Receiving),
        role: Some("receiving-officer"),
        fields: Some(&fields),
        today: TODAY,
    };
    let last = Question {
        procedure: Some("1.000999"),
        agency: "H29.19.499",
        ..asked
    };
    let refused = Question {
        fields: Some(&sensitive),
        ..asked
    };
    let unknown = Question {
        procedure: Some("9.999999"),
        ..asked
    };
    let stranger = Question {
        agency: "G01.79",
        ..asked
    };
    for (what, question) in [
        ("permitted by an early grant", asked),
        ("permitted by a late grant", last),
        ("refused for a field", refused),
        ("refused for a procedure", unknown),
        ("refused, no agreement", stranger),
    ] {
        let permitted = agreements.decide(&question).is_ok();
        let time = per_call(|| agreements.decide(black_box(&question)).is_ok());
        println!(
            "{what:<28} {:>7.1} ns  (permitted: {permitted})",
            time.as_secs_f64() * 1e9
        );
    }
    let grants = agreements.of_agency(agency);
    let Some(grant) = grants.first() else {
        anyhow::bail!("no grant")
    };
    let quotas = Quotas::default();
    let (received, started) = (Moment::now(), Instant::now());
    let mut number = 0_u8;
    let time = per_call(|| {
        number = number.wrapping_add(1);
        let counted = Counted {
            agreement: &grant.agreement,
            agency,
            officer: "officer-1",
            subject: &[number; 32],
            facts: "NGUYỄN VĂN AN",
            received,
            started,
        };
        quotas.count(black_box(&counted)).is_ok()
    });
    println!(
        "counting all three quotas      {:>5.1} ns",
        time.as_secs_f64() * 1e9
    );
    anyhow::ensure!(
        grant.agreement.limits != Limits::default(),
        "the agreement has a quota"
    );
    Ok(())
}

/// The best of some rounds, a call.
fn per_call(mut call: impl FnMut() -> bool) -> Duration {
    const CALLS: u32 = 200_000;
    let round = |_| {
        let began = Instant::now();
        for _ in 0..CALLS {
            black_box(call());
        }
        began.elapsed() / CALLS
    };
    // Whole nanoseconds are enough.
    (0..7).map(round).min().unwrap_or_default()
}

/// A third of the agreements are with groups of 25 agencies, the others with two agencies.
fn agreement(number: usize) -> String {
    let agencies = match number % 3 {
        0 => format!("\"H29.{}.*\"", number % 20),
        _ => format!(
            "\"H29.{}.{}\", \"H29.{}.{}\"",
            number % 20,
            number % 500,
            (number + 1) % 20,
            (number + 1) % 500
        ),
    };
    format!(
        r#"
version = "1"
title = "Agreement {number}"
agencies = [{agencies}]
registry = "population"
procedures = ["1.{number:06}", "2.{number:06}", "1.000007"]
valid_from = 2026-01-01
legal_basis = "Law"
quota = {{ calls_per_second = 1000000, calls_per_day = 1000000000, subjects_per_officer_per_hour = 10000 }}
[[grant]]
record = "{CITIZEN}"
operations = ["confirm"]
fields = ["*"]
steps = ["receiving"]
roles = ["receiving-officer"]
[[grant]]
record = "{CITIZEN}"
operations = ["get"]
fields = ["full_name", "birth_date", "permanent_residence"]
steps = ["receiving", "deciding"]
roles = ["receiving-officer", "deciding-officer"]
"#
    )
}
