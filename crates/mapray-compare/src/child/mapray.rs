//! What mapray does.

use std::error::Error;

use mapray::{
    AnyArray, ArrayFile, Compression, Conversion, CreateOptions, DecodedArray, Durability, DynMap,
    DynView, Map, MapMut, Mode, Npz, Order, Reduced, SaveOptions, SavezOptions, Scalar, reduce,
    summary,
};
use ndarray::{Array1, Axis, Ix1, Ix2, IxDyn, Zip, s};

use super::gather;
use super::limits::cap;
use super::{MEMBER_OPENINGS, OPENINGS, Options, Outcome, file_len, lacks, often, once};
use crate::subject::Subject;

pub fn run(subject: Subject, work: &str, options: &Options) -> Outcome {
    match work {
        "open" => often(|| open(subject, options), OPENINGS),
        "open-member" => often(|| open_member(options), MEMBER_OPENINGS),
        "reduce" => {
            cap("own-cap", options)?;
            match subject {
                Subject::Released => released(options),
                _ => once(|| reduce_file(subject, options), total),
            }
        }
        "summary" => once(
            // SAFETY: nobody else writes the benchmarks' files.
            || Ok(summary(&unsafe { DynMap::open(options.get("path")?)? })?),
            |found| found.mean.unwrap_or(f64::NAN) * found.count as f64,
        ),
        "load" => once(|| load(subject, options), |array| array[array.len() - 1].into()),
        "load-members" => load_members(options),
        "save" => save(options),
        "savez" => savez(options),
        "convert" => convert(options),
        "multiply" => multiply(options),
        "flush" => flush(options),
        "gather" => gather::mapray(subject, options),
        _ => lacks(work),
    }
}

fn open(subject: Subject, options: &Options) -> Result<f64, Box<dyn Error>> {
    let path = options.get("path")?;
    let value = match subject {
        Subject::ArrayFile => ArrayFile::open(path)?.get::<f32>(&[0])?,
        Subject::LiveMap => ArrayFile::open(path)?.map_live::<f32, Ix1>(Mode::Read)?.get([0])?,
        _ => {
            // SAFETY: nobody else writes the benchmarks' files.
            let map = unsafe { Map::<f32, Ix1>::open(path)? };
            map[0]
        }
    };
    Ok(value.into())
}

fn open_member(options: &Options) -> Result<f64, Box<dyn Error>> {
    let member = Npz::open(options.get("path")?)?.member(options.get("member")?)?;
    // SAFETY: nobody else writes the benchmarks' files.
    let map = unsafe { member.map_live_dyn(Mode::Read)?.assume_stable()? };
    // Members that NumPy wrote are seldom aligned, so the element is read by value.
    Ok(map.view().get::<f64>(&[0])?)
}

fn reduce_file(subject: Subject, options: &Options) -> Result<Reduced, Box<dyn Error>> {
    let path = options.get("path")?;
    match subject {
        Subject::ArrayFile => reduced(&ArrayFile::open(path)?, options),
        Subject::DirectFile => reduced(&ArrayFile::open(path)?.direct()?, options),
        Subject::LiveMap => reduced(&ArrayFile::open(path)?.map_live_dyn(Mode::Read)?, options),
        _ => {
            // SAFETY: nobody else writes the benchmarks' files.
            let map = unsafe { DynMap::open(path)? };
            match options.find("view") {
                Some("step") => reduced(&map.view().slice(&"[::2]".parse()?)?, options),
                Some("transposed") => {
                    let part = map.typed::<f32, Ix2>()?;
                    let part = part.slice(s![.., 256..768]);
                    reduced(&DynView::from_array(&part.t())?, options)
                }
                _ => reduced(&map.view(), options),
            }
        }
    }
}

/// How much is read before its pages are given back.
const SLAB: usize = 256 << 20;
/// How many pages of the file may be in the memory of the process at once, then: the slab, and what
/// is mapped with its ends.
const KEPT: usize = SLAB + (8 << 20);

/// A sum, slab by slab, each of which is given back when it has been read; and once more, untimed, to see
/// that no more than a slab is ever there.
fn released(options: &Options) -> Outcome {
    let by_slabs = |look: &mut dyn FnMut() -> Result<(), Box<dyn Error>>| {
        // SAFETY: nobody else writes the benchmarks' files.
        let map = unsafe { DynMap::open(options.get("path")?)? };
        let len = map.layout().shape()[0];
        let step = SLAB / map.layout().itemsize();
        let mut sum = 0.0;
        for start in (0..len).step_by(step) {
            let slab = format!("[{start}:{}]", len.min(start + step)).parse()?;
            sum += total(&reduced(&map.view().slice(&slab)?, options)?);
            look()?;
            map.pages().slice(&slab)?.release()?;
        }
        Ok(sum)
    };
    let figure = once(|| by_slabs(&mut || Ok(())), |sum| *sum)?;
    let (before, mut most) = (resident_file_pages()?, 0);
    by_slabs(&mut || {
        most = most.max(resident_file_pages()?);
        Ok(())
    })?;
    match most.saturating_sub(before) {
        kept if kept > KEPT => {
            Err(format!("{kept} bytes of the file were in memory at once").into())
        }
        _ => Ok(figure),
    }
}

/// How many bytes of files are mapped into this process and in memory.
fn resident_file_pages() -> Result<usize, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let pages = status.lines().find_map(|line| line.strip_prefix("RssFile:"));
    let kib: usize = pages.ok_or("no RssFile")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib << 10)
}

