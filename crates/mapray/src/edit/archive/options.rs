//! How an archive is edited, and edits in one line.

use std::path::Path;

use crate::array::Npz;
use crate::edit::archive::align::{self, Aligned};
use crate::edit::archive::editor::NpzEditor;
use crate::edit::member::MemberArray;
use crate::edit::savez::SavezOptions;
use crate::error::Result;

/// How to edit a `.npz` archive: [`NpzEditor::open`] with more to say.
///
/// ```
/// use mapray::{Compression, NpzEditOptions, SavezOptions};
/// use ndarray::{Array1, Ix1};
///
/// # let folder = std::env::temp_dir().join(format!("mapray-edit-options-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("z.npz");
/// mapray::savez(&path, [("old", &Array1::<f32>::zeros(1000))])?;
///
/// // A new file takes the place of the old one, without what has become dead in that.
/// let deflated = SavezOptions::new().compression(Compression::Deflate(6));
/// let mut archive = NpzEditOptions::new().members(deflated).rewrite(true).open(&path)?;
/// archive.replace("old", &Array1::<f32>::ones(1000))?;
/// archive.finish()?;
/// assert!(std::fs::metadata(&path).unwrap().len() < 400);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), mapray::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NpzEditOptions {
    pub(super) members: SavezOptions,
    pub(super) rewrite: bool,
}

impl Default for NpzEditOptions {
    fn default() -> NpzEditOptions {
        NpzEditOptions::new()
    }
}

impl NpzEditOptions {
    /// Where the archive lies, with new members stored.
    pub fn new() -> NpzEditOptions {
        NpzEditOptions { members: SavezOptions::new(), rewrite: false }
    }

    /// How new members are written, and what is sure to be on the disk when the edit is finished.
    pub fn members(mut self, options: SavezOptions) -> NpzEditOptions {
        self.members = options;
        self
    }

    /// Makes a new file beside the archive, which takes its place when it is complete. The members that
    /// stay are copied as they are, by the kernel where it can, and stored arrays are aligned as new ones
    /// are. It takes room for a second archive, but drops what earlier edits have left dead, and no
    /// reader ever finds the file on its way from one state to the other.
    pub fn rewrite(mut self, rewrite: bool) -> NpzEditOptions {
        self.rewrite = rewrite;
        self
    }

    /// Opens an archive for edits.
    ///
    /// # Errors
    ///
    /// As [`NpzEditor::open`]; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a level or
    /// an alignment that cannot be had.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<NpzEditor> {
        let path = path.as_ref();
        NpzEditor::new(path, self).map_err(|error| error.at_path(path))
    }

    /// As [`Npz::align`], to as many bytes as the [options for members](NpzEditOptions::members) say.
    ///
    /// # Errors
    ///
    /// As [`Npz::align`].
    pub fn align(&self, path: impl AsRef<Path>) -> Result<Vec<Aligned>> {
        let path = path.as_ref();
        align::align(path, self).map_err(|error| error.at_path(path))
    }
}

impl Npz {
    /// Adds arrays to an archive, all or none, without rewriting it: [`NpzEditor`] in one line.
    ///
    /// ```
    /// use mapray::Npz;
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-npz-add-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("z.npz");
    /// let (a, b) = (ndarray::arr1(&[1.0, 2.0]), ndarray::arr1(&[3.0]));
    /// mapray::savez(&path, [("a", &a)])?;
    /// Npz::add(&path, [("b", &b)])?;
    /// Npz::replace(&path, [("a", &b)])?;
    /// Npz::remove(&path, ["b"])?;
    /// assert_eq!(Npz::open(&path)?.read::<f64, ndarray::Ix1>("a")?, b);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`NpzEditor::open`], [`NpzEditor::add`] and [`NpzEditor::finish`].
    pub fn add<'a, N: AsRef<str>, A: MemberArray + ?Sized + 'a>(
        path: impl AsRef<Path>,
        members: impl IntoIterator<Item = (N, &'a A)>,
    ) -> Result<()> {
        edit(path, |archive| {
            members.into_iter().try_for_each(|(name, array)| archive.add(name, array))
        })
    }

    /// Puts arrays in the place of others in an archive, all or none, without rewriting it.
    ///
    /// # Errors
    ///
    /// As [`NpzEditor::open`], [`NpzEditor::replace`] and [`NpzEditor::finish`].
    pub fn replace<'a, N: AsRef<str>, A: MemberArray + ?Sized + 'a>(
        path: impl AsRef<Path>,
        members: impl IntoIterator<Item = (N, &'a A)>,
    ) -> Result<()> {
        edit(path, |archive| {
            members.into_iter().try_for_each(|(name, array)| archive.replace(name, array))
        })
    }

    /// Removes members from an archive, all or none, without rewriting it: their bytes stay, as dead
    /// ones, until the archive is [compacted](Npz::compact).
    ///
    /// # Errors
    ///
    /// As [`NpzEditor::open`], [`NpzEditor::remove`] and [`NpzEditor::finish`].
    pub fn remove<N: AsRef<str>>(
        path: impl AsRef<Path>,
        names: impl IntoIterator<Item = N>,
    ) -> Result<()> {
        edit(path, |archive| names.into_iter().try_for_each(|name| archive.remove(name)))
    }

    /// Rewrites an archive without the bytes that belong to no member any more, and tells how many
    /// those [were](Npz::dead_bytes). Where there are none, nothing is written.
    ///
    /// # Errors
    ///
    /// As [`NpzEditor::open`] and [`NpzEditor::finish`].
    pub fn compact(path: impl AsRef<Path>) -> Result<u64> {
        let dead = Npz::open(&path)?.dead_bytes()?;
        if dead > 0 {
            NpzEditOptions::new().rewrite(true).open(path)?.finish()?;
        }
        Ok(dead)
    }

    /// Rewrites an archive so that the elements of each stored array start at a multiple of 64 bytes
    /// of the file, as the archives of [`savez`](crate::savez) have them and those of NumPy do not, and
    /// tells which did not. Order, names, dates, and all that is no stored array stay as they are;
    /// nothing is compressed anew. Where nothing is to be moved, nothing is written.
    ///
    /// ```
    /// use mapray::{Npz, NpzEditOptions, SavezOptions};
    ///
    /// # let folder = std::env::temp_dir().join(format!("mapray-npz-align-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("z.npz");
    /// # SavezOptions::new().align(1).save(&path, [("a", &ndarray::arr1(&[1.0]))])?;
    /// for member in Npz::align(&path)? {
    ///     println!("{member}"); // a.npy: its elements are at byte 192 now; they were at byte 163
    /// }
    /// assert!(Npz::open(&path)?.entry("a")?.offset().is_multiple_of(64));
    ///
    /// let pages = SavezOptions::new().align(4096);
    /// assert_eq!(NpzEditOptions::new().members(pages).align(&path)?.len(), 1);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), mapray::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`NpzEditor::open`] and [`NpzEditor::finish`];
    /// [`ErrorKind::Format`](crate::ErrorKind::Format) also where a member lies;
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) where a header has no room for padding.
    pub fn align(path: impl AsRef<Path>) -> Result<Vec<Aligned>> {
        NpzEditOptions::new().align(path)
    }
}

fn edit(path: impl AsRef<Path>, work: impl FnOnce(&mut NpzEditor) -> Result<()>) -> Result<()> {
    let mut archive = NpzEditor::open(path)?;
    work(&mut archive)?;
    archive.finish()
}
