//! Giving a file up while its pages are still lent.

use super::Region;
use crate::error::{Error, Result};
use crate::sys;

impl Region {
    /// Puts zeros of this process's own in the place of all pages; from then on everything that can
    /// fail here does.
    ///
    /// # Safety
    ///
    /// Nobody may rely on the bytes of the map to stay as they are.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where the system refuses; the map is as it was then.
    pub(crate) unsafe fn detach(&self) -> Result<()> {
        let Some(mapping) = &self.mapping else {
            return Ok(());
        };
        // A commit must not find zeros.
        let _no_edits = self.no_edits();
        let start = mapping.as_ptr().addr();
        let end = start + (self.bytes.end - self.base) as usize;
        let pages = start..end.next_multiple_of(sys::page_size());
        if let Some(record) = self.record() {
            record.let_go();
        }
        // SAFETY: the pages are this map's, and the caller promises that nobody relies on what they hold.
        if unsafe { sys::replace_with_zeros(pages, self.mode.is_writable()) } {
            return Ok(());
        }
        let source = std::io::Error::last_os_error();
        Err(self.name(Error::io("put zeros in the place of the map", source)))
    }
}
