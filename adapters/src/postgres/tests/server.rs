//! A real PostgreSQL in a folder of its own, on a free port and on a socket, with a certificate of
//! an authority of its own. It ends, and its folder goes, when this goes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

pub(super) struct Server {
    folder: tempfile::TempDir,
    pub(super) port: u16,
}

impl Server {
    /// Starts it and carries out `sql` as its owner.
    pub(super) fn start(sql: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // The server's user, who may be another, makes its files in it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let server = Self { folder, port };
        server.write_certificates();
        let data = server.data();
        run(program("initdb")
            .args([
                "--no-sync",
                "--auth=trust",
                "--username=owner",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "-D",
            ])
            .arg(&data));
        fs::write(
            data.join("pg_hba.conf"),
            "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
        )
        .expect("the access file");
        server.begin();
        server.write("CREATE ROLE reader LOGIN PASSWORD 'reader''s'");
        server.write(sql);
        fs::write(server.path("password"), "reader's\n").expect("a file");
        server
    }

    /// Starts the server that was stopped.
    pub(super) fn begin(&self) {
        let folder = self.folder.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off \
             -c ssl=on -c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key \
             -c log_statement=all -c max_connections=50",
            self.port
        );
        run(program("pg_ctl")
            .args(["start", "-w", "-s", "-D"])
            .arg(self.data())
            .arg("-l")
            .arg(self.path("log"))
            .args(["-o", &options]));
    }

    pub(super) fn stop(&self) {
        run(&mut self.stopping());
    }

    fn stopping(&self) -> Command {
        let mut command = program("pg_ctl");
        command
            .args(["stop", "-w", "-s", "-m", "immediate", "-D"])
            .arg(self.data());
        command
    }

    /// Carries out statements as the database's owner, and gives what they say.
    pub(super) fn write(&self, sql: &str) -> String {
        let output = run(program("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "owner",
                "-d",
                "postgres",
                "-h",
            ])
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-c", sql]));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// What it logged: every statement.
    pub(super) fn log(&self) -> String {
        let output = run(command("cat").arg(self.path("log")));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(super) fn base(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_certificates(&self) {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        for name in ["ca", "stranger"] {
            let key = KeyPair::generate().expect("a key");
            let certificate = params.self_signed(&key).expect("a certificate");
            fs::write(self.path(&format!("{name}.crt")), certificate.pem()).expect("a file");
            if name == "ca" {
                let issuer = Issuer::new(params.clone(), key);
                let server_key = KeyPair::generate().expect("a key");
                let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
                let server = CertificateParams::new(names).expect("parameters");
                let server = server.signed_by(&server_key, &issuer).expect("a certificate");
                fs::write(self.path("server.crt"), server.pem()).expect("a file");
                let (crt, key) = (self.path("plain.key"), self.path("server.key"));
                fs::write(&crt, server_key.serialize_pem()).expect("a file");
                fs::set_permissions(&crt, fs::Permissions::from_mode(0o644)).expect("permissions");
                // The server wants a key that only its own user may read.
                run(command("install").args(["-m", "600"]).arg(&crt).arg(&key));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _stopped = self.stopping().output();
        // The server's own user made it.
        let _gone = command("rm").arg("-rf").arg(self.data()).output();
    }
}

/// A program of PostgreSQL, where Debian puts it or on the path.
fn program(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<_> = versions
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    command(found.pop().unwrap_or_else(|| name.into()))
}

/// As another user where this is root, whom PostgreSQL refuses.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(program)
        .current_dir("/");
    command
}

fn run(command: &mut Command) -> Output {
    // pg_ctl leaves the server with its pipes open: a file takes what is said.
    let said = tempfile::NamedTempFile::new().expect("a file");
    let out = tempfile::NamedTempFile::new().expect("a file");
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(out.reopen().expect("a file"))
        .stderr(said.reopen().expect("a file"))
        .status()
        .expect("PostgreSQL is installed (Debian: postgresql)");
    let stderr = fs::read(said.path()).expect("a file");
    assert!(
        status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&stderr)
    );
    Output {
        status,
        stdout: fs::read(out.path()).expect("a file"),
        stderr,
    }
}
