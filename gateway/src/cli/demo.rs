//! `lienthong demo`: everything that a gateway needs in one folder, sample calls, and the way on.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anstyle::Style;
use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::calling::{NO, UNAVAILABLE};
use crate::boot::{self, Running};
use crate::clock::Moment;
use crate::demo::adapters;
use crate::demo::cast::{citizens, enterprises};
use crate::demo::data::{self, Summary};
use crate::demo::folder::Folder;
use crate::demo::samples;
use crate::settings;
use crate::simulate::Kind;

const HEADING: Style = Style::new().bold();

/// Tokens live five minutes; the files are written anew before they end.
const TOKEN_REFRESH: Duration = Duration::from_secs(120);

/// Show the gateway at work: makes development keys, synthetic registries and a configuration in a
/// folder, starts the gateway, makes sample calls as an agency, and serves until Ctrl-C.
#[derive(Debug, Args)]
pub(super) struct DemoCommand {
    /// The folder; made when it is not there, used again when it is a demo folder.
    #[arg(long, default_value = "demo")]
    dir: PathBuf,
    /// Port on 127.0.0.1 [default: 8443, with --once a free one].
    #[arg(long)]
    port: Option<u16>,
    /// Citizens in the synthetic registries; one enterprise for every five.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(data::FEWEST..=data::MOST))]
    citizens: u64,
    /// Exit after the sample calls: 0 when each came out as expected, 1 otherwise.
    #[arg(long)]
    once: bool,
    /// Registries behind simulated servers instead of files: each registry, in the order of their names, speaks
    /// the next of these languages. The configuration is then DIR/config-adapters.
    #[arg(long, value_name = "KIND", value_enum, value_delimiter = ',')]
    adapters: Vec<Kind>,
}

impl DemoCommand {
    /// Prints the samples; exit code 0 when each came out as expected.
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let mut folder = Folder::open(&self.dir)?;
        if !self.adapters.is_empty() {
            folder = folder.with_adapters();
        }
        let summary = self.data(&folder)?;
        folder.write_keys(Moment::now())?;
        let port = self.port.unwrap_or(if self.once { 0 } else { 8443 });
        folder.write_config(&format!("127.0.0.1:{port}"))?;
        let served = adapters::serve(&folder, &self.adapters)?;
        let Some(running) = start(&folder)? else {
            return Ok(ExitCode::from(UNAVAILABLE));
        };
        let address = running.address().to_string();
        folder.write_profiles(&address)?;
        folder.write_tokens()?;
        greet(&folder, &summary, &address, out)?;
        for (registry, kind, address) in &served.registries {
            writeln!(
                out,
                "{registry} by {} from a simulated registry on {address}",
                kind.word()
            )?;
        }
        let shown = self.show(&folder, &address, out);
        running.stop();
        served.stop()?;
        let unexpected = shown?;
        if unexpected > 0 {
            anstream::eprintln!("error: {unexpected} of the samples did not come out as expected");
            return Ok(ExitCode::from(NO));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the samples and serves; gives the number of samples that did not come out as expected.
    /// All connections are gone afterwards, so that the gateway has nothing to wait for.
    fn show(&self, folder: &Folder, address: &str, out: &mut dyn Write) -> Result<usize> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime")?;
        let unexpected = runtime.block_on(samples::show(folder, out))?;
        show_way_on(folder, address, self.once, out)?;
        out.flush()?;
        if !self.once {
            runtime.block_on(serve_until_interrupted(folder))?;
        }
        Ok(unexpected)
    }

    fn data(&self, folder: &Folder) -> Result<Summary> {
        if let Some(summary) = folder.current_data(self.citizens) {
            return Ok(summary);
        }
        let bar = ProgressBar::new(data::rows(self.citizens));
        let style = "{msg} {bar:30} {percent}% {elapsed}";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message("synthetic registries");
        let summary = folder.write_data(self.citizens, &|rows| bar.inc(rows))?;
        bar.finish_and_clear();
        Ok(summary)
    }
}

/// The gateway in this process; none when its configuration has a problem, which is then shown.
fn start(folder: &Folder) -> Result<Option<Running>> {
    let settings = match settings::load(&folder.config()) {
        Ok(settings) => settings,
        Err(problems) => {
            anstream::eprintln!("{problems}");
            return Ok(None);
        }
    };
    Ok(Some(boot::start(settings).map_err(|error| {
        anyhow!("the gateway does not start: {error:#}")
    })?))
}