fn reduced(array: &impl AnyArray, options: &Options) -> Result<Reduced, Box<dyn Error>> {
    let mut reduction = reduce(array);
    if let Some(axis) = options.find("axis") {
        reduction = reduction.axis(axis.parse()?);
    }
    Ok(match options.get("op")? {
        "sum" => reduction.sum(),
        "mean" => reduction.mean(),
        "min" => reduction.min(),
        "max" => reduction.max(),
        "std" => reduction.std(),
        "argmax" => reduction.argmax(),
        "count_nonzero" => reduction.count_nonzero(),
        op => return Err(format!("there is no reduction '{op}'").into()),
    }?)
}

/// The sum of all results.
fn total(reduced: &Reduced) -> f64 {
    // Large sums of `f2` are infinite once they are of that type, as NumPy's are.
    if reduced.dtype().itemsize() == size_of::<mapray::f16>()
        && let Ok(rounded) = reduced.to_array::<mapray::f16, IxDyn>()
    {
        return rounded.iter().map(|value| value.to_f64()).sum();
    }
    reduced.scalars().iter().copied().map(number).sum()
}

fn number(scalar: Scalar) -> f64 {
    match scalar {
        Scalar::Bool(value) => f64::from(u8::from(value)),
        Scalar::Int(value) => value as f64,
        Scalar::UInt(value) => value as f64,
        Scalar::Float(value) => value,
        Scalar::Complex(value) => value.re,
    }
}

fn load(subject: Subject, options: &Options) -> Result<Array1<f32>, Box<dyn Error>> {
    let path = options.get("path")?;
    Ok(match subject {
        Subject::ArrayFile => ArrayFile::open(path)?.to_array()?,
        Subject::DirectFile => ArrayFile::open(path)?.direct()?.to_array()?,
        Subject::LiveMap => ArrayFile::open(path)?.map_live::<f32, Ix1>(Mode::Read)?.to_array()?,
        _ => mapray::load(path)?,
    })
}

fn load_members(options: &Options) -> Outcome {
    let last = |array: &DecodedArray| {
        let last = array.view().get::<f32>(&[array.shape()[0] - 1]);
        last.map_or(f64::NAN, f64::from)
    };
    once(
        || Ok(Npz::open(options.get("path")?)?.decode_all()?),
        |arrays| arrays.iter().map(|(_, array)| last(array)).sum(),
    )
}

fn durability(options: &Options) -> Durability {
    if options.is_set("synced") { Durability::Synced } else { Durability::Buffered }
}

fn save(options: &Options) -> Outcome {
    let out = options.get("out")?;
    let array = mapray::load::<f32, Ix1>(options.get("path")?)?;
    let save = SaveOptions::new().durability(durability(options));
    once(|| Ok(save.save(out, &array)?), |()| file_len(out))
}

fn savez(options: &Options) -> Outcome {
    let out = options.get("out")?;
    let array = mapray::load::<f32, Ix1>(options.get("path")?)?;
    let members = array.axis_chunks_iter(Axis(0), array.len().div_ceil(options.number("members")?));
    let members: Vec<_> =
        members.enumerate().map(|(index, part)| (format!("member{index:04}"), part)).collect();
    // NumPy's level.
    let compressed = options.is_set("compressed");
    let compression = if compressed { Compression::Deflate(6) } else { Compression::Stored };
    let save = SavezOptions::new().durability(durability(options)).compression(compression);
    let work = || Ok(save.save(out, members.iter().map(|(name, part)| (name, &**part)))?);
    once(work, |()| file_len(out))
}

fn convert(options: &Options) -> Outcome {
    let (path, out) = (options.get("path")?, options.get("out")?);
    let mut conversion = Conversion::new();
    if let Some(dtype) = options.find("dtype") {
        conversion = conversion.dtype(dtype.parse()?);
    }
    if options.find("order") == Some("F") {
        conversion = conversion.order(Order::F);
    }
    cap("cap", options)?;
    let save = SaveOptions::new().durability(Durability::Buffered).conversion(conversion);
    let work = || {
        // SAFETY: nobody else writes the benchmarks' files.
        let map = unsafe { DynMap::open(path)? };
        Ok(save.save_dyn(out, &map)?)
    };
    once(work, |()| file_len(out))
}

fn multiply(options: &Options) -> Outcome {
    let (path, out) = (options.get("path")?, options.get("out")?);
    let work = || {
        // SAFETY: nobody else writes the benchmarks' files.
        let from = unsafe { Map::<f32, Ix1>::open(path)? };
        // SAFETY: the file is new, and nobody else knows it.
        let mut to = unsafe { created(out, from.len())? };
        Zip::from(&mut *to).and(&*from).par_for_each(|to, from| *to = from * 0.5);
        Ok(())
    };
    once(work, |()| file_len(out))
}

/// # Safety
///
/// As [`mapray::LiveMap::assume_stable_mut`].
unsafe fn created(path: &str, len: usize) -> Result<MapMut<f32, Ix1>, Box<dyn Error>> {
    let map = CreateOptions::new(len).live(path)?;
    // SAFETY: the caller's promise.
    Ok(unsafe { map.assume_stable_mut()? })
}

fn flush(options: &Options) -> Outcome {
    // SAFETY: nobody else writes the benchmarks' files.
    let mut map = unsafe { MapMut::<f32, Ix2>::open(options.get("path")?, Mode::ReadWrite)? };
    let rows = map.nrows();
    map.slice_mut(s![rows / 2..;16, 0]).fill(0.5);
    map.slice_mut(s![..256, 0]).fill(0.5);
    let work = || Ok(map.pages().slice(&"[:256]".parse()?)?.flush()?);
    once(work, |()| 0.0)
}
