//! An enterprise's whole record.

use super::lines::{EDITION_2018, EDITION_2025, IN_BOTH_EDITIONS, LINES, PROPER_NAMES, TRADES};
use super::words::{Kind, STATES, State};
use super::{STREAM, World};
use crate::demo::cast;
use crate::demo::people::{Person, Reference, as_of};
use crate::demo::places::{self, Address};
use crate::demo::random::Draw;

/// One row of the business registry with what hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Company {
    pub(crate) code: String,
    pub(crate) internal_no: String,
    pub(crate) old_certificate_no: Option<String>,
    pub(crate) name: String,
    pub(crate) name_foreign: Option<String>,
    pub(crate) name_short: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) first_registered: String,
    pub(crate) last_changed: Option<String>,
    pub(crate) change_no: i64,
    pub(crate) state: State,
    pub(crate) states: Vec<StatePeriod>,
    /// Whole đồng.
    pub(crate) capital: Option<i64>,
    pub(crate) owners: Vec<Reference>,
    pub(crate) members: Vec<Share>,
    pub(crate) representatives: Vec<Reference>,
    pub(crate) managers: Vec<Reference>,
    pub(crate) head_office: Address,
    pub(crate) lines: Vec<Line>,
    pub(crate) branches: Vec<Branch>,
    pub(crate) as_of: String,
    pub(crate) version: String,
}

impl Company {
    /// Holders of a quarter and more (Decree 168/2025).
    pub(crate) fn beneficial_owners(&self) -> impl Iterator<Item = &Share> {
        self.members.iter().filter(|share| share.basis_points >= 2_500)
    }
}

/// A state with its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatePeriod {
    pub(crate) phrase: &'static str,
    pub(crate) from: String,
    pub(crate) to: Option<String>,
    pub(crate) reason: Option<&'static str>,
}

/// A member's share, in hundredths of a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) holder: Holder,
    pub(crate) basis_points: i64,
}

/// Who holds a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Person(Reference),
    Organisation { code: String, name: String },
}

/// A registered line of business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) code: &'static str,
    pub(crate) label: &'static str,
    pub(crate) edition: &'static str,
    pub(crate) main: bool,
}

/// A dependent unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) address: Address,
}

impl World {
    pub(super) fn of_cast(&self, number: u64, member: &cast::Enterprise) -> Company {
        let founder = member.representative.person();
        let mut draw = Draw::of(self.seed, STREAM + 1, number);
        let mut company = self.company(number, &founder, member.kind, member.code.to_owned(), &mut draw);
        member.name.clone_into(&mut company.name);
        company.name_foreign = None;
        company.name_short = None;
        company.state = member.state;
        "12/06/2019".clone_into(&mut company.first_registered);
        company.states = states(member.state, &company.first_registered, "01/09/2026");
        company.lines.clear();
        company.lines.extend(
            LINES
                .iter()
                .filter(|(code, _)| *code == member.main_line)
                .map(|line| Line {
                    code: line.0,
                    label: line.1,
                    edition: EDITION_2018,
                    main: true,
                }),
        );
        company.branches = cast::ENTERPRISES
            .iter()
            .filter(|unit| {
                unit.code
                    .strip_prefix(member.code)
                    .is_some_and(|rest| rest.starts_with('-'))
            })
            .map(|unit| Branch {
                code: unit.code.to_owned(),
                name: unit.name.to_owned(),
                address: founder.permanent_residence.clone(),
            })
            .collect();
        company.head_office = founder.permanent_residence.clone();
        cast::citizens::AS_OF.clone_into(&mut company.as_of);
        company
    }

    pub(super) fn founded(&self, number: u64) -> Company {
        let founder = self.founder(number);
        let (kind, code) = self.kind_and_code(number, &founder);
        let mut draw = Draw::of(self.seed, STREAM + 1, number);
        self.company(number, &founder, kind, code, &mut draw)
    }

    fn company(&self, number: u64, founder: &Person, kind: Kind, code: String, draw: &mut Draw) -> Company {
        let (trade, trade_foreign) = draw.pick(&TRADES);
        let (proper, proper_foreign) = draw.pick(&PROPER_NAMES);
        let name = match kind {
            Kind::HouseholdBusiness => {
                format!("{} {}", kind.prefix(), founder.identity.full_name.to_uppercase())
            }
            _ => format!("{} {trade} {proper}", kind.prefix()),
        };
        let exports = kind != Kind::HouseholdBusiness && draw.chance(600);
        let registered = draw.between(2005, 2024);
        let first_registered = format!(
            "{:02}/{:02}/{registered}",
            draw.between(1, 28),
            draw.between(1, 12)
        );
        let change_no = i64::from(draw.between(0, 6));
        let last_changed = (change_no > 0).then(|| day_between(registered + 1, 2026, draw));
        let state = draw.weighted(&STATES);
        let state_from = day_between(2025, 2026, draw);
        let head_office = self.office(founder, draw);
        let edition_2025 = last_changed.as_deref().is_some_and(|day| day.ends_with("2026"));
        let founder_reference = Reference::from(&founder.identity);
        let partner = founder
            .spouse
            .clone()
            .filter(|spouse| spouse.personal_id.is_some());
        let members = if kind.has_owner() || kind == Kind::Branch {
            Vec::new()
        } else {
            self.members(number, &founder_reference, partner.as_ref(), draw)
        };
        let branches = if kind == Kind::HouseholdBusiness {
            0
        } else {
            draw.weighted(&[(0, 88), (1, 9), (3, 3)])
        };
        Company {
            internal_no: format!("{:09}", 310_000_000 + number),
            old_certificate_no: (registered < 2009).then(|| format!("4{:09}", draw.below(1_000_000_000))),
            name_foreign: exports.then(|| format!("{proper_foreign} {trade_foreign} COMPANY LIMITED")),
            name_short: exports.then(|| format!("{proper_foreign} CO., LTD")),
            states: states(state, &first_registered, &state_from),
            capital: (kind != Kind::Branch).then(|| i64::from(draw.between(2, 400)) * 50_000_000),
            owners: if kind.has_owner() {
                vec![founder_reference.clone()]
            } else {
                Vec::new()
            },
            representatives: vec![founder_reference.clone()],
            managers: [Some(founder_reference), partner.filter(|_| draw.chance(300))]
                .into_iter()
                .flatten()
                .collect(),
            lines: lines(edition_2025, draw),
            branches: (1..=branches)
                .map(|unit| self.branch(&code, &name, unit, draw))
                .collect(),
            as_of: as_of(draw),
            version: (change_no + 1).to_string(),
            code,
            name,
            kind,
            first_registered,
            last_changed,
            change_no,
            state,
            members,
            head_office,
        }
    }

