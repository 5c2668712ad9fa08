use std::collections::BTreeMap;

use super::*;
use crate::record::method::{Methods, methods};
use crate::record::view::View;
use crate::settings::AgreementSettings;

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
const CONFIRM: &str = "/lienthong.population.v1.PopulationService/ConfirmCitizen";

const ONE_STOP: &str = r#"
version = "1"
title = "One stop"
agencies = ["H29.12"]
registry = "population"
procedures = ["2.001478"]
valid_from = 2026-01-01
valid_to = 2026-12-31
legal_basis = "Law 26/2023, article 11"

[[grant]]
record = "lienthong.population.v1.Citizen"
operations = ["get"]
fields = ["full_name", "birth_date"]
steps = ["receiving"]
roles = ["receiving-officer"]
"#;

struct Desk {
    methods: Methods,
    agreements: Agreements,
    context: Context,
    caller: Caller,
    today: Date,
}

impl Desk {
    fn new() -> Self {
        Self::with(&[("one-stop", ONE_STOP)])
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let methods: Methods = Arc::new(methods(&proto::descriptors()).expect("compile"));
        let settings: BTreeMap<String, AgreementSettings> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), toml::from_str(text).expect("well formed")))
            .collect();
        let agencies = ["H29", "H29.1", "H29.12", "H29.12.3", "G01.79"];
        Self {
            agreements: Agreements::compile(&settings, agencies.into_iter(), &methods).expect("compiles"),
            methods,
            context: Context {
                procedure: "2.001478".to_owned(),
                step: Step::Receiving,
                receiving_agency: "H29.12".to_owned(),
                competent_agency: "H29".to_owned(),
                ..Context::default()
            },
            caller: Caller::for_tests("H29.12", "one-stop", "officer-1", "receiving-officer"),
            today: Date::constant(2026, 11, 5),
        }
    }

    fn calls_as(mut self, agency: &str) -> Self {
        self.caller = Caller::for_tests(agency, "one-stop", "officer-1", "receiving-officer");
        agency.clone_into(&mut self.context.receiving_agency);
        self
    }

    fn ask(&self, path: &str, fields: &[&str]) -> Result<Permit, Refusal> {
        let method = &self.methods[path];
        let view = View::compile(&method.record, fields.iter().copied()).expect("compiles");
        let asked = (!fields.is_empty()).then(|| Asked::Mask(Arc::new(view)));
        self.agreements
            .authorize(&self.caller, method, &self.context, asked.as_ref(), self.today)
    }

    fn refused(&self, path: &str, fields: &[&str]) -> Reason {
        self.ask(path, fields).expect_err("refused").reason
    }
}

#[test]
fn what_every_clause_covers_is_permitted_and_no_field_more() {
    let permit = Desk::new().ask(GET, &[]).expect("permitted");
    assert_eq!(permit.view().listed().join(" "), "full_name birth_date");
    let permit = Desk::new().ask(GET, &["full_name"]).expect("permitted");
    assert_eq!(permit.view().listed().len(), 1);
}

#[test]
fn each_missing_clause_has_its_word() {
    let refused = |change: fn(&mut Desk)| {
        let mut desk = Desk::new();
        change(&mut desk);
        desk.refused(GET, &[])
    };
    assert_eq!(
        refused(|desk| desk.agreements = Agreements::default()),
        Reason::NoAgreement
    );
    assert_eq!(
        refused(|desk| desk.context.procedure = "1.004222".into()),
        Reason::ProcedureNotAgreed
    );
    assert_eq!(
        refused(|desk| desk.today = Date::constant(2027, 1, 1)),
        Reason::AgreementExpired
    );
    assert_eq!(
        refused(|desk| desk.today = Date::constant(2025, 12, 31)),
        Reason::AgreementExpired
    );
    assert_eq!(
        refused(|desk| desk.caller = Caller::for_tests("H29.12", "one-stop", "o", "deciding-officer")),
        Reason::RoleNotAgreed
    );
    assert_eq!(Desk::new().refused(CONFIRM, &["full_name"]), Reason::NoAgreement);
    assert_eq!(
        Desk::new().refused(GET, &["full_name", "phone"]),
        Reason::FieldNotAgreed
    );
}

