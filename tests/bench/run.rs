//! The order of a run.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use proto::lookup::v1::Source;
use tokio::task::LocalSet;

use crate::calls::Calls;
use crate::load::{Generator, Shape, Target, Window};
use crate::process_cost;
use crate::report::{Cold, Comparison, Pair, Report, Side, Token};
use crate::scene::Scene;
use crate::server::Server;
use crate::tally::Tally;

const SHAPES: [Shape; 3] = [
    Shape {
        connections: 8,
        streams: 8,
    },
    Shape {
        connections: 8,
        streams: 32,
    },
    ALONE,
];
const ALONE: Shape = Shape {
    connections: 1,
    streams: 1,
};
/// Most citizens whose answers are asked for over and over.
const HOT: usize = 10_000;
/// Most cold lookups that are timed, spread over the registry.
const COLD: usize = 5_000;
/// Most cold lookups by many streams at once, so that the cache is full.
const FILL: usize = 100_000;
/// Tokens that are called with twice.
const TOKENS: usize = 300;

/// How long and how much.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Pairs of measurements of each shape of load.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=100))]
    pairs: u16,
    /// Citizens in the registry.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    citizens: u32,
    /// Threads of the gateway; 0: one a core.
    #[arg(long, default_value_t = 0)]
    workers: usize,
    /// The gateway's binary [default: the one beside this program].
    #[arg(long)]
    gateway: Option<std::path::PathBuf>,
}

/// Starts both servers, measures them in turn, and gives what was seen.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, measure(plan))
}

async fn measure(plan: &Plan) -> anyhow::Result<Report> {
    let citizens = usize::try_from(plan.citizens)?;
    let scene = Scene::create(citizens, plan.workers)?;
    let connections = SHAPES.iter().map(|shape| shape.connections).max().unwrap_or(1);
    let generator = Rc::new(Generator {
        calls: Calls::prepare(&scene, connections + TOKENS)?,
        tls: scene.client_tls()?,
    });
    let mut errors = Errors::default();

    let gateway = Server::gateway(&scene, plan.gateway.as_deref())?;
    let resident_at_start = process_cost::resident_bytes(gateway.process())?;
    let mut ours = Target {
        address: gateway.address(),
        process: gateway.process(),
        expected: Some(Source::Registry),
    };
    let answer = generator.answer(&ours, 0).await?;
    let answer_file = scene.path("answer");
    std::fs::write(&answer_file, &answer)?;
    let reference = Server::reference(&scene, &answer_file)?;
    let bare = Target {
        address: reference.address(),
        process: reference.process(),
        expected: None,
    };

    let hot = (citizens / 2).min(HOT);
    let spread = |count: usize, from: usize| {
        let step = ((citizens - hot) / count).max(1);
        (hot + from..citizens)
            .step_by(step)
            .take(count)
            .collect::<Vec<_>>()
    };
    errors.add(&generator.once(&ours, SHAPES[0], (1..hot).collect()).await?);
    let cold = generator.once(&ours, ALONE, spread(COLD, 0)).await?;
    errors.add(&cold);
    ours.expected = Some(Source::Cache);
    // Twice, so that the cache knows that these are worth more than those that are asked for once.
    for _ in 0..2 {
        errors.add(&generator.once(&ours, SHAPES[0], (0..hot).collect()).await?);
    }
    ours.expected = None;
    errors.add(&generator.once(&ours, SHAPES[0], spread(FILL, 1)).await?);
    ours.expected = Some(Source::Cache);
    let tokens = connections..connections + TOKENS;
    let first = generator.tokens(&ours, tokens.clone()).await?;
    let again = generator.tokens(&ours, tokens).await?;

    let mut comparisons = Vec::new();
    for shape in SHAPES {
        let mut pairs = Vec::new();
        for _ in 0..plan.pairs {
            let length = Duration::from_secs_f64(plan.seconds);
            let first = generator.window(&bare, shape, hot, length).await?;
            let second = generator.window(&ours, shape, hot, length).await?;
            errors.add(&first.tally);
            errors.add(&second.tally);
            pairs.push(Pair {
                reference: side(&first),
                gateway: side(&second),
            });
        }
        comparisons.push(Comparison::new(shape, pairs));
    }
    let resident_at_end = process_cost::resident_bytes(gateway.process())?;
    if let Err(error) = gateway.stop() {
        errors.count(error.to_string(), 1);
    }
    Ok(Report {
        cores: std::thread::available_parallelism()?.get(),
        citizens,
        answer_bytes: answer.len(),
        comparisons,
        cold: Cold {
            lookups: cold.answers(),
            p50_us: cold.within(0.5),
            p99_us: cold.within(0.99),
        },
        token: Token {
            first_us: each(first),
            again_us: each(again),
        },
        resident_at_start,
        resident_at_end,
        errors: errors.0,
    })
}

#[expect(clippy::cast_precision_loss, reason = "a small count")]
fn each(cpu: Duration) -> f64 {
    cpu.as_secs_f64() * 1e6 / TOKENS as f64
}

#[derive(Default)]
struct Errors(BTreeMap<String, u64>);

impl Errors {
    fn add(&mut self, tally: &Tally) {
        for (why, times) in tally.errors() {
            self.count(why.clone(), *times);
        }
    }

    fn count(&mut self, why: String, times: u64) {
        *self.0.entry(why).or_default() += times;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn side(window: &Window) -> Side {
    let answers = window.tally.answers() as f64;
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / answers.max(1.0);
    Side {
        requests_per_second: answers / window.length.as_secs_f64(),
        cpu_us_per_request: each(window.cpu.all),
        log_us_per_request: each(window.cpu.log),
        p50_us: window.tally.within(0.5),
        p99_us: window.tally.within(0.99),
    }
}

pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.1..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err("wanted a number from 0.1 to 60".into()),
    }
}
