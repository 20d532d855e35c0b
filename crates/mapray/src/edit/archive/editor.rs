//! Edits of an archive, one after the other, that take effect together.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::edit::archive::NpzEditOptions;
use crate::edit::archive::in_place::InPlace;
use crate::edit::archive::rewrite::{self, Copied, Rewrite};
use crate::edit::member::MemberArray;
use crate::edit::member_writer::MemberWriter;
use crate::edit::prepared::{Names, Prepared};
use crate::edit::savez::SavezOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::format::names::unknown;
use crate::format::zip::write::Member;
use crate::format::zip::{Directory, interrupted};
use crate::format::{Contents, npz};
use crate::source::{Lock, Source};

/// How long an editor waits for others, and how often it asks.
const PATIENCE: Duration = Duration::from_millis(100);
const STEP: Duration = Duration::from_millis(2);

/// A `.npz` archive that is being edited: members are added, replaced and removed, and all of it takes
/// effect at once, by [`finish`](NpzEditor::finish).
///
/// The members that stay are not touched: what is new is written behind the old end of the file, and
/// then a new directory. Until that is complete, every reader finds the archive as it was; maps of its
/// members stay valid throughout, and after it. If `finish` is never called, or anything goes wrong,
/// the file is cut back to what it was; where the process is killed before that, the next one that
/// opens the archive with this crate does it. Replaced and removed members and old directories stay in
/// the file as dead bytes; [rewriting](NpzEditOptions::rewrite) it drops them.
///
/// Any zip archive can be edited, with compressed or encrypted members, with members that are no
/// arrays, with a comment, or with other bytes in front. Names lead to members as in NumPy: `x` means
/// the member `x`, else `x.npy`.
///
/// ```
/// use mapray::{Npz, NpzEditor};
/// use ndarray::{Array1, Ix1, arr1};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-npz-editor-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("z.npz");
/// mapray::savez(&path, [("weights", &arr1(&[0.5, 1.5])), ("epoch", &arr1(&[1.0]))])?;
///
/// let mut archive = NpzEditor::open(&path)?;
/// archive.replace("epoch", &arr1(&[2.0]))?;
/// archive.add("losses", &Array1::<f32>::zeros(100))?;
/// archive.finish()?;
///
/// let npz = Npz::open(&path)?;
/// assert_eq!(npz.names(), ["weights", "epoch", "losses"]);
/// assert_eq!(npz.read::<f64, Ix1>("epoch")?[0], 2.0);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[must_use = "nothing is edited until `finish` is called"]
pub struct NpzEditor {
    path: PathBuf,
    options: NpzEditOptions,
    names: Names,
    /// What becomes of old members, by name: they are replaced by new ones, by number, or removed.
    changed: HashMap<String, Option<usize>>,
    /// The names of new members that take no other's place, and their numbers.
    added: Vec<(String, usize)>,
    /// There from the first member that is written on.
    target: Option<Target>,
    /// Dropped last: what is given up must be undone before others may come.
    archive: Opened,
}

/// An archive that nobody else edits.
pub(in crate::edit) struct Opened {
    pub source: Source,
    pub directory: Directory,
    pub _lock: Option<Lock>,
}

/// Where new members go.
struct Target {
    writer: MemberWriter,
    place: Place,
}

enum Place {
    Behind(InPlace),
    Beside(Rewrite),
}

impl fmt::Debug for NpzEditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("NpzEditor");
        debug.field("path", &self.path).field("options", &self.options);
        debug.finish_non_exhaustive()
    }
}

impl Opened {
    /// Opens an archive, keeps others from editing it, and undoes what an edit has left that was not
    /// finished.
    pub(in crate::edit) fn new(path: &Path) -> Result<Opened> {
        let source = Source::open_writable(path)?.settled()?;
        if source.path().is_some_and(|path| !path.is_file()) {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "only an archive in a file can be edited",
            )
            .expected("a regular file")
            .found("a folder, a device or a pipe"));
        }
        let lock = lock(&source)?;
        // Whoever had the lock before may have put another file there.
        source.reopened()?;
        source.require_settled()?;
        interrupted::recover(&source)?;
        let Contents::Zip(directory) = Contents::zip(&source)? else {
            unreachable!("a zip archive has a directory");
        };
        Ok(Opened { source, directory, _lock: lock })
    }
}

/// Keeps others from editing an archive. Who finds a journal beside one has it locked for an instant,
/// to see whether somebody is at work.
fn lock(source: &Source) -> Result<Option<Lock>> {
    let begun = Instant::now();
    loop {
        match Lock::exclusive(source, 0..u64::MAX) {
            Err(error) if error.kind() == ErrorKind::Locked && begun.elapsed() < PATIENCE => {
                thread::sleep(STEP);
            }
            locked => return locked,
        }
    }
}