    /// The founder with a partner, an organisation, or both.
    fn members(
        &self,
        number: u64,
        founder: &Reference,
        partner: Option<&Reference>,
        draw: &mut Draw,
    ) -> Vec<Share> {
        let mut holders = vec![Holder::Person(founder.clone())];
        holders.extend(partner.cloned().map(Holder::Person));
        let of_cast = number < cast::ENTERPRISES.len() as u64;
        if of_cast || holders.len() < 2 || draw.chance(200) {
            let other = number.saturating_sub(1);
            let other_founder = self.founder(other);
            holders.push(
                match usize::try_from(other)
                    .ok()
                    .and_then(|other| cast::ENTERPRISES.get(other))
                {
                    Some(member) => Holder::Organisation {
                        code: member.code.to_owned(),
                        name: member.name.to_owned(),
                    },
                    None => {
                        let company = self.name_and_code(other, &other_founder);
                        Holder::Organisation {
                            code: company.0,
                            name: company.1,
                        }
                    }
                },
            );
        }
        let each = 10_000 / i64::try_from(holders.len()).unwrap_or(1);
        let given = i64::from(draw.between(0, 24)) * 100;
        let others = each - given / 2;
        let count = i64::try_from(holders.len()).unwrap_or(1);
        holders
            .into_iter()
            .enumerate()
            .map(|(place, holder)| Share {
                holder,
                basis_points: if place == 0 {
                    10_000 - others * (count - 1)
                } else {
                    others
                },
            })
            .collect()
    }

    fn name_and_code(&self, number: u64, founder: &Person) -> (String, String) {
        let (kind, code) = self.kind_and_code(number, founder);
        let mut draw = Draw::of(self.seed, STREAM + 1, number);
        let (trade, _) = draw.pick(&TRADES);
        let (proper, _) = draw.pick(&PROPER_NAMES);
        let name = match kind {
            Kind::HouseholdBusiness => {
                format!("{} {}", kind.prefix(), founder.identity.full_name.to_uppercase())
            }
            _ => format!("{} {trade} {proper}", kind.prefix()),
        };
        (code, name)
    }

    fn office(&self, founder: &Person, draw: &mut Draw) -> Address {
        places::address_today(places::former(founder.identity.former).1, draw)
    }

    fn branch(&self, code: &str, name: &str, unit: u64, draw: &mut Draw) -> Branch {
        let province = places::former(places::some_former(draw)).1;
        Branch {
            code: format!("{code}-{unit:03}"),
            name: format!("CHI NHÁNH SỐ {unit} - {name}"),
            address: places::address_today(province, draw),
        }
    }
}

fn lines(edition_2025: bool, draw: &mut Draw) -> Vec<Line> {
    let count = draw.between(1, 4);
    let mut lines: Vec<Line> = Vec::new();
    while lines.len() < usize::try_from(count).unwrap_or(1) {
        let (code, label) = draw.pick(&LINES);
        if lines.iter().all(|line| line.code != code) {
            let moved = edition_2025 && IN_BOTH_EDITIONS.contains(&code);
            lines.push(Line {
                code,
                label,
                edition: if moved { EDITION_2025 } else { EDITION_2018 },
                main: lines.is_empty(),
            });
        }
    }
    lines
}

/// The newest first.
fn states(state: State, registered: &str, since: &str) -> Vec<StatePeriod> {
    let began = StatePeriod {
        phrase: State::Active.phrase(),
        from: registered.to_owned(),
        to: None,
        reason: None,
    };
    if state == State::Active {
        return vec![began];
    }
    let now = StatePeriod {
        phrase: state.phrase(),
        from: since.to_owned(),
        to: (state == State::Suspended).then(|| "31/08/2027".to_owned()),
        reason: match state {
            State::Suspended => Some("Theo đề nghị của doanh nghiệp"),
            State::Dissolved => Some("Theo nghị quyết của chủ sở hữu"),
            _ => None,
        },
    };
    vec![
        now,
        StatePeriod {
            to: Some(since.to_owned()),
            ..began
        },
    ]
}

fn day_between(first_year: i32, last_year: i32, draw: &mut Draw) -> String {
    let year = draw.between(first_year.min(last_year), last_year);
    let month = draw.between(1, if year == 2026 { 9 } else { 12 });
    format!("{:02}/{month:02}/{year}", draw.between(1, 28))
}
