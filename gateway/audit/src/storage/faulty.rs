//! A disk that counts, stops and fails on command. Only the journal's files are counted and made to fail.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::{Disk, Storage, StoredFile};

#[derive(Clone, Default)]
pub(crate) struct Faulty(pub(crate) Arc<Faults>);

#[derive(Default)]
pub(crate) struct Faults {
    /// Syncs of journal files that returned.
    pub(crate) syncs: AtomicUsize,
    pub(crate) writes: AtomicUsize,
    /// So many of the next syncs fail.
    pub(crate) failing_syncs: AtomicUsize,
    /// No write may make a file longer.
    pub(crate) full: AtomicBool,
    held: Mutex<bool>,
    released: Condvar,
    /// Syncs that wait to be released.
    pub(crate) holding: AtomicUsize,
}

impl Faults {
    /// From now on a sync of the journal waits for [`Self::release`].
    pub(crate) fn hold(&self) {
        *self.held.lock().expect("no panic") = true;
    }

    pub(crate) fn release(&self) {
        *self.held.lock().expect("no panic") = false;
        self.released.notify_all();
    }

    /// Waits until the writer stands in a sync.
    pub(crate) fn wait_for_held_sync(&self) {
        while self.holding.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
    }
}

pub(crate) struct FaultyFile {
    file: File,
    faults: Arc<Faults>,
    journal: bool,
}

impl Faulty {
    fn wrap(&self, path: &Path, file: File) -> FaultyFile {
        let journal = path.parent().is_some_and(|parent| parent.ends_with("journal"));
        FaultyFile {
            file,
            faults: Arc::clone(&self.0),
            journal,
        }
    }
}

impl Storage for Faulty {
    type File = FaultyFile;

    fn open(&self, path: &Path) -> io::Result<FaultyFile> {
        Ok(self.wrap(path, Disk.open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<FaultyFile> {
        Ok(self.wrap(path, Disk.create(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk.create_directory(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        Disk.remove_directory(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        Disk.sync_directory(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        Disk.names(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<FaultyFile>> {
        Ok(Disk.lock(path)?.map(|file| self.wrap(path, file)))
    }
}

impl StoredFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        StoredFile::read_at(&self.file, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.faults.full.load(Ordering::SeqCst) && offset + bytes.len() as u64 > self.length()? {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.journal {
            self.faults.writes.fetch_add(1, Ordering::SeqCst);
        }
        StoredFile::write_all_at(&self.file, bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        if !self.journal {
            return StoredFile::sync_data(&self.file);
        }
        let mut held = self.faults.held.lock().expect("no panic");
        self.faults.holding.fetch_add(1, Ordering::SeqCst);
        while *held {
            held = self.faults.released.wait(held).expect("no panic");
        }
        self.faults.holding.fetch_sub(1, Ordering::SeqCst);
        drop(held);
        let take_one = |left: usize| left.checked_sub(1);
        if self
            .faults
            .failing_syncs
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one)
            .is_ok()
        {
            return Err(io::Error::other("input/output error"));
        }
        StoredFile::sync_data(&self.file)?;
        self.faults.syncs.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        StoredFile::set_len(&self.file, bytes)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}