impl NpzEditor {
    /// Opens an archive for edits, with nobody else editing it or storing to its members meanwhile:
    /// see [`NpzEditOptions`] for more to say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] where the file cannot be written, [`ErrorKind::Format`] where it is no zip
    /// archive or its directory is wrong, [`ErrorKind::Locked`] where somebody else edits it, or has
    /// mapped a member in mode `r+`; [`ErrorKind::Unsupported`] where it is no regular file.
    pub fn open(path: impl AsRef<Path>) -> Result<NpzEditor> {
        NpzEditOptions::new().open(path)
    }

    pub(super) fn new(path: &Path, options: &NpzEditOptions) -> Result<NpzEditor> {
        let members = options.members.checked()?;
        let archive = Opened::new(path)?;
        if options.rewrite {
            // Before anything is done: all members must be where the directory says.
            rewrite::members(&archive)?;
        }
        let directory = &archive.directory;
        let names = directory.members().iter().map(|member| directory.name(member).into_owned());
        let names = Names::of(names);
        let options = NpzEditOptions { members, ..options.clone() };
        let (path, changed) = (path.to_owned(), HashMap::new());
        Ok(NpzEditor { path, options, archive, names, changed, added: Vec::new(), target: None })
    }

    /// The names of the arrays as they will be, in their order: as [`Npz::names`](crate::Npz::names).
    pub fn names(&self) -> Vec<String> {
        let directory = &self.archive.directory;
        let old = directory.members().iter().map(|member| directory.name(member));
        let stay = old.filter(|name| self.changed.get(&**name) != Some(&None));
        let added = self.added.iter().map(|(name, _)| name.into());
        npz::array_names(&stay.chain(added).collect::<Vec<_>>())
    }

    /// Adds an array under this name, to which `.npy` is appended as NumPy does: `x` is found as `x`
    /// and as `x.npy`. It comes behind all others. The array is not loaded as a whole; it may be a map
    /// or a file, of a member of this archive even.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] where the name is taken (by `x` for `x.npy`, too), holds a NUL or has
    /// more than 65,531 bytes; [`ErrorKind::Space`] where the disk is full; those of reading the
    /// array. After an error in writing or reading, the edits can only be given up.
    pub fn add(
        &mut self,
        name: impl AsRef<str>,
        array: &(impl MemberArray + ?Sized),
    ) -> Result<()> {
        self.try_add(name.as_ref(), array).map_err(|error| error.at_path(&self.path))
    }

    fn try_add(&mut self, key: &str, array: &(impl MemberArray + ?Sized)) -> Result<()> {
        let name = self.names.add(key)?;
        match self.write(name.clone(), array) {
            Ok(number) => {
                self.added.push((name, number));
                Ok(())
            }
            Err(error) => {
                self.names.remove(&name);
                Err(error)
            }
        }
    }

    /// Puts an array in the place of the one that this name leads to. It keeps the name of its member,
    /// and its place among the names. Of several members of one name it takes the place of the last,
    /// which is the one that counts; the others go.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Member`] where there is no such member: the error suggests the nearest name; as
    /// [`add`](NpzEditor::add).
    pub fn replace(
        &mut self,
        name: impl AsRef<str>,
        array: &(impl MemberArray + ?Sized),
    ) -> Result<()> {
        let replaced = self.find(name.as_ref()).and_then(|name| {
            let number = self.write(name.clone(), array)?;
            match self.added.iter_mut().find(|(added, _)| *added == name) {
                Some((_, old)) => *old = number,
                None => drop(self.changed.insert(name, Some(number))),
            }
            Ok(())
        });
        replaced.map_err(|error| error.at_path(&self.path))
    }

    /// Removes the member that this name leads to, whatever it holds, and all others that are called
    /// the same.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Member`] where there is no such member: the error suggests the nearest name.
    pub fn remove(&mut self, name: impl AsRef<str>) -> Result<()> {
        let name = self.find(name.as_ref()).map_err(|error| error.at_path(&self.path))?;
        self.names.remove(&name);
        let added = self.added.len();
        self.added.retain(|(added, _)| *added != name);
        if self.added.len() == added {
            self.changed.insert(name, None);
        }
        Ok(())
    }

    /// Makes all edits take effect at once, when they are on the disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Space`] where the disk is full, [`ErrorKind::Io`] where an array could not be
    /// written or the disk fails, [`ErrorKind::Changed`] where somebody else has changed or replaced
    /// the archive meanwhile. The archive is as it was then.
    pub fn finish(mut self) -> Result<()> {
        self.try_finish().map_err(|error| error.at_path(&self.path))
    }

