//! Identifiers that try to be more than a text, for the tests of every kind, and what they aim at: a file and an
//! address that nobody may touch.

use std::fs::{self, File, FileTimes};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A file and an address that tell whether anybody came.
pub(crate) struct Canary {
    listener: TcpListener,
    folder: tempfile::TempDir,
    read: SystemTime,
}

impl Canary {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it doesn't wait");
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("canary"), "song").expect("a file");
        let mut canary = Self {
            listener,
            folder,
            read: SystemTime::UNIX_EPOCH,
        };
        // Before its last change, so that the next reading is written down even where not every one is.
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
        let file = File::options()
            .write(true)
            .open(canary.file())
            .expect("it is there");
        file.set_times(FileTimes::new().set_accessed(before))
            .expect("a time");
        drop(file);
        canary.read = fs::metadata(canary.file())
            .and_then(|file| file.accessed())
            .expect("a time");
        canary
    }

    /// What leads to file or address where an identifier is taken for more than a text. None is made of digits, and
    /// none holds a control character.
    pub(crate) fn identifiers(&self) -> Vec<String> {
        let file = self.file().display().to_string();
        let other = self.folder.path().join("made").display().to_string();
        let address = self.listener.local_addr().expect("an address");
        vec![
            file.clone(),
            format!("file://{file}"),
            format!("../../../../../../../../../..{file}"),
            format!("http://{address}/"),
            format!("//{address}/x"),
            format!("@{address}/"),
            format!("x@{address}:{}", address.port()),
            format!("\\\\{address}\\x"),
            format!("'; ATTACH DATABASE '{other}' AS x; CREATE TABLE x.y(z); --"),
            format!("' UNION SELECT writefile('{other}', 'x') --"),
            format!("'; COPY (SELECT 1) TO '{other}'; --"),
            format!("'; COPY cong_dan FROM '{file}'; --"),
            format!("' || pg_read_file('{file}') || '"),
            format!("' || lo_import('{file}') || '"),
            format!(
                "'; SELECT dblink_connect('host=127.0.0.1 port={}'); --",
                address.port()
            ),
            format!("<!DOCTYPE x [<!ENTITY y SYSTEM \"file://{file}\">]>&y;"),
            format!("<!DOCTYPE x SYSTEM \"http://{address}/x.dtd\">"),
            format!(
                "<x xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"http://{address}/\"/></x>"
            ),
            format!("<?xml-stylesheet href=\"http://{address}/\"?>"),
            format!("${{jndi:ldap://{address}/x}}"),
            format!("$(cat {file} > {other})"),
            format!("`cat {file} > {other}`"),
            format!("| cat {file}"),
            format!("; touch {other}"),
            format!("{{\"$ref\":\"http://{address}/\"}}"),
            format!("x-forwarded-host: {address}"),
            format!("?url=http://{address}/#"),
        ]
    }

    /// Fails when anybody came to the address, or read, made, changed or removed a file.
    pub(crate) fn expect_untouched(&self) {
        let came = self.listener.accept();
        assert!(
            came.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
            "somebody connected"
        );
        let read = fs::metadata(self.file())
            .and_then(|file| file.accessed())
            .expect("the file is there");
        assert_eq!(read, self.read, "somebody read the file");
        let files = fs::read_dir(self.folder.path()).expect("the folder").count();
        assert_eq!(files, 1, "somebody made a file");
        assert_eq!(fs::read_to_string(self.file()).expect("the file"), "song");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("canary")
    }
}

#[test]
fn a_canary_tells_who_came() {
    let fails = |touch: &dyn Fn(&Canary)| {
        let canary = Canary::new();
        canary.expect_untouched();
        touch(&canary);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| canary.expect_untouched())).is_err()
    };
    assert!(fails(&|canary| {
        let address = canary.listener.local_addr().expect("an address");
        drop(std::net::TcpStream::connect(address).expect("it listens"));
    }));
    assert!(fails(
        &|canary| fs::write(canary.folder.path().join("made"), "x").expect("a file")
    ));
    assert!(fails(&|canary| fs::write(canary.file(), "x").expect("a file")));
}
