//! Every change to a file as it goes through the door, recorded by tests, and what a power cut could
//! make of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{Identity, examine};

/// The disk writes a sector whole, or not at all.
const SECTOR: u64 = 512;
/// Of so many changes that the disk need not have, every subset is tried.
const EXHAUSTIVE: usize = 10;
/// Of more of them, so many subsets at random.
const SAMPLES: u64 = 1000;

/// One thing that was done.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write {
        file: Identity,
        offset: u64,
        bytes: Vec<u8>,
    },
    /// Zeros, which do not move the end of the file.
    Zero {
        file: Identity,
        range: Range<u64>,
    },
    SetLen {
        file: Identity,
        len: u64,
    },
    SyncFile(Identity),
    Name {
        file: Identity,
        name: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
    SyncFolder(PathBuf),
    /// The caller was told that all is done.
    Acknowledge,
}

/// What the calls of this thread did in a folder, and the files that they did it to.
struct Recorder {
    /// Holds a second name of each file, so that it stays the same one through every power cut.
    vault: tempfile::TempDir,
    files: HashMap<Identity, File>,
    changes: Vec<Change>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Notes a change, if this thread is being recorded.
pub(super) fn note(change: impl FnOnce() -> Change) {
    RECORDER.with_borrow_mut(|recorder| {
        if let Some(recorder) = recorder {
            recorder.changes.push(change());
        }
    });
}

/// Notes a change to this file.
pub(super) fn note_file(file: &File, change: impl FnOnce(Identity) -> Change) {
    RECORDER.with_borrow_mut(|recorder| {
        if let Some(recorder) = recorder {
            let (identity, _) = examine(file).unwrap();
            recorder.files.entry(identity).or_insert_with(|| file.try_clone().unwrap());
            recorder.changes.push(change(identity));
        }
    });
}

/// Notes that these bytes of the file were written, which are there now.
pub(super) fn note_copy(file: &File, range: Range<u64>) {
    note_file(file, |identity| {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        super::read_exact_at(file, range.start, &mut bytes).unwrap();
        Change::Write { file: identity, offset: range.start, bytes }
    });
}

/// Notes that the file has this name now.
pub(super) fn note_name(file: &File, name: &Path) {
    note_file(file, |identity| Change::Name { file: identity, name: name.to_owned() });
    RECORDER.with_borrow_mut(|recorder| {
        if let Some(recorder) = recorder {
            recorder.keep(file, name);
        }
    });
}

/// Notes that what was asked for is done, as far as the caller has been told.
pub(crate) fn acknowledge() {
    note(|| Change::Acknowledge);
}

impl Recorder {
    fn keep(&mut self, file: &File, name: &Path) {
        let (identity, _) = examine(file).unwrap();
        let second = self.second_name(identity);
        if !second.exists() {
            fs::hard_link(name, second).unwrap();
        }
        self.files.entry(identity).or_insert_with(|| file.try_clone().unwrap());
    }

    fn second_name(&self, identity: Identity) -> PathBuf {
        self.vault.path().join(format!("{identity:?}"))
    }
}

/// What a folder holds.
#[derive(Clone, Debug, Default)]
struct Disk {
    contents: HashMap<Identity, Vec<u8>>,
    names: BTreeMap<PathBuf, Identity>,
}

/// A run of changes in a folder.
pub(crate) struct Recording {
    recorder: Recorder,
    folder: PathBuf,
    before: Disk,
}

/// Runs `work`, which changes files in `folder` on this thread only.
pub(crate) fn record(folder: &Path, work: impl FnOnce()) -> Recording {
    let vault = tempfile::tempdir_in(folder.parent().unwrap()).unwrap();
    let mut recorder = Recorder { vault, files: HashMap::new(), changes: Vec::new() };
    let mut before = Disk::default();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().path();
        let file = File::options().read(true).write(true).open(&name).unwrap();
        let (identity, _) = examine(&file).unwrap();
        recorder.keep(&file, &name);
        before.contents.insert(identity, fs::read(&name).unwrap());
        before.names.insert(name, identity);
    }
    RECORDER.set(Some(recorder));
    work();
    let recorder = RECORDER.take().unwrap();
    Recording { recorder, folder: folder.to_owned(), before }
}

/// The moment of a power cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PowerCut {
    /// How many changes had been made.
    pub(crate) changes: usize,
    /// How often the caller had been told that all is done.
    pub(crate) acknowledged: usize,
}

impl Recording {
    pub(crate) fn changes(&self) -> &[Change] {
        &self.recorder.changes
    }

