//! `mapray tour`: the main job on real files, each step checked.

mod worker;

use std::fmt::Debug;
use std::io::Write;
use std::path::Path;

use mapray::{
    Advice, ArrayFile, Element, LiveMap, MapOptions, MemberArray, Mode, Npz, Order, Result,
};
use ndarray::{Array, Ix1, Ix2, array};

use crate::interrupt;

/// Walks through everything in a temporary folder. `Ok(false)` if a step did not give what was
/// expected.
pub fn run(out: &mut dyn Write) -> std::io::Result<bool> {
    if let Some(number) = worker::number() {
        return Ok(worker::work(number).is_ok());
    }
    let folder = tempfile::Builder::new().prefix("mapray-tour-").tempdir()?;
    interrupt::remove_at_signal(folder.path());
    let mut tour = Tour { out, steps: 0, failures: 0 };
    let stations: [(&str, Station); 11] = [
        ("A raw file with a header: a 5x5 image of u16 behind 20 bytes", image),
        ("Mode w+: what is stored is in the file", write_through),
        ("Mode c: edits stay in memory, flush included", copy_on_write),
        ("Ten bytes, and a read-only map of six of them", ten_bytes),
        ("A .npy file: saved, mapped, edited in place, seen by a second handle", npy),
        ("Any dtype, any byte order, any slice", any_dtype),
        ("An archive (.npz): its members are mapped and edited where they lie", archive),
        ("The page cache, without a map: an array is read in, and stored into", cache),
        ("Statistics of any array, exact in integers", statistics),
        ("Memory shared by two processes", worker::share),
        ("Any size: a sparse file of 1 TiB", one_tebibyte),
    ];
    for (title, station) in stations {
        writeln!(tour.out, "\n{title}")?;
        if let Err(error) = station(&mut tour, folder.path()) {
            tour.failures += 1;
            writeln!(tour.out, "  FAILED  {error}")?;
        }
    }
    let Tour { out, steps, failures } = tour;
    writeln!(out, "\n{steps} steps, {failures} not as expected.")?;
    Ok(failures == 0)
}

/// Some steps on files in the folder.
type Station = fn(&mut Tour, &Path) -> Result<()>;

struct Tour<'a> {
    out: &'a mut dyn Write,
    steps: usize,
    failures: usize,
}

impl Tour<'_> {
    /// Prints what was done and what came of it, and notes if that is not what was expected.
    fn step<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        self.steps += 1;
        let mark = if found == expected { "ok" } else { "FAILED" };
        let mut line = format!("  {mark:<6}  {what:<56} {found:?}");
        if found != expected {
            self.failures += 1;
            line += &format!(", not {expected:?}");
        }
        // A reader that has gone away needs no more lines; the exit code still tells.
        let _ = writeln!(self.out, "{line}");
    }
}

/// What the file holds, by a plain read: 0 where it cannot be read, which no step expects.
fn on_disk(path: &Path, at: usize) -> u8 {
    std::fs::read(path).ok().and_then(|bytes| bytes.get(at).copied()).unwrap_or(0)
}

fn image(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("image.dat");
    let header = *b"IMAGE 5x5 uint16 v1\n";
    let at = header.len();
    let options = MapOptions::new().offset(at as u64).shape((5, 5));

    let image: LiveMap<u16, Ix2> = options.clone().mode(Mode::Write).live(&path)?;
    image.assign(&Array::from_shape_fn((5, 5), |(row, column)| (5 * row + column) as u16))?;
    let top: LiveMap<u8, Ix1> = MapOptions::new().shape(at).live(&path)?;
    top.assign(&Array::from_iter(header))?;
    image.flush()?;
    let len = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    tour.step("w+ at offset 20 made the file; its bytes are", len, 70);

    let image: LiveMap<u16, Ix2> = options.clone().mode(Mode::Read).live(&path)?;
    tour.step("r  mapped; image[2, 3] is", image.get((2, 3))?, 13);
    let mean = image.fold(0.0, |sum, value| sum + f64::from(value))? / 25.0;
    tour.step("r  the mean of the image is", mean, 12.0);
    let half = image.to_array()?.mapv(f64::from) * 0.5;
    tour.step("r  image * 0.5 is an array in main memory; its [4, 4] is", half[(4, 4)], 12.0);
    let refused = image.set((0, 0), 1).is_err_and(|error| error.kind() == mapray::ErrorKind::Mode);
    tour.step("r  storing is refused", refused, true);

    let edited: LiveMap<u16, Ix2> = options.mode(Mode::ReadWrite).live(&path)?;
    edited.set((2, 3), 513)?;
    edited.flush()?;
    let bytes = [on_disk(&path, at + 26), on_disk(&path, at + 27)];
    tour.step("r+ image[2, 3] = 513, flushed; the file's two bytes are", bytes, [1, 2]);
    tour.step("r  the map that was there before sees it", image.get((2, 3))?, 513);
    tour.step("   the header is as it was; it starts with", on_disk(&path, 0) as char, 'I');
    Ok(())
}

