//! All that is on the disk, and its power.

use std::io;
use std::path::{Path, PathBuf};

use super::names::{Names, Node};
use super::sabotage::Sabotage;
use crate::simulation::power_cut::{Change, Mood, survive};
use crate::simulation::random::Random;

/// What a disk can refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Also making a file.
    Open,
    /// Also cutting a file. A refused write may have written a part.
    Write,
    /// Of a file or a directory.
    Sync,
    /// Also taking a name away, or making a directory.
    Rename,
}

/// A deed that is refused once.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Once {
    pub(in crate::simulation) deed: Deed,
    /// So many are done before.
    pub(in crate::simulation) after: u64,
    pub(in crate::simulation) fault: Fault,
}

/// How a deed is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// EIO.
    Broken,
    /// ENOSPC.
    Full,
    /// EINTR.
    Interrupted,
    /// A part is written, and then nothing more. Of writes alone.
    Short,
}

impl Fault {
    /// Those that this deed can meet.
    #[must_use]
    pub fn of(deed: Deed) -> &'static [Self] {
        match deed {
            Deed::Write => &[Self::Broken, Self::Full, Self::Interrupted, Self::Short],
            Deed::Open | Deed::Sync | Deed::Rename => &[Self::Broken, Self::Full, Self::Interrupted],
        }
    }

    fn error(self) -> io::Error {
        match self {
            Self::Broken => rustix::io::Errno::IO.into(),
            Self::Full => rustix::io::Errno::NOSPC.into(),
            Self::Interrupted => rustix::io::Errno::INTR.into(),
            Self::Short => io::ErrorKind::WriteZero.into(),
        }
    }
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Write, Self::Sync, Self::Rename];
}

/// A file's content.
#[derive(Default)]
struct Inode {
    now: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

/// The disk.
pub(in crate::simulation) struct World {
    inodes: Vec<Inode>,
    names: Names,
    random: Random,
    sabotage: Sabotage,
    /// Counts power cuts and kills.
    start: u64,
    powered: bool,
    /// Deeds until the power fails.
    deeds_left: Option<u64>,
    /// One deed in so many fails; 0 for none.
    pub(in crate::simulation) failing: u64,
    pub(in crate::simulation) faults: u64,
    pub(in crate::simulation) once: Option<Once>,
    /// The file whose sync was promised and is still to be done.
    owed: Option<usize>,
}

impl World {
    pub(super) fn new(random: Random, sabotage: Sabotage) -> Self {
        Self {
            inodes: Vec::new(),
            names: Names::default(),
            random,
            sabotage,
            start: 0,
            powered: true,
            deeds_left: None,
            failing: 0,
            faults: 0,
            once: None,
            owed: None,
        }
    }

    /// The power fails after so many deeds.
    pub(in crate::simulation) fn cut_after(&mut self, deeds: Option<u64>) {
        self.deeds_left = deeds;
    }

    pub(in crate::simulation) fn powered(&self) -> bool {
        self.powered
    }

    /// The program is gone, the machine is not: files stay as they are, synced or not.
    pub(in crate::simulation) fn kill(&mut self) {
        self.start += 1;
        self.powered = true;
        self.deeds_left = None;
    }

    /// Leaves what a power cut leaves, and has power again.
    pub(in crate::simulation) fn restart(&mut self) {
        let mood = Mood::of(&mut self.random);
        self.names.power_cut(mood, &mut self.random);
        for inode in &mut self.inodes {
            survive(&inode.pending, &mut inode.durable, mood, &mut self.random);
            inode.pending.clear();
            inode.now.clone_from(&inode.durable);
        }
        self.start += 1;
        self.powered = true;
        self.deeds_left = None;
        self.owed = None;
    }

    /// Every file and its content.
    pub(in crate::simulation) fn files(&self) -> impl Iterator<Item = (&PathBuf, &[u8])> {
        self.names.now.iter().filter_map(|(path, node)| match node {
            Node::File(inode) => Some((path, self.inodes.get(*inode)?.now.as_slice())),
            Node::Directory(_) => None,
        })
    }

    /// A deed: the power may fail here.
    pub(super) fn tick(&mut self) -> io::Result<()> {
        self.on()?;
        if let Some(left) = &mut self.deeds_left {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => self.powered = false,
            }
        }
        self.on()?;
        if let Some(inode) = self.owed.take() {
            self.make_durable(inode);
        }
        Ok(())
    }

    fn on(&self) -> io::Result<()> {
        if self.powered {
            Ok(())
        } else {
            Err(io::Error::other("power is off"))
        }
    }

    fn of_this_start(&self, start: u64) -> io::Result<()> {
        if start == self.start {
            Ok(())
        } else {
            Err(io::Error::other("file is of an earlier start"))
        }
    }

    /// Whether the disk refuses this deed.
    fn fault(&mut self, deed: Deed) -> io::Result<()> {
        if let Some(once) = &mut self.once
            && once.deed == deed
        {
            match once.after.checked_sub(1) {
                Some(less) => once.after = less,
                None => {
                    let fault = once.fault;
                    self.once = None;
                    self.faults += 1;
                    return Err(fault.error());
                }
            }
        }
        if self.failing == 0 || !self.random.one_in(self.failing) {
            return Ok(());
        }
        self.faults += 1;
        let fault = match self.random.below(3) {
            0 => Fault::Full,
            1 => Fault::Interrupted,
            _ => Fault::Broken,
        };
        Err(fault.error())
    }

    fn make_durable(&mut self, inode: usize) {
        if let Some(inode) = self.inodes.get_mut(inode) {
            for change in inode.pending.drain(..) {
                change.apply(&mut inode.durable);
            }
        }
    }