    /// Leaves everything as a process does that is killed.
    #[cfg(all(test, not(mapray_portable)))]
    pub(in crate::edit) fn abandon(mut self) {
        std::mem::forget(self.target.take());
    }

    /// The name of the member that a name leads to.
    fn find(&self, key: &str) -> Result<String> {
        self.names.find(key).map(str::to_owned).ok_or_else(|| unknown(key, &self.names()))
    }

    /// Writes a member, and gives its number.
    fn write(&mut self, name: String, array: &(impl MemberArray + ?Sized)) -> Result<usize> {
        let member = Prepared::new(name, array)?;
        let writer = &mut self.target()?.writer;
        let number = writer.count();
        writer.write(&member)?;
        Ok(number)
    }

    fn target(&mut self) -> Result<&mut Target> {
        let target = match self.target.take() {
            Some(target) => target,
            None => Target::begin(&self.archive, &self.options.members, self.options.rewrite)?,
        };
        Ok(self.target.insert(target))
    }

    fn try_finish(&mut self) -> Result<()> {
        if self.changed.is_empty() && self.added.is_empty() && !self.options.rewrite {
            return Ok(());
        }
        self.target()?;
        let Some(Target { mut writer, place }) = self.target.take() else { return Ok(()) };
        let written = writer.written()?.to_vec();
        let Opened { source, directory, .. } = &self.archive;
        let plan = self.plan(&written);
        let tail = writer.tail();
        match place {
            Place::Behind(in_place) => {
                let old = |i: usize| Ok(directory.record(&directory.members()[i]).to_vec());
                rewrite::write_directory(tail, &self.records(&plan, old)?, directory)?;
                tail.flush()?;
                in_place.commit(directory, tail.position())
            }
            Place::Beside(rewrite) => {
                let mut now: Vec<Option<Copied>> = Vec::new();
                now.resize_with(directory.members().len(), || None);
                let stays: HashSet<usize> = plan.iter().filter_map(Item::old).collect();
                let mut kept = rewrite::members(&self.archive)?;
                kept.retain(|old| stays.contains(&old.place));
                let alignment = self.options.members.align as u64;
                let copied = rewrite::copy(&self.archive, &kept, alignment, tail)?;
                for (old, copied) in kept.iter().zip(copied) {
                    now[old.place] = Some(copied);
                }
                let old = |i: usize| {
                    let now = now[i].as_ref().expect("what stays has been copied");
                    rewrite::moved_record(directory, i, now)
                };
                rewrite::write_directory(tail, &self.records(&plan, old)?, directory)?;
                rewrite.finish(source, tail, self.options.members.durability)
            }
        }
    }

    /// The members as they will be, in their order.
    fn plan<'a>(&self, written: &'a [Member]) -> Vec<Item<'a>> {
        let directory = &self.archive.directory;
        let last = rewrite::last_of_each_name(directory);
        let old = directory.members().iter().enumerate().filter_map(|(i, member)| {
            let name = directory.name(member);
            match self.changed.get(&*name) {
                None => Some(Item::Old(i)),
                Some(&Some(number)) if last[&*name] == i => Some(Item::New(&written[number])),
                Some(_) => None,
            }
        });
        let added = self.added.iter().map(|&(_, number)| Item::New(&written[number]));
        old.chain(added).collect()
    }

    /// The records of the new directory; `old` gives those of old members.
    fn records(
        &self,
        plan: &[Item<'_>],
        old: impl Fn(usize) -> Result<Vec<u8>>,
    ) -> Result<Vec<Vec<u8>>> {
        let shift = self.archive.directory.shift();
        let record = |item: &Item<'_>| match *item {
            Item::Old(i) => old(i),
            Item::New(member) => {
                let mut record = Vec::new();
                Member { offset: member.offset - shift, ..member.clone() }
                    .write_record(&mut record);
                Ok(record)
            }
        };
        plan.iter().map(record).collect()
    }
}

/// A member of the archive as it will be.
enum Item<'a> {
    /// One that was there, by its place in the old directory.
    Old(usize),
    New(&'a Member),
}

impl Item<'_> {
    fn old(&self) -> Option<usize> {
        match *self {
            Item::Old(i) => Some(i),
            Item::New(_) => None,
        }
    }
}

impl Target {
    fn begin(archive: &Opened, members: &SavezOptions, rewrite: bool) -> Result<Target> {
        let Opened { source, directory, .. } = archive;
        let (place, tail) = if rewrite {
            let (rewrite, tail) = Rewrite::begin(source, directory)?;
            (Place::Beside(rewrite), tail)
        } else {
            let in_place = InPlace::begin(source, directory, members.durability)?;
            let tail = in_place.tail(directory)?;
            (Place::Behind(in_place), tail)
        };
        Ok(Target { writer: MemberWriter::new(members, tail), place })
    }
}
