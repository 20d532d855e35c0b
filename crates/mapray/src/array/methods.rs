//! What every map can do, whatever it lends.

/// The methods that all maps share. After the type: the fields that hold its region and layout.
macro_rules! map_methods {
    ([$($generics:tt)*] $map:ty: $($region:ident).+, $($layout:ident).+) => {
        impl<$($generics)*> $map {
            /// Where the elements lie in the file. What a caller did to the shape of a view of
            /// them (permuted axes, say) does not show here.
            pub fn layout(&self) -> &crate::layout::Layout {
                &self.$($layout).+
            }

            /// The mode it was opened in.
            pub fn mode(&self) -> crate::map::Mode {
                self.$($region).+.mode()
            }

            /// The absolute path of the file; `None` where it has no name.
            pub fn path(&self) -> Option<&std::path::Path> {
                self.$($region).+.path()
            }

            /// The pages under it, for advice, prefetching, residency, and for flushing a part.
            pub fn pages(&self) -> crate::map::Pages<'_> {
                crate::map::Pages::new(&self.$($region).+, &self.$($layout).+)
            }

            /// Checks that the file still has every byte of the map, and that none was lost
            /// meanwhile and replaced by zeros (see [`guard`](crate::guard)): one look at the
            /// file's length.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) where the file was cut short;
            /// [`ErrorKind::Space`](crate::ErrorKind::Space) where the system had no page for a
            /// part of it, since the disk is full or failing.
            pub fn check(&self) -> crate::Result<()> {
                self.$($region).+.check()
            }

            /// Writes what was stored to the file, and waits until the disk has it. In the modes
            /// `r` and `c` there is nothing to write.
            ///
            /// For a member of an archive it then brings the member's checksum up to date wherever it
            /// stands, which reads the whole member. Until that is done, or where a map is dropped
            /// without it, NumPy and `unzip` call the member damaged, and
            /// [`Npz::repair`](crate::Npz::repair) mends it.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Io`](crate::ErrorKind::Io) or [`ErrorKind::Space`](crate::ErrorKind::Space)
            /// where the disk refuses what was stored: now, or when the system wrote some of it by
            /// itself. The system does not try again, so each later flush fails too. As
            /// [`check`](Self::check), in every mode. For a member of an archive
            /// [`ErrorKind::Changed`](crate::ErrorKind::Changed) where another file has taken the path, or
            /// the archive has been rewritten.
            pub fn flush(&self) -> crate::Result<()> {
                self.pages().flush()?;
                self.check()?;
                self.$($region).+.keep_up()
            }

            /// [Flushes](Self::flush) the map and lets it go. Merely dropped, it leaves the writing to
            /// the system, which tells nobody if that fails, and a checksum as it was.
            ///
            /// # Errors
            ///
            /// As [`flush`](Self::flush).
            pub fn close(self) -> crate::Result<()> {
                self.flush()
            }

            /// The bytes of the file that lie in pages which were stored to, in mode `c`:
            /// [`Pages::dirty`](crate::Pages::dirty).
            ///
            /// # Errors
            ///
            /// As [`Pages::dirty`](crate::Pages::dirty).
            pub fn dirty_pages(&self) -> crate::Result<Vec<std::ops::Range<u64>>> {
                self.pages().dirty()
            }

            /// Drops what was stored in a map in mode `c`: it shows the file again. This is the whole
            /// map, with what its clones and slices have stored, since they share its pages. In mode
            /// `r` nothing happens.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Mode`](crate::ErrorKind::Mode) in the modes `r+` and `w+`;
            /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) outside Linux.
            pub fn discard(&mut self) -> crate::Result<()> {
                // SAFETY: this handle is borrowed for itself alone, so nothing that it lends is left.
                // A live clone lends nothing, and whoever made a stable map of one has promised that
                // no byte changes through any other.
                unsafe { self.$($region).+.discard() }
            }

            /// Writes what was stored in a map in mode `c` to the file in one step: cut off anywhere,
            /// by a power cut too, the file has all of it or nothing, after the next open of the file
            /// here. The checksum of a member of an archive is part of that step. The map goes on, and
            /// shows the file. This is the whole map, with what its clones and slices have stored. In
            /// mode `r` nothing happens.
            ///
            /// The bytes go to a journal beside the file first (FORMAT.md, "Journals"), which takes as
            /// much room as they do. Nobody else may have the file locked meanwhile.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::Changed`](crate::ErrorKind::Changed) where the file, its length or its times
            /// are not those from when it was mapped, or committed to. (Stores of somebody who has it
            /// mapped show in its times only once per page and write-back.)
            /// [`ErrorKind::Locked`](crate::ErrorKind::Locked) where somebody else writes it,
            /// [`ErrorKind::Space`](crate::ErrorKind::Space) where the disk has no room for the journal,
            /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the file or its folder may not be written.
            /// The file is as it was then, and the edits are still in the map.
            ///
            /// [`ErrorKind::Mode`](crate::ErrorKind::Mode) in the modes `r+` and `w+`;
            /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a file without a name, on a
            /// file system without locks, and outside Linux.
            pub fn commit(&mut self) -> crate::Result<()> {
                // SAFETY: as for `discard`.
                unsafe { self.$($region).+.commit() }
            }

            /// Starts writing what was stored to the file, and does not wait. No checksum is touched.
            ///
            /// # Errors
            ///
            /// As [`Pages::flush_async`](crate::Pages::flush_async).
            pub fn flush_async(&self) -> crate::Result<()> {
                self.pages().flush_async()
            }
        }
    };
}

pub(crate) use map_methods;