fn write_through(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("letters.dat");
    let map: LiveMap<u8, Ix1> = MapOptions::new().mode(Mode::Write).shape(10).live(&path)?;
    tour.step("w+ made ten zeros; byte 0 of the file is", on_disk(&path, 0), 0);
    map.set(0, b'A')?;
    map.flush()?;
    tour.step("w+ map[0] = 'A', flushed; byte 0 of the file is", on_disk(&path, 0) as char, 'A');
    Ok(())
}

fn copy_on_write(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("letters.dat");
    let map: LiveMap<u8, Ix1> = MapOptions::new().mode(Mode::CopyOnWrite).live(&path)?;
    map.set(0, b'B')?;
    tour.step("c  map[0] = 'B'; the map says", map.get(0)? as char, 'B');
    map.flush()?;
    tour.step("c  flushed; byte 0 of the file is still", on_disk(&path, 0) as char, 'A');
    map.pages().release()?;
    tour.step("c  its memory released: the edit stays", map.get(0)? as char, 'B');
    Ok(())
}

fn ten_bytes(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("ten.dat");
    let map: LiveMap<u8, Ix1> = MapOptions::new().mode(Mode::Write).shape(10).live(&path)?;
    map.assign(&Array::from_shape_fn(10, |i| 10 * i as u8))?;
    map.flush()?;
    tour.step("w+ wrote 0, 10 ... 90; byte 9 of the file is", on_disk(&path, 9), 90);
    let options = MapOptions::new().mode(Mode::Read).offset(4).shape(6);
    let six: LiveMap<u8, Ix1> = options.live(&path)?;
    let values = six.to_array()?.to_vec();
    tour.step("r  six of them from offset 4:", values, vec![40, 50, 60, 70, 80, 90]);
    Ok(())
}

fn npy(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("array.npy");
    mapray::save(&path, &Array::from_shape_fn((3, 4), |(i, j)| (4 * i + j) as f64))?;
    let file = ArrayFile::open(&path)?;
    let about = format!("{} {:?} at byte {}", file.dtype(), file.shape(), file.layout().offset());
    tour.step("saved; its header says", about.as_str(), "<f8 [3, 4] at byte 128");

    let map: LiveMap<f64, Ix2> = file.map_live(Mode::Read)?;
    map.pages().advise(Advice::Sequential)?;
    tour.step("r  mapped; its sum is", map.fold(0.0, |sum, value| sum + value)?, 66.0);
    let column = map.slice(&"[:, 1]".parse()?)?;
    tour.step(
        "r  its slice [:, 1] is",
        column.to_array()?.into_raw_vec_and_offset().0,
        vec![1.0, 5.0, 9.0],
    );
    let editor: LiveMap<f64, Ix2> = file.map_live(Mode::ReadWrite)?;
    editor.set((0, 0), 100.0)?;
    editor.pages().slice(&"[0]".parse()?)?.flush()?;
    tour.step("r+ [0, 0] = 100 and row 0 flushed; the first handle sees", map.get((0, 0))?, 100.0);
    tour.step("   a fresh load gives the sum", mapray::load::<f64, Ix2>(&path)?.sum(), 166.0);

    let copy = folder.join("copy.npy");
    mapray::save_dyn(&copy, &file)?;
    let same = std::fs::read(&copy).ok() == std::fs::read(&path).ok();
    tour.step("   a copy of it is the same, byte for byte", same, true);
    Ok(())
}

