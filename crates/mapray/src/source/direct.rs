//! Reads past the page cache.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::ops::Range;

use crate::sys;

/// What the places and lengths of such reads, and the addresses that they go to, are multiples of: no disk
/// asks for more.
const ALIGNMENT: u64 = 4096;

/// Memory that lies in one piece for the disk, too: few requests fill it.
const HUGE_PAGE: usize = 2 << 20;

/// The most bytes that are read at once: so many are in a huge page wherever in a block they start.
pub(super) const MOST: usize = HUGE_PAGE - ALIGNMENT as usize;

thread_local! {
    /// Where the disk puts what is copied from there.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A file whose bytes are read from the disk each time.
#[derive(Debug)]
pub(super) struct Direct {
    file: File,
}

impl Direct {
    /// Opens the same file once more.
    pub(super) fn new(file: &File) -> io::Result<Direct> {
        Ok(Direct { file: sys::open_uncached(file)? })
    }

    /// Fills the buffer with bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` where the file ends before.
    pub(super) fn read_exact_at(&self, mut offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        BUFFER.with_borrow_mut(|memory| {
            buffer.chunks_mut(MOST).try_for_each(|part| {
                let end = offset + part.len() as u64;
                let at = self.read_within(offset..end, memory)?;
                part.copy_from_slice(&memory[at..][..part.len()]);
                offset = end;
                Ok(())
            })
        })
    }

    /// Has the disk put these bytes, at most [`MOST`], into memory that is made long enough, and says where
    /// in it they start.
    ///
    /// # Errors
    ///
    /// As [`read_exact_at`](Direct::read_exact_at).
    pub(super) fn read_within(&self, bytes: Range<u64>, memory: &mut Vec<u8>) -> io::Result<usize> {
        let start = bytes.start / ALIGNMENT * ALIGNMENT;
        let wanted = (bytes.end - start) as usize;
        let (first, mut done) = (huge_page(memory)?, 0);
        let page = &mut memory[first..][..wanted.next_multiple_of(ALIGNMENT as usize)];
        while done < wanted {
            // What is left of a block that came in part is read once more.
            let again = done / ALIGNMENT as usize * ALIGNMENT as usize;
            match sys::read_some_at(&self.file, start + again as u64, &mut page[again..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => match again + read? {
                    reached if reached <= done => return Err(io::ErrorKind::UnexpectedEof.into()),
                    reached => done = reached,
                },
            }
        }
        Ok(first + (bytes.start - start) as usize)
    }
}

/// Where a huge page starts in this memory, which is made long enough for one.
fn huge_page(memory: &mut Vec<u8>) -> io::Result<usize> {
    if memory.len() < 2 * HUGE_PAGE {
        *memory = bytemuck::allocation::try_zeroed_vec(2 * HUGE_PAGE)
            .map_err(|()| io::ErrorKind::OutOfMemory)?;
        sys::prefer_huge_pages(memory.as_mut_ptr(), memory.len());
    }
    Ok(memory.as_ptr().align_offset(HUGE_PAGE))
}