    /// Leaves the folder as a power cut could have left it, after each change and with each choice of
    /// what the disk had by then, and runs `check` on it.
    ///
    /// What was synced is there. Of the rest, the disk has any subset: of up to ten changes each one is
    /// tried, of more a thousand at random; each once with whole writes, and once with a part of their
    /// sectors.
    pub(crate) fn for_each_power_cut(&self, seed: u64, mut check: impl FnMut(PowerCut)) {
        let mut random = Random(seed);
        for changes in 0..=self.changes().len() {
            let (disk, unsynced) = self.at(changes);
            let done = |change: &&Change| matches!(change, Change::Acknowledge);
            let acknowledged = self.changes()[..changes].iter().filter(done).count();
            let exhaustive = unsynced.len() <= EXHAUSTIVE;
            let subsets = if exhaustive { 1 << unsynced.len() } else { SAMPLES };
            for subset in 0..subsets {
                let subset = if exhaustive { subset } else { random.next() };
                for torn in [false, true] {
                    let mut disk = disk.clone();
                    for (i, change) in unsynced.iter().enumerate() {
                        // Beyond 64 changes the choice repeats itself.
                        if subset >> (i % 64) & 1 == 1 {
                            disk.apply(change, torn.then_some(&mut random));
                        }
                    }
                    self.put(&disk);
                    check(PowerCut { changes, acknowledged });
                }
            }
        }
    }

    /// What the disk is sure to have after so many changes, and what it may have besides.
    fn at(&self, changes: usize) -> (Disk, Vec<&Change>) {
        let (mut disk, mut unsynced) = (self.before.clone(), Vec::<&Change>::new());
        for change in &self.changes()[..changes] {
            match change {
                Change::SyncFile(_) | Change::SyncFolder(_) => unsynced.retain(|earlier| {
                    let now = earlier.is_synced_by(change);
                    if now {
                        disk.apply(earlier, None);
                    }
                    !now
                }),
                Change::Acknowledge => {}
                _ => unsynced.push(change),
            }
        }
        (disk, unsynced)
    }

    fn put(&self, disk: &Disk) {
        for entry in fs::read_dir(&self.folder).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, identity) in &disk.names {
            let file = &self.recorder.files[identity];
            file.set_len(0).unwrap();
            let content = disk.contents.get(identity).map_or(&[][..], |content| content);
            std::os::unix::fs::FileExt::write_all_at(file, content, 0).unwrap();
            fs::hard_link(self.recorder.second_name(*identity), name).unwrap();
        }
    }
}

impl Change {
    /// Whether the disk is sure to have it after this sync.
    fn is_synced_by(&self, sync: &Change) -> bool {
        match (self, sync) {
            (
                Change::Write { file, .. }
                | Change::Zero { file, .. }
                | Change::SetLen { file, .. },
                Change::SyncFile(synced),
            ) => file == synced,
            (
                Change::Name { name, .. } | Change::Rename { to: name, .. } | Change::Remove(name),
                Change::SyncFolder(folder),
            ) => name.parent() == Some(folder),
            _ => false,
        }
    }
}

impl Disk {
    /// Makes a change; a write with a part of its sectors only, where chance is given.
    fn apply(&mut self, change: &Change, chance: Option<&mut Random>) {
        match change {
            Change::Write { file, offset, bytes } => {
                let content = self.contents.entry(*file).or_default();
                let end = offset + bytes.len() as u64;
                content.resize(content.len().max(end as usize), 0);
                let mut chance = chance;
                let mut at = *offset;
                while at < end {
                    let next = ((at / SECTOR + 1) * SECTOR).min(end);
                    if chance.as_mut().is_none_or(|random| random.next() % 2 == 0) {
                        let part = (at - offset) as usize..(next - offset) as usize;
                        content[at as usize..next as usize].copy_from_slice(&bytes[part]);
                    }
                    at = next;
                }
            }
            Change::Zero { file, range } => {
                let content = self.contents.entry(*file).or_default();
                let len = content.len() as u64;
                content[range.start.min(len) as usize..range.end.min(len) as usize].fill(0);
            }
            Change::SetLen { file, len } => {
                self.contents.entry(*file).or_default().resize(*len as usize, 0);
            }
            Change::Name { file, name } => {
                self.names.insert(name.clone(), *file);
            }
            Change::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                }
            }
            Change::Remove(name) => {
                self.names.remove(name);
            }
            Change::SyncFile(_) | Change::SyncFolder(_) | Change::Acknowledge => {}
        }
    }
}

/// Random numbers from a seed: xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift
/// generators, scrambled").
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 1
    }
}
