use std::collections::HashSet;

use proto::lookup::v1::Operation;

use super::*;
use crate::record::method::{Methods, methods};
use crate::record::view::View;

const GET: &str = "/lienthong.population.v1.PopulationService/GetCitizen";
const CONFIRM: &str = "/lienthong.population.v1.PopulationService/ConfirmCitizen";

struct Desk {
    methods: Methods,
    agreements: Agreements,
    context: Context,
    caller: Caller,
    today: Date,
}

impl Desk {
    fn new() -> Self {
        let methods: Methods = Arc::new(methods(&proto::descriptors()).expect("compile"));
        let record = &methods[GET].record;
        let grant = Grant {
            agreement: "population-one-stop".into(),
            version: "1".into(),
            legal_basis: "Law 26/2023, article 11".into(),
            record: record.name.clone(),
            operations: vec![Operation::Get],
            view: Arc::new(View::compile(record, ["full_name", "birth_date"]).expect("compiles")),
            procedures: HashSet::from(["2.001478".to_owned()]),
            steps: vec![Step::Receiving],
            roles: HashSet::from(["receiving-officer".to_owned()]),
            valid_from: Date::constant(2026, 1, 1),
            valid_to: Some(Date::constant(2026, 12, 31)),
            second_fact: true,
            max_age_micros: None,
        };
        Self {
            agreements: Agreements::new([("H29.12".into(), Arc::new(grant))]),
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

    fn ask(&self, path: &str, fields: &[&str]) -> Result<Permit, Reason> {
        let method = &self.methods[path];
        let view = View::compile(&method.record, fields.iter().copied()).expect("compiles");
        let asked = (!fields.is_empty()).then(|| Asked::Mask(Arc::new(view)));
        self.agreements
            .authorize(&self.caller, method, &self.context, asked.as_ref(), self.today)
            .map_err(|refusal| refusal.reason)
    }
}

#[test]
fn what_every_clause_covers_is_permitted_and_no_field_more() {
    let permit = Desk::new().ask(GET, &[]).expect("permitted");
    assert_eq!(
        permit
            .view()
            .listed()
            .iter()
            .map(|path| &**path)
            .collect::<Vec<_>>(),
        ["full_name", "birth_date"]
    );
    let permit = Desk::new().ask(GET, &["full_name"]).expect("permitted");
    assert_eq!(permit.view().listed().len(), 1);
}

#[test]
fn each_missing_clause_has_its_word() {
    let refused = |change: fn(&mut Desk)| {
        let mut desk = Desk::new();
        change(&mut desk);
        desk.ask(GET, &[]).expect_err("refused")
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
    assert_eq!(
        Desk::new().ask(CONFIRM, &["full_name"]).expect_err("refused"),
        Reason::NoAgreement
    );
    assert_eq!(
        Desk::new()
            .ask(GET, &["full_name", "phone"])
            .expect_err("refused"),
        Reason::FieldNotAgreed
    );
}

#[test]
fn nobody_looks_up_in_the_name_of_another_agency() {
    let mut desk = Desk::new();
    desk.context.receiving_agency = "H26.5".to_owned();
    assert_eq!(desk.ask(GET, &[]).expect_err("refused"), Reason::StepNotAgreed);
    desk.context.step = Step::Deciding;
    assert_eq!(desk.ask(GET, &[]).expect_err("refused"), Reason::StepNotAgreed);
}
