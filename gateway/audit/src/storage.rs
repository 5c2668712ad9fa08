//! Every durable dance with files, in one place, behind a seam that tests can stand in for.

#[cfg(test)]
pub(crate) mod faulty;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

/// What the log asks of a file system.
pub trait Storage: Clone + Send + Sync + 'static {
    /// An open file.
    type File: StoredFile;

    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// As the system says.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// Makes a file, or empties the one that is there.
    ///
    /// # Errors
    /// As the system says.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// Puts `from` in the place of `to`.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file away.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory and those above it, if they are missing.
    ///
    /// # Errors
    /// As the system says.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Takes a directory away with the files in it.
    ///
    /// # Errors
    /// As the system says.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// As the system says.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, in no order.
    ///
    /// # Errors
    /// As the system says.
    fn names(&self, path: &Path) -> io::Result<Vec<String>>;

    /// Makes the file if it is missing and locks it until the value is dropped; `None` when another process holds it.
    ///
    /// # Errors
    /// As the system says.
    fn lock(&self, path: &Path) -> io::Result<Option<Self::File>>;

    /// The writer stands here. Does nothing, but for a storage made for tests, which may stop or fail it.
    ///
    /// # Errors
    /// Whatever the test wants; the writer takes it for a failed write.
    fn reached(&self, _point: FailPoint) -> io::Result<()> {
        Ok(())
    }
}

/// Where a commit can be stopped between two dealings with the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailPoint {
    /// The batch was taken out of the line; nothing is written.
    BeforeAppend,
    /// It is written, not synced.
    AfterWrite,
    /// It is synced; nobody knows.
    AfterSync,
    /// The checkpoint is the writer's own; the callers are told next.
    BeforeAnswer,
}

/// What the log asks of an open file. Offsets and lengths are in bytes.
pub trait StoredFile: Send + Sync + 'static {
    /// Reads what is at `offset` into the front of `buffer`; 0 at the end of the file.
    ///
    /// # Errors
    /// As the system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// As the system says; part of the bytes may then be written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes content and length durable (`fdatasync`). After an error nothing is known about what was written.
    ///
    /// # Errors
    /// As the system says.
    fn sync_data(&self) -> io::Result<()>;

    /// Cuts or lengthens the file.
    ///
    /// # Errors
    /// As the system says.
    fn set_len(&self, bytes: u64) -> io::Result<()>;

    /// The file's length.
    ///
    /// # Errors
    /// As the system says.
    fn length(&self) -> io::Result<u64>;
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    type File = File;

    fn open(&self, path: &Path) -> io::Result<File> {
        match OpenOptions::new().read(true).write(true).open(path) {
            // An auditor's copy is for reading alone.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                File::open(path)
            }
            other => other,
        }
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        // A name that is not UTF-8 is none of ours.
        fs::read_dir(path)?
            .filter_map(|item| item.map(|item| item.file_name().into_string().ok()).transpose())
            .collect()
    }

    fn lock(&self, path: &Path) -> io::Result<Option<File>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl StoredFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match std::os::unix::fs::FileExt::read_at(self, buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        Self::set_len(self, bytes)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// Makes a file under its final name, whole or not at all, with what `fill` writes: a temporary name, sync, rename,
/// sync of the directory. A file that has the name is replaced.
pub(crate) fn place_file<S: Storage>(
    storage: &S,
    path: &Path,
    fill: impl FnOnce(&S::File) -> io::Result<()>,
) -> io::Result<S::File> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let temporary = path.with_extension("new");
    let file = storage.create(&temporary)?;
    fill(&file).and_then(|()| file.sync_data()).inspect_err(|_| {
        // The space matters more than the file: on a full disk the half-made one must not stay.
        drop(file.set_len(0));
    })?;
    storage.rename(&temporary, path)?;
    storage.sync_directory(directory)?;
    Ok(file)
}

/// Reads exactly `buffer.len()` bytes.
pub(crate) fn read_exact_at<F: StoredFile>(
    file: &F,
    mut buffer: &mut [u8],
    mut offset: u64,
) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.read_at(buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                buffer = buffer.get_mut(count..).unwrap_or_default();
                offset += count as u64;
            }
        }
    }
    Ok(())
}

static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// Writes zeros over `from..to`, so that later writes there change no metadata.
pub(crate) fn write_zeros<F: StoredFile>(file: &F, mut from: u64, to: u64) -> io::Result<()> {
    while from < to {
        let count = (to - from).min(ZEROS.len() as u64);
        file.write_all_at(ZEROS.get(..count as usize).unwrap_or_default(), from)?;
        from += count;
    }
    Ok(())
}

/// The content of a file that only its owner may read or write.
pub(crate) fn read_secret_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    /// A key file is one line; anything longer is not one.
    const LIMIT: u64 = 4096;
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        let found = mode & 0o777;
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("mode {found:o} lets others in, want 600"),
        ));
    }
    // Reserved at once, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT as usize));
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a new file of mode 0600, durably.
pub(crate) fn write_secret_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => Disk.sync_directory(directory),
        _ => Disk.sync_directory(Path::new(".")),
    }
}
