//! What other crates do.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

use memmap2::Mmap;
use ndarray::{Array, Array1, ArrayView, Axis, Dimension, Ix1, Ix2, RemoveAxis};
use ndarray_npy::{NpzReader, NpzWriter, ReadNpyExt, ViewElement, ViewNpyExt, WriteNpyExt};
use num_traits::{Float, FromPrimitive};
use safetensors::SafeTensors;

use super::{MEMBER_OPENINGS, OPENINGS, Options, Outcome, file_len, lacks, often, once};
use crate::subject::Subject;

pub fn run(subject: Subject, work: &str, options: &Options) -> Outcome {
    match (subject, work) {
        (Subject::NdarrayNpy, "open") => often(|| open(options), OPENINGS),
        (Subject::Npyz, "open") => often(|| open_stream(options), OPENINGS),
        (Subject::NdarrayNpy, "open-member") => often(|| open_member(options), MEMBER_OPENINGS),
        (Subject::Safetensors, "open-member") => often(|| open_tensor(options), MEMBER_OPENINGS),
        (Subject::NdarrayNpy, "reduce") => reduce(options),
        (Subject::NdarrayNpy, "load") => {
            let load = || Ok(Array1::<f32>::read_npy(File::open(options.get("path")?)?)?);
            once(load, |array| array[array.len() - 1].into())
        }
        (Subject::Npyz, "load") => {
            once(|| load_stream(options), |array| array[array.len() - 1].into())
        }
        (Subject::NdarrayNpy, "save") => save(options),
        (Subject::NdarrayNpy, "savez") => savez(options),
        (Subject::NdarrayNpy, "load-members") => load_members(options),
        _ => lacks(work),
    }
}

fn map(path: &str) -> Result<Mmap, Box<dyn Error>> {
    // SAFETY: nobody else writes the benchmarks' files.
    Ok(unsafe { Mmap::map(&File::open(path)?)? })
}

fn open(options: &Options) -> Result<f64, Box<dyn Error>> {
    let map = map(options.get("path")?)?;
    Ok(ArrayView::<f32, Ix1>::view_npy(&map)?[0].into())
}

fn open_stream(options: &Options) -> Result<f64, Box<dyn Error>> {
    let file = npyz::NpyFile::new(BufReader::new(File::open(options.get("path")?)?))?;
    let first = file.data::<f32>()?.next().ok_or("no element")??;
    Ok(first.into())
}

fn open_member(options: &Options) -> Result<f64, Box<dyn Error>> {
    let mut archive = NpzReader::new(BufReader::new(File::open(options.get("path")?)?))?;
    let array: Array1<f64> = archive.by_name(options.get("member")?)?;
    Ok(array[0])
}

fn open_tensor(options: &Options) -> Result<f64, Box<dyn Error>> {
    let map = map(options.get("tensors")?)?;
    let tensors = SafeTensors::deserialize(&map)?;
    let tensor = tensors.tensor(options.get("member")?)?;
    let (elements, _) = tensor.data().as_chunks();
    Ok(f64::from_le_bytes(elements[0]))
}

fn reduce(options: &Options) -> Outcome {
    match (options.get("dtype")?, options.find("axis")) {
        ("<f4", None) => reduce_as::<f32, Ix1>(options),
        ("<f8", None) => reduce_as::<f64, Ix1>(options),
        ("<f4", Some(_)) => reduce_as::<f32, Ix2>(options),
        (dtype, _) => Err(format!("there is no reduction of '{dtype}'").into()),
    }
}

fn reduce_as<T, D>(options: &Options) -> Outcome
where
    T: ViewElement + Float + FromPrimitive + Into<f64>,
    D: RemoveAxis,
{
    let work = || {
        let map = map(options.get("path")?)?;
        let array = ArrayView::<T, D>::view_npy(&map)?;
        let axis = options.find("axis").map(str::parse).transpose()?.map(Axis);
        Ok(match (options.get("op")?, axis) {
            ("sum", None) => array.sum().into(),
            ("mean", None) => array.mean().ok_or("no element")?.into(),
            ("std", None) => array.std(T::zero()).into(),
            ("sum", Some(axis)) => total(&array.sum_axis(axis)),
            ("mean", Some(axis)) => total(&array.mean_axis(axis).ok_or("no element")?),
            (op, _) => return Err(format!("there is no reduction '{op}'").into()),
        })
    };
    once(work, |value| *value)
}

fn total<T: Copy + Into<f64>, D: Dimension>(array: &Array<T, D>) -> f64 {
    array.iter().map(|&value| value.into()).sum()
}

fn load_stream(options: &Options) -> Result<Vec<f32>, Box<dyn Error>> {
    let file = npyz::NpyFile::new(BufReader::new(File::open(options.get("path")?)?))?;
    Ok(file.into_vec()?)
}

fn load_members(options: &Options) -> Outcome {
    let load = || {
        let mut archive = NpzReader::new(BufReader::new(File::open(options.get("path")?)?))?;
        let names = archive.names()?;
        let arrays = names.iter().map(|name| archive.by_name(name));
        Ok(arrays.collect::<Result<Vec<Array1<f32>>, _>>()?)
    };
    once(load, |arrays| arrays.iter().map(|array| f64::from(array[array.len() - 1])).sum())
}

fn save(options: &Options) -> Outcome {
    let out = options.get("out")?;
    let array = Array1::<f32>::read_npy(File::open(options.get("path")?)?)?;
    let save = || {
        let file = File::create(out)?;
        array.write_npy(&file)?;
        if options.is_set("synced") {
            file.sync_all()?;
        }
        Ok(())
    };
    once(save, |()| file_len(out))
}

fn savez(options: &Options) -> Outcome {
    let out = options.get("out")?;
    let array = Array1::<f32>::read_npy(File::open(options.get("path")?)?)?;
    let part = array.len().div_ceil(options.number("members")?);
    let save = || {
        let file = File::create(out)?;
        let mut archive = match options.is_set("compressed") {
            true => NpzWriter::new_compressed(file),
            false => NpzWriter::new(file),
        };
        for (index, part) in array.axis_chunks_iter(Axis(0), part).enumerate() {
            archive.add_array(format!("member{index:04}"), &part)?;
        }
        archive.finish()?;
        Ok(())
    };
    once(save, |()| file_len(out))
}