#[test]
fn a_refusal_names_the_agreement_and_what_it_does_not_cover() {
    let refusal = Desk::new().ask(GET, &["phone"]).expect_err("refused");
    assert_eq!(refusal.message, "agreement one-stop does not cover field phone");
    assert_eq!(refusal.clause.as_deref(), Some("field phone"));
}

#[test]
fn nobody_looks_up_in_the_name_of_another_agency() {
    let mut desk = Desk::new();
    desk.context.receiving_agency = "H26.5".to_owned();
    assert_eq!(desk.refused(GET, &[]), Reason::StepNotAgreed);
    desk.context.step = Step::Deciding;
    assert_eq!(desk.refused(GET, &[]), Reason::StepNotAgreed);
}

#[test]
fn an_agreement_with_a_group_is_one_with_all_below_its_top_by_whole_levels() {
    let group = ONE_STOP.replace("\"H29.12\"", "\"H29.1.*\", \"H29.12.*\"");
    let word = |agency: &str| {
        let desk = Desk::with(&[("group", &group)]).calls_as(agency);
        desk.ask(GET, &[]).map(drop).map_err(|refusal| refusal.reason)
    };
    assert_eq!(word("H29.1"), Ok(()));
    assert_eq!(word("H29.12"), Ok(()));
    assert_eq!(word("H29.12.3"), Ok(()));
    assert_eq!(word("H29"), Err(Reason::NoAgreement));
    assert_eq!(word("G01.79"), Err(Reason::NoAgreement));
}

#[test]
fn the_first_agreement_by_name_that_permits_decides_and_the_closest_refuses() {
    let wide = ONE_STOP.replace("\"birth_date\"", "\"birth_date\", \"phone\"");
    let other = ONE_STOP.replace("2.001478", "1.004222");
    let files = [("a-other", &*other), ("b-narrow", ONE_STOP), ("c-wide", &*wide)];
    let mut backwards = files;
    backwards.reverse();
    for files in [files, backwards] {
        let desk = Desk::with(&files);
        let by = |fields: &[&str]| {
            desk.ask(GET, fields)
                .map(|permit| permit.grant().agreement.name.clone())
        };
        assert_eq!(by(&["full_name"]).as_deref(), Ok("b-narrow"));
        assert_eq!(by(&["phone"]).as_deref(), Ok("c-wide"));
        let refused = by(&["sex"]).expect_err("no agreement lists it");
        assert_eq!(refused.message, "agreement b-narrow does not cover field sex");
    }
}

#[test]
fn an_explanation_decides_as_the_decision_does_and_says_what_would_be_needed() {
    let desk = Desk::new();
    let question = Question {
        agency: "H29.12",
        record: "lienthong.population.v1.Citizen",
        operation: Some(Operation::Get),
        procedure: None,
        step: None,
        role: Some("deciding-officer"),
        fields: None,
        today: Date::constant(2027, 1, 1),
    };
    let explained = desk.agreements.explain(&question);
    assert!(explained.permitted_by.is_none());
    assert_eq!(
        explained.missing.map(|missing| missing.clause),
        Some(Clause::Validity)
    );
    let missing: Vec<_> = explained.grants[0]
        .clauses
        .iter()
        .filter(|clause| !clause.met)
        .map(|clause| (clause.clause, clause.needed.as_str()))
        .collect();
    assert_eq!(
        missing,
        [
            (
                Clause::Validity,
                "a day of the agreement: from 2026-01-01 to 2026-12-31"
            ),
            (Clause::Role, "an officer of role receiving-officer"),
        ]
    );
    let question = Question {
        role: None,
        today: desk.today,
        ..question
    };
    assert!(desk.agreements.explain(&question).permitted_by.is_some());
}