    fn inode(&mut self, inode: usize) -> io::Result<&mut Inode> {
        self.inodes
            .get_mut(inode)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&mut self, inode: usize, change: Change) -> io::Result<()> {
        let inode = self.inode(inode)?;
        change.apply(&mut inode.now);
        inode.pending.push(change);
        Ok(())
    }

    pub(super) fn open(&mut self, path: &Path) -> io::Result<(usize, u64)> {
        self.on()?;
        match self.names.now.get(path).copied() {
            Some(Node::File(inode)) => {
                self.fault(Deed::Open)?;
                Ok((inode, self.start))
            }
            Some(Node::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn create(&mut self, path: &Path) -> io::Result<(usize, u64)> {
        self.tick()?;
        self.fault(Deed::Open)?;
        if let Some(Node::File(inode)) = self.names.now.get(path).copied() {
            self.change(inode, Change::Length(0))?;
            return Ok((inode, self.start));
        }
        self.within_a_directory(path)?;
        let inode = self.inodes.len();
        self.inodes.push(Inode::default());
        self.names.change(Node::File(inode), None, Some(path));
        Ok((inode, self.start))
    }

    fn within_a_directory(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        match self.names.now.get(directory) {
            Some(Node::Directory(_)) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.tick()?;
        let node = *self.names.now.get(from).ok_or(io::ErrorKind::NotFound)?;
        self.within_a_directory(to)?;
        self.fault(Deed::Rename)?;
        self.names.change(node, Some(from), Some(to));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.tick()?;
        let node = *self.names.now.get(path).ok_or(io::ErrorKind::NotFound)?;
        self.fault(Deed::Rename)?;
        self.names.change(node, Some(path), None);
        Ok(())
    }

    pub(super) fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        self.tick()?;
        self.fault(Deed::Rename)?;
        let mut above: Vec<&Path> = path
            .ancestors()
            .filter(|above| above.components().count() > 1)
            .collect();
        above.reverse();
        for directory in above {
            if !self.names.now.contains_key(directory) {
                let node = Node::Directory(self.inodes.len());
                self.inodes.push(Inode::default());
                self.names.change(node, None, Some(directory));
            }
        }
        Ok(())
    }

    pub(super) fn remove_directory(&mut self, path: &Path) -> io::Result<()> {
        self.tick()?;
        if !self.names.now.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.fault(Deed::Rename)?;
        let mut within: Vec<(PathBuf, Node)> = self
            .names
            .now
            .iter()
            .filter(|(name, _)| name.starts_with(path))
            .map(|(name, node)| (name.clone(), *node))
            .collect();
        within.reverse();
        for (name, node) in within {
            self.names.change(node, Some(&name), None);
        }
        Ok(())
    }

    pub(super) fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        self.tick()?;
        self.fault(Deed::Sync)?;
        if self.sabotage != Sabotage::SkipDirectorySync {
            self.names.sync(path);
        }
        Ok(())
    }

    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<String>> {
        self.on()?;
        if !self.names.now.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let within = self.names.now.keys().filter(|name| name.parent() == Some(path));
        Ok(within
            .filter_map(|name| Some(name.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    pub(super) fn read(&self, inode: usize, start: u64, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.on()?;
        self.of_this_start(start)?;
        let content = self
            .inodes
            .get(inode)
            .map(|inode| inode.now.as_slice())
            .unwrap_or_default();
        let rest = content.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(place), Some(bytes)) = (buffer.get_mut(..count), rest.get(..count)) {
            place.copy_from_slice(bytes);
        }
        Ok(count)
    }

    pub(super) fn write(&mut self, inode: usize, start: u64, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.of_this_start(start)?;
        self.tick()?;
        let write = |bytes: &[u8]| Change::Write {
            offset,
            bytes: bytes.to_vec(),
        };
        if let Err(error) = self.fault(Deed::Write) {
            // Part of it was written.
            let count = self.random.below(bytes.len() as u64 + 1) as usize;
            self.change(inode, write(bytes.get(..count).unwrap_or_default()))?;
            return match self.sabotage {
                Sabotage::IgnoreShortWrite => Ok(()),
                _ => Err(error),
            };
        }
        self.change(inode, write(bytes))
    }

    pub(super) fn sync(&mut self, inode: usize, start: u64, path: &Path) -> io::Result<()> {
        self.of_this_start(start)?;
        self.tick()?;
        if let Err(error) = self.fault(Deed::Sync) {
            // Part of it reached the disk; what did not never will, though it can still be read.
            let mood = Mood::of(&mut self.random);
            let mut random = self.random.clone();
            self.random.next();
            let inode = self.inode(inode)?;
            survive(&inode.pending, &mut inode.durable, mood, &mut random);
            inode.pending.clear();
            return match self.sabotage {
                Sabotage::RetrySync => Ok(()),
                _ => Err(error),
            };
        }
        match self.sabotage {
            sabotage if sabotage.skips_sync(path) => {}
            Sabotage::AnswerBeforeSync => self.owed = Some(inode),
            _ => self.make_durable(inode),
        }
        Ok(())
    }

    pub(super) fn set_length(&mut self, inode: usize, start: u64, bytes: u64) -> io::Result<()> {
        self.of_this_start(start)?;
        self.tick()?;
        self.fault(Deed::Write)?;
        if self.sabotage == Sabotage::KeepTornTail && bytes > 0 {
            return Ok(());
        }
        self.change(inode, Change::Length(bytes))
    }

    pub(super) fn length(&self, inode: usize, start: u64) -> io::Result<u64> {
        self.on()?;
        self.of_this_start(start)?;
        Ok(self.inodes.get(inode).map_or(0, |inode| inode.now.len() as u64))
    }
}
