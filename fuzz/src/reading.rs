//! Files in memory, and everything that can be read of an array in one.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use mapray::{ArrayFile, Bool8, ErrorKind, Mode, Result, reduce};

/// A file without a name that holds these bytes.
pub fn file(bytes: &[u8]) -> File {
    let fd = rustix::fs::memfd_create("input", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    let mut file = File::from(fd);
    file.write_all(bytes).unwrap();
    file
}

/// A folder in memory, where there is one, that goes away.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Holds the array against the file of `len` bytes that it lies in: by position, through a live map
/// and through a view it is the same. Gives its elements in C order.
pub fn read_all(file: &ArrayFile, len: usize) -> Vec<u8> {
    let layout = file.layout();
    assert!(layout.span().end <= len as u64, "{:?} of {len}", layout.span());
    let mut read = vec![0; layout.nbytes()];
    assert!(read.len() <= len);
    file.read_bytes(&mut read).unwrap();

    let live = file.map_live_dyn(Mode::Read).unwrap();
    let mut mapped = vec![0xee; read.len()];
    if works(live.read_bytes(&mut mapped)) {
        assert_eq!(read, mapped);
    }
    // SAFETY: nobody else knows the file.
    let stable = unsafe { live.assume_stable() }.unwrap();
    stable.view().read_bytes(&mut mapped).unwrap();
    assert_eq!(read, mapped);

    let shape = layout.shape();
    if let Some(last) = shape.iter().map(|n| n.checked_sub(1)).collect::<Option<Vec<_>>>() {
        let (mut element, size) = (Vec::new(), layout.itemsize());
        file.read_element(&last, &mut element).unwrap();
        assert_eq!(element, read[read.len() - size..]);
        file.read_element(&vec![0; last.len()], &mut element).unwrap();
        assert_eq!(element, read[..size]);
        assert!(file.read_element(shape, &mut element).is_err() || shape.is_empty());
    }
    if let Ok(summary) = mapray::summary(file) {
        assert_eq!(summary.count, layout.len() as u64);
    }
    if let (Ok(count), Ok(all)) = (reduce(file).count_nonzero(), reduce(file).all()) {
        let is_full = count.value::<i64>().unwrap() == layout.len() as i64;
        assert_eq!(all.value::<Bool8>().unwrap().get(), is_full);
    }
    read
}

/// Whether it worked: live maps cannot be read on every system, and must not fail otherwise.
fn works(result: Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::Unsupported => false,
        Err(error) => panic!("{error}"),
    }
}
