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
            /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the disk refuses; as
            /// [`check`](Self::check), in every mode; for a member of an archive [`ErrorKind::Changed`](crate::ErrorKind::Changed) where another file has taken
            /// the path, or the archive has been rewritten.
            pub fn flush(&self) -> crate::Result<()> {
                self.pages().flush()?;
                self.check()?;
                self.$($region).+.keep_up()
            }

            /// [Flushes](Self::flush) the map and lets it go. Merely dropped, it leaves the writing to
            /// the system, and a checksum as it was.
            ///
            /// # Errors
            ///
            /// As [`flush`](Self::flush).
            pub fn close(self) -> crate::Result<()> {
                self.flush()
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