fn greet(folder: &Folder, summary: &Summary, address: &str, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "{HEADING}Liên Thông{HEADING:#}  a gateway on {address}, in {}",
        folder.root().display()
    )?;
    writeln!(
        out,
        "{} citizens, {} enterprises, {} criminal records, {} certificates; all of them invented",
        summary.citizens, summary.enterprises, summary.criminal_records, summary.certificates
    )?;
    Ok(())
}

/// Command lines that work as they stand.
fn show_way_on(folder: &Folder, address: &str, once: bool, out: &mut dyn Write) -> Result<()> {
    let at = |path: PathBuf| path.display().to_string();
    let root = folder.root().display();
    let profile = at(folder.profile("H29.12"));
    let (owner, company) = (&citizens::OWNER, enterprises::SECURITY_COMPANY.code);
    let day = Moment::now().viet_nam_day().strftime("%y%m%d").to_string();
    let dossier = format!("--procedure 2.001478 --dossier H29.12-{day}-0007");
    let (log, key) = (at(folder.audit()), at(folder.log_key()));
    let token = at(folder.token("H29.12"));
    let body = format!(
        r#"{{"context":{{"procedureCode":"2.001478","dossierCode":"H29.12-{day}-0008","step":"STEP_RECEIVING","receivingAgency":"H29.12","competentAgency":"G01.79"}},"key":{{"enterpriseCode":"{company}"}},"claims":{{"legalState":"LEGAL_STATE_ACTIVE"}}}}"#
    );
    let method = "lienthong.business.v1.BusinessService/ConfirmEnterprise";
    let [ca, certificate, private] =
        ["ca.pem", "clients/H29.12.pem", "clients/H29.12.key"].map(|file| format!("{root}/keys/{file}"));
    let bearer = format!("authorization: Bearer $(cat {token})");
    writeln!(out, "\n{HEADING}8  The way on{HEADING:#}")?;
    if once {
        writeln!(
            out,
            "   (start it again without --once, and give the port with --port)"
        )?;
    }
    let program = own_name();
    let commands = [
        format!(
            "{program} confirm citizen --profile {profile} --id {} --name \"{}\" --birth {birth} {dossier} \\\n    --claim birth_date={birth} --claim sex=male",
            owner.personal_id,
            owner.full_name,
            birth = owner.birth_date
        ),
        format!("{program} lookup enterprise --profile {profile} --id {company} {dossier} --receipt"),
        format!("{program} audit search --log {log} --agency H29.12"),
        format!("{program} audit verify --log {log} --key {key}"),
        format!(
            "grpcurl -cacert {ca} -cert {certificate} -key {private} \\\n    -H \"{bearer}\" \\\n    -d '{body}' \\\n    {address} {method}"
        ),
        format!(
            "buf curl --protocol grpc --cacert {ca} --cert {certificate} --key {private} \\\n    -H \"{bearer}\" --reflect-header \"{bearer}\" \\\n    -d '{body}' \\\n    https://{address}/{method}"
        ),
    ];
    for command in commands {
        writeln!(out, "\n{command}")?;
    }
    Ok(())
}

/// How this program is called from here: by its name where that finds it, else by its path.
fn own_name() -> String {
    let name = "lienthong";
    let Ok(own) = std::env::current_exe().and_then(fs::canonicalize) else {
        return name.to_owned();
    };
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path)
            .any(|folder| fs::canonicalize(folder.join(name)).is_ok_and(|other| other == own))
    });
    if found {
        return name.to_owned();
    }
    let here = std::env::current_dir().and_then(fs::canonicalize).ok();
    let below = here.and_then(|here| Some(Path::new(".").join(own.strip_prefix(here).ok()?)));
    below.unwrap_or(own).display().to_string()
}

/// Keeps the token files fresh until Ctrl-C or SIGTERM.
async fn serve_until_interrupted(folder: &Folder) -> Result<()> {
    anstream::eprintln!("\nserving until Ctrl-C");
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut refresh = tokio::time::interval(TOKEN_REFRESH);
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
            _ = terminate.recv() => return Ok(()),
            _ = refresh.tick() => folder.write_tokens()?,
        }
    }
}