fn any_dtype(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("big-endian.npy");
    let options = mapray::CreateOptions::new((2, 3)).order(Order::F);
    let map = options.live_dyn(&path, ">f4".parse()?)?;
    map.assign(&array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]])?;
    map.flush()?;
    tour.step("big-endian, Fortran order; its byte strides are", map.layout().strides(), &[4, 8]);
    let found = map.slice(&"[::-1, -1]".parse()?)?.to_array::<f32, Ix1>()?.to_vec();
    tour.step("its slice [::-1, -1] is", found, vec![6.0, 3.0]);
    let wrong = mapray::load::<i64, Ix2>(&path)
        .map_or_else(|error| error.kind(), |_| mapray::ErrorKind::Io);
    tour.step("as i64 it is refused:", wrong, mapray::ErrorKind::Dtype);
    Ok(())
}

fn archive(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("arrays.npz");
    let (weights, counts) = (array![[0.5_f32, 1.5], [2.5, 3.5]], array![1_u16, 2, 3]);
    let members: [(&str, &dyn MemberArray); 2] = [("weights", &weights), ("counts", &counts)];
    mapray::savez(&path, members)?;
    let npz = Npz::open(&path)?;
    tour.step(
        "saved two arrays; the archive's members are",
        npz.names(),
        vec!["weights".to_owned(), "counts".to_owned()],
    );
    let member = npz.member("weights")?;
    let remainder = member.layout().offset() % 64;
    tour.step("the data of weights starts at a multiple of 64 bytes", remainder, 0);
    let map: LiveMap<f32, Ix2> = member.map_live(Mode::ReadWrite)?;
    map.set((1, 1), 100.0)?;
    let outdated = !npz.verify()?.is_empty();
    tour.step("r+ weights[1, 1] = 100; verify sees the outdated checksum", outdated, true);
    map.flush()?;
    tour.step("   flushed: verify finds faults in so many places", npz.verify()?.len(), 0);
    let sum = Npz::open(&path)?.member("weights")?.to_array::<f32, Ix2>()?.sum();
    tour.step("   opened again, the sum of weights is", sum, 104.5);
    Ok(())
}

fn cache(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("ones.npy");
    let options = mapray::CreateOptions::new((64, 1024)).element(1.0_f64.to_ne_bytes());
    let file = options.file(&path, f64::dtype())?;
    tour.step("a file of ones was made; its sum is", file.sum::<f64>()?, 65536.0);
    file.warm()?;
    let residency = file.residency()?;
    let is_in_memory = residency.resident == residency.total;
    tour.step("warmed: all its pages are in memory", is_in_memory, true);
    let map = file.map_live_dyn(Mode::ReadWrite)?;
    map.slice(&"[1:]".parse()?)?.assign_dyn(&file.slice(&"[0, ::-1]".parse()?)?)?;
    map.slice(&"[0]".parse()?)?.fill_element(&2.0_f64.to_ne_bytes())?;
    map.close()?;
    tour.step("row 0 is twos; the sum is", file.sum::<f64>()?, 65536.0 + 1024.0);
    Ok(())
}

fn statistics(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("statistics.npy");
    mapray::save(&path, &array![[u64::MAX, 0, 1], [2, 3, 4]])?;
    let file = ArrayFile::open(&path)?;
    let overflow = file.reduce().sum().is_err();
    tour.step("a sum beyond 64 bits is an error, not a wrong number", overflow, true);
    let rows = file.reduce().axis(1).max()?.to_array::<u64, Ix1>()?.to_vec();
    tour.step("the largest of each row", rows, vec![u64::MAX, 4]);
    tour.step("the place of the smallest", file.argmin()?, 1);
    Ok(())
}

fn one_tebibyte(tour: &mut Tour, folder: &Path) -> Result<()> {
    let path = folder.join("huge.npy");
    let rows = 1 << 30;
    let options = mapray::CreateOptions::new((rows, 128)).sparse(true);
    let map: LiveMap<f64, Ix2> = options.live(&path)?;
    map.set((rows - 1, 127), 1.5)?;
    let last = ArrayFile::open(&path)?.slice(&"[-1]".parse()?)?;
    tour.step("bytes of the elements", map.layout().nbytes(), 1 << 40);
    tour.step("the sum of the last row", last.to_array::<f64, Ix1>()?.sum(), 1.5);
    Ok(())
}
