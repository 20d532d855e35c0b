//! The files that the rows read, and what the page cache holds of them.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use memmap2::Mmap;

/// A file as `python/inputs.py` makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Array { dtype: &'static str, shape: Vec<u64>, fortran: bool },
    Archive { members: u64, length: u64, compressed: bool },
}

impl Input {
    /// A one-dimensional array of so many bytes.
    pub fn line(dtype: &'static str, bytes: u64) -> Input {
        Input::Array { dtype, shape: vec![bytes / itemsize(dtype)], fortran: false }
    }

    /// An array of `<f4` of so many bytes, with rows of 1,024 elements.
    pub fn table(bytes: u64, fortran: bool) -> Input {
        Input::Array { dtype: "<f4", shape: vec![bytes / 4096, 1024], fortran }
    }

    /// How many bytes its elements have.
    pub fn bytes(&self) -> u64 {
        match self {
            Input::Array { dtype, shape, .. } => shape.iter().product::<u64>() * itemsize(dtype),
            Input::Archive { members, length, .. } => members * length * member_itemsize(*length),
        }
    }

    /// What kind of file it is, by the name of its maker; the name of the file; its keys.
    fn recipe(&self) -> (&'static str, String, Vec<String>) {
        match self {
            Input::Array { dtype, shape, fortran } => {
                let shape = shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
                let order = if *fortran { "F" } else { "C" };
                let name = dtype.replace('<', "le-").replace('>', "be-").replace('|', "");
                let keys = vec![
                    format!("dtype={dtype}"),
                    format!("shape={shape}"),
                    format!("order={order}"),
                ];
                ("array", format!("{name}-{shape}-{order}.npy"), keys)
            }
            Input::Archive { members, length, compressed } => {
                let compressed = u8::from(*compressed);
                let keys = vec![
                    format!("members={members}"),
                    format!("length={length}"),
                    format!("compressed={compressed}"),
                ];
                ("archive", format!("{members}x{length}-{compressed}.npz"), keys)
            }
        }
    }

    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.recipe().1)
    }

    /// The same arrays as safetensors, for the peer of that name.
    pub fn tensors(&self, folder: &Path) -> PathBuf {
        self.path(folder).with_extension("safetensors")
    }

    /// Makes the file unless it is there.
    pub fn make(&self, folder: &Path, python: &Path, script: &Path) -> Result<(), Box<dyn Error>> {
        let (kind, _, keys) = self.recipe();
        let mut wanted = vec![(kind, self.path(folder), &keys[..])];
        if let Input::Archive { compressed: false, .. } = self {
            wanted.push(("tensors", self.tensors(folder), &keys[..2]));
        }
        for (kind, path, keys) in wanted {
            if path.exists() {
                continue;
            }
            let mut maker = Command::new(python);
            let status = maker.arg(script).arg(kind).arg(&path).args(keys).status()?;
            if !status.success() {
                let _ = fs::remove_file(&path);
                return Err(format!("{} cannot be made", path.display()).into());
            }
        }
        Ok(())
    }

    pub fn remove(&self, folder: &Path) {
        let _ = fs::remove_file(self.path(folder));
        let _ = fs::remove_file(self.tensors(folder));
    }
}

fn itemsize(dtype: &str) -> u64 {
    dtype[2..].parse().expect("dtypes end with their size")
}

/// As `members` of `python/inputs.py` has it.
fn member_itemsize(length: u64) -> u64 {
    if length < 4096 { 8 } else { 4 }
}

const BLOCK: usize = 8 << 20;

/// Writes what is dirty to the disk, and reads the file into the page cache unless it is there.
pub fn warm(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    if resident(&file)? == 1.0 {
        return Ok(());
    }
    let (mut buffer, mut at) = (vec![0; BLOCK], 0);
    loop {
        match file.read_at(&mut buffer, at)? {
            0 => return Ok(()),
            count => at += count as u64,
        }
    }
}

/// Drops the file from the page cache. Which part of it stays all the same.
pub fn evict(path: &Path) -> io::Result<f64> {
    let file = File::open(path)?;
    file.sync_all()?;
    // SAFETY: a call without pointers.
    let error = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    match error {
        0 => resident(&file),
        _ => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Which part of the file is in the page cache.
fn resident(file: &File) -> io::Result<f64> {
    // SAFETY: nobody else writes the benchmarks' files.
    let map = unsafe { Mmap::map(file)? };
    let mut pages = vec![0_u8; map.len().div_ceil(page_size())];
    // SAFETY: the map has so many bytes, and there is a byte for each of its pages.
    let result = unsafe {
        libc::mincore(map.as_ptr().cast_mut().cast(), map.len(), pages.as_mut_ptr().cast())
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let there = pages.iter().filter(|page| **page & 1 == 1).count();
    Ok(there as f64 / pages.len().max(1) as f64)
}

fn page_size() -> usize {
    // SAFETY: a call without pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// How large the folios of a warm file are, as far as a map tells: which part of it the processor
/// sees in huge pages. `None` where the kernel does not say.
pub fn huge_part(path: &Path) -> io::Result<Option<f64>> {
    let file = File::open(path)?;
    // SAFETY: nobody else writes the benchmarks' files.
    let map = unsafe { Mmap::map(&file)? };
    let touched: u64 = map.iter().step_by(page_size()).map(|byte| u64::from(*byte)).sum();
    std::hint::black_box(touched);
    let start = format!("{:x}-", map.as_ptr() as usize);
    let maps = fs::read_to_string("/proc/self/smaps")?;
    let mut lines = maps.lines().skip_while(|line| !line.starts_with(&start)).skip(1);
    let huge = lines
        .by_ref()
        .take_while(|line| line.split_once(':').is_some_and(|(key, _)| !key.contains('-')))
        .find_map(|line| line.strip_prefix("FilePmdMapped:"));
    let kib = huge.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok());
    Ok(kib.map(|kib| kib * 1024.0 / map.len() as f64))
}
