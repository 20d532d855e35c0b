//! Random work on real files, in every mode, order, byte order and tier, against a naive model of a
//! file and of NumPy's semantics.

mod cases;
mod naive;

use std::fmt::Debug;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use bytemuck::NoUninit;
use cases::{Case, LIVE, Tier, Work, all_bytes, arranged, bytes, case, overwrite, possible};
use mapray::dtype::{Kind, Record};
use mapray::layout::Slice;
use mapray::{
    Advice, ArrayFile, Be, Complex, DType, DynLiveMap, DynMap, DynMapMut, DynView, DynViewMut,
    ErrorKind, Le, MapOptions, Mode, Order, Result, Void, WritableElement,
};
use naive::{Model, Request, Strided};
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;
use tempfile::TempDir;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn maps_do_what_numpy_does(case in case()) {
        match case.dtype {
            0 => Run::<u8, u8>::run(&case, dtype("|u1"), 1),
            1 => Run::<i16, Le<i16>>::run(&case, dtype("<i2"), 2),
            2 => Run::<i16, Be<i16>>::run(&case, dtype(">i2"), 2),
            3 => Run::<u32, Be<u32>>::run(&case, dtype(">u4"), 4),
            4 => Run::<i64, Le<i64>>::run(&case, dtype("<i8"), 8),
            5 => Run::<f32, Le<f32>>::run(&case, dtype("<f4"), 4),
            6 => Run::<f64, Be<f64>>::run(&case, dtype(">f8"), 8),
            7 => Run::<Complex<f32>, Be<Complex<f32>>>::run(&case, dtype(">c8"), 4),
            _ => Run::<Void<7>, Void<7>>::run(&case, record(), 1),
        }
    }
}

fn dtype(text: &str) -> DType {
    text.parse().unwrap()
}

/// Unaligned fields of three kinds and both byte orders.
fn record() -> DType {
    let fields = [("a", dtype(">i2")), ("b", dtype("u1")), ("c", dtype("<f4"))];
    DType::native(Kind::Record(Record::packed(fields).unwrap()))
}

/// An opened array, however it was opened.
#[expect(clippy::large_enum_variant, reason = "one at a time")]
enum Root {
    File(ArrayFile),
    Live(DynLiveMap),
    Map(DynMap),
    MapMut(DynMapMut),
}

/// `T`: the elements by value. `P`: as they lie.
struct Run<T, P> {
    folder: TempDir,
    options: MapOptions,
    request: Request,
    mode: Mode,
    model: Model,
    root: Root,
    /// The slices that lead to the part under work, and the array after each, the whole one first.
    slices: Vec<Slice>,
    arrays: Vec<Strided>,
    /// Bytes that are reversed as one in the other byte order; 1 where the order is native.
    unit: usize,
    types: PhantomData<(T, P)>,
}

impl<T: WritableElement + NoUninit + Debug, P: WritableElement + NoUninit + Debug> Run<T, P> {
    fn run(case: &Case, dtype: DType, unit: usize) {
        let unit = if dtype.is_native() { 1 } else { unit };
        let Request { offset, shape, strides, fortran, .. } = &case.request;
        // One array after the other is opened while the one before still lives.
        let mut options =
            MapOptions::new().dtype(dtype.clone()).offset(*offset as u64).locks(false);
        options = options.order(if *fortran { Order::F } else { Order::C });
        if let Some(shape) = shape {
            options = options.shape(IxDyn(shape));
        }
        if let Some(strides) = strides {
            let strides: Vec<isize> = strides.iter().map(|&stride| stride as isize).collect();
            options = options.strides(strides);
        }
        let end = case.request.array().map_or(offset + 24, |array| array.bounds().1);
        let file = case.surplus.map(|surplus| bytes(7, (end + surplus).max(0) as usize));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array");
        if let Some(file) = &file {
            fs::write(&path, file).unwrap();
        }
        let (mode, tier) = possible(case.mode, case.tier);
        let opened = open(&options, &path, mode, tier);
        let (file, array) = match case.request.open(file.as_deref(), mode, tier != Tier::File) {
            Ok(expected) => expected,
            Err(kind) => {
                let error = opened.err().expect("the model cannot be opened");
                assert_eq!(error.kind(), kind, "{error}");
                assert_eq!(fs::read(&path).ok(), file);
                return;
            }
        };
        let mut run = Run::<T, P> {
            root: opened.unwrap(),
            model: Model::new(file, mode),
            request: case.request.clone(),
            slices: vec![],
            arrays: vec![array],
            unit,
            types: Default::default(),
            folder,
            options,
            mode,
        };
        run.check();
        for work in &case.work {
            run.step(work);
            run.check();
        }
        let (path, file) = (run.path(), run.model.file);
        drop(run.root);
        assert_eq!(fs::read(path).unwrap(), file, "after the map went");
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("array")
    }

    fn array(&self) -> &Strided {
        self.arrays.last().unwrap()
    }

    /// The part of the array under work, in a map.
    fn live(&self) -> Option<DynLiveMap> {
        let Root::Live(map) = &self.root else { return None };
        Some(self.slices.iter().fold(map.clone(), |map, slice| map.slice(slice).unwrap()))
    }

    fn view_mut(&mut self) -> Option<DynViewMut<'_>> {
        let Root::MapMut(map) = &mut self.root else { return None };
        let view = map.view_mut();
        Some(self.slices.iter().fold(view, |view, slice| view.slice(slice).unwrap()))
    }

    fn view(&self) -> Option<DynView<'_>> {
        let view = match &self.root {
            Root::Map(map) => map.view(),
            Root::MapMut(map) => map.view(),
            _ => return None,
        };
        Some(self.slices.iter().fold(view, |view, slice| view.slice(slice).unwrap()))
    }

    fn file(&self) -> Option<ArrayFile> {
        let Root::File(file) = &self.root else { return None };
        Some(self.slices.iter().fold(file.clone(), |file, slice| file.slice(slice).unwrap()))
    }

    /// Stored bytes as those of a `T`, or the other way round.
    fn swap(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.chunks(self.unit).flat_map(|unit| unit.iter().rev().copied()).collect()
    }

    fn value(&self, stored: &[u8]) -> T {
        bytemuck::pod_read_unaligned(&self.swap(stored))
    }

    fn stored(&self, value: T) -> Vec<u8> {
        self.swap(bytemuck::bytes_of(&value))
    }

    /// Elements as they lie, from ones by value.
    fn all_stored(&self, array: &ndarray::ArrayRef<T, IxDyn>) -> Vec<Vec<u8>> {
        array.iter().map(|&value| self.stored(value)).collect()
    }

    /// All that can be seen is as in the model.
    fn check(&mut self) {
        let array = self.array().clone();
        let expected = self.model.read(&array);
        let (by_value, raw) = match (self.file(), self.live(), self.view()) {
            (Some(file), ..) => {
                (file.to_array::<T, IxDyn>(), all_bytes(&array, |b| file.read_bytes(b)))
            }
            (_, Some(map), _) => (map.to_array(), all_bytes(&array, |b| map.read_bytes(b))),
            (.., Some(view)) => (view.to_array(), all_bytes(&array, |b| view.read_bytes(b))),
            _ => unreachable!(),
        };
        let by_value = by_value.unwrap();
        assert_eq!(by_value.shape(), array.shape);
        assert_eq!(self.all_stored(&by_value), expected);
        assert_eq!(raw, expected.concat());
        assert_eq!(fs::read(self.path()).unwrap(), self.model.file, "the file");
    }

    fn step(&mut self, work: &Work) {
        let array = self.array().clone();
        let pick = |seed: u64| {
            let elements = array.elements();
            let n = elements.len() as u64;
            if n == 0 {
                (array.shape.clone(), None)
            } else {
                let (index, place) = elements[(seed % n) as usize].clone();
                (index, Some(place))
            }
        };
        let one =
            |place: i64| Strided { offset: place, shape: vec![], strides: vec![], ..array.clone() };
        let read_only = self.mode == Mode::Read;
        match *work {
            Work::Slice(ref items) => {
                let slice = Slice::new(items.iter().copied());
                let sliced = match &self.root {
                    Root::File(_) => self.file().unwrap().slice(&slice).map(drop),
                    Root::Live(_) => self.live().unwrap().slice(&slice).map(drop),
                    _ => self.view().unwrap().slice(&slice).map(drop),
                };
                match array.slice(items) {
                    None => assert_eq!(sliced.unwrap_err().kind(), ErrorKind::Index),
                    Some(array) => {
                        sliced.unwrap();
                        self.slices.push(slice);
                        self.arrays.push(array);
                    }
                }
            }
            Work::Unslice => {
                self.slices.pop();
                self.arrays.truncate(self.slices.len() + 1);
            }
            Work::Get(seed) => {
                let (index, place) = pick(seed);
                let value: Result<T> = match (self.file(), self.live(), self.view()) {
                    (Some(file), ..) => file.get(&index),
                    (_, Some(map), _) => map.get(&index),
                    (.., Some(view)) => view.get(&index),
                    _ => unreachable!(),
                };
                match place {
                    Some(place) => {
                        let expected = self.model.read(&one(place)).concat();
                        assert_eq!(self.stored(value.unwrap()), expected);
                    }
                    None => assert_eq!(value.unwrap_err().kind(), ErrorKind::Index),
                }
            }
            Work::Set(at, seed) => {
                let (index, place) = pick(at);
                let bytes = bytes(seed, array.itemsize);
                let value = self.value(&bytes);
                let done = match self.live() {
                    Some(map) if seed % 2 == 0 => {
                        map.typed::<T, IxDyn>().unwrap().set(IxDyn(&index), value)
                    }
                    Some(map) => map.set(&index, value),
                    None => match self.view_mut() {
                        Some(mut view) => view.set(&index, value),
                        None => return,
                    },
                };
                match place {
                    None => assert_eq!(done.unwrap_err().kind(), ErrorKind::Index),
                    Some(_) if read_only => assert_eq!(done.unwrap_err().kind(), ErrorKind::Mode),
                    Some(place) => {
                        done.unwrap();
                        self.model.write(&one(place), |_| bytes.clone());
                    }
                }
            }
            Work::Fill(seed) => {
                let bytes = bytes(seed, array.itemsize);
                let value = self.value(&bytes);
                let Some(map) = self.live() else { return };
                let filled = map.fill(value);
                if read_only {
                    assert_eq!(filled.unwrap_err().kind(), ErrorKind::Mode);
                } else {
                    filled.unwrap();
                    self.model.write(&array, |_| bytes.clone());
                }
            }
            Work::Assign(seed, kind) => {
                let mut counter = seed;
                let values = arranged(&array.shape, kind, || {
                    counter = counter.wrapping_add(1);
                    self.value(&bytes(counter, array.itemsize))
                });
                let Some(map) = self.live() else { return };
                let assigned = map.assign(&values);
                if read_only {
                    assert_eq!(assigned.unwrap_err().kind(), ErrorKind::Mode);
                } else {
                    assigned.unwrap();
                    let unit = self.unit;
                    self.model.write(&array, |index| {
                        let value = bytemuck::bytes_of(&values[IxDyn(index)]);
                        value.chunks(unit).flat_map(|unit| unit.iter().rev().copied()).collect()
                    });
                }
            }
            Work::ReadInto(kind) => {
                let mut target = arranged(&array.shape, kind, T::zeroed);
                match (self.file(), self.live()) {
                    (Some(file), _) => file.read_into(&mut target).unwrap(),
                    (_, Some(map)) => map.read_into(&mut target).unwrap(),
                    _ => return,
                }
                assert_eq!(self.all_stored(&target), self.model.read(&array));
            }
            Work::Fold => {
                let Some(map) = self.live() else { return };
                let map = map.typed::<T, IxDyn>().unwrap();
                let mut folded = map
                    .fold(vec![], |mut all, value| {
                        all.push(self.stored(value));
                        all
                    })
                    .unwrap();
                let mut expected = self.model.read(&array);
                folded.sort();
                expected.sort();
                assert_eq!(folded, expected);
            }
            Work::Blocks(max_bytes) => self.blocks(&array, max_bytes),
            Work::Field(seed) => self.field(&array, seed),
            Work::View(seed) => self.in_place(&array, seed),
            Work::Flush => match &self.root {
                Root::Live(map) => map.flush().unwrap(),
                Root::Map(map) => map.flush().unwrap(),
                Root::MapMut(map) => map.flush().unwrap(),
                Root::File(_) => {}
            },
            Work::Pages(what) => {
                let mut pages = match &self.root {
                    Root::Live(map) => map.pages(),
                    Root::Map(map) => map.pages(),
                    Root::MapMut(map) => map.pages(),
                    Root::File(_) => return,
                };
                for slice in &self.slices {
                    pages = pages.slice(slice).unwrap();
                }
                match what {
                    0 => pages.flush().unwrap(),
                    1 if LIVE => pages.flush_async().unwrap(),
                    2 | 3 => pages.release().unwrap(),
                    4 => pages.prefetch().unwrap(),
                    5 => pages.advise(Advice::Random).unwrap(),
                    6 if LIVE => {
                        let residency = pages.residency().unwrap();
                        assert!(residency.resident <= residency.total);
                    }
                    _ => {}
                }
            }
            Work::WriteFile(seed) => {
                // Only where somebody else may write, and where it is known who sees it.
                let shared = matches!(self.root, Root::File(_) | Root::Live(_));
                if shared && self.mode != Mode::CopyOnWrite && !self.model.file.is_empty() {
                    let at = seed as usize % self.model.file.len();
                    self.model.file[at] ^= 0x5A;
                    overwrite(&self.path(), &self.model.file);
                }
            }
            Work::Reopen(mode, tier) => {
                let (mode, tier) = possible(mode, tier);
                let expected = self.request.open(Some(&self.model.file), mode, tier != Tier::File);
                let opened = open(&self.options, &self.path(), mode, tier);
                match expected {
                    Err(kind) => assert_eq!(opened.err().unwrap().kind(), kind),
                    Ok((file, array)) => {
                        self.root = opened.unwrap();
                        self.model = Model::new(file, mode);
                        (self.mode, self.slices, self.arrays) = (mode, vec![], vec![array]);
                    }
                }
            }
        }
    }

    /// Blocks cover the array once, and none is larger than it may be.
    fn blocks(&mut self, array: &Strided, max_bytes: usize) {
        let mut seen = ArrayD::from_elem(IxDyn(&array.shape), None);
        let mut take = |start: &[usize], block: ArrayD<T>| {
            assert!(block.len() == 1 || block.len() * array.itemsize <= max_bytes);
            for (index, &value) in block.indexed_iter() {
                let index: Vec<usize> =
                    start.iter().enumerate().map(|(axis, first)| first + index[axis]).collect();
                assert!(seen[&*index].replace(value).is_none(), "{index:?} came twice");
            }
            Ok(())
        };
        match (self.file(), self.live()) {
            (Some(file), _) => file.for_each_block(max_bytes, &mut take).unwrap(),
            (_, Some(map)) => map.for_each_block(max_bytes, &mut take).unwrap(),
            _ => return,
        }
        let seen: Vec<_> = seen.iter().map(|value| self.stored(value.unwrap())).collect();
        assert_eq!(seen, self.model.read(array));
    }

    /// One field of each record, read and written.
    fn field(&mut self, array: &Strided, seed: u64) {
        if array.itemsize != 7 {
            return;
        }
        let field = Strided { itemsize: 2, ..array.clone() };
        let values: ArrayD<i16> = match (self.file(), self.live(), self.view()) {
            (Some(file), ..) => file.field("a").unwrap().to_array().unwrap(),
            (_, Some(map), _) => map.field("a").unwrap().to_array().unwrap(),
            (.., Some(view)) => view.field("a").unwrap().to_array().unwrap(),
            _ => unreachable!(),
        };
        let values: Vec<Vec<u8>> = values.iter().map(|v| v.to_be_bytes().to_vec()).collect();
        assert_eq!(values, self.model.read(&field));
        if array.len() == 0 || self.mode == Mode::Read || matches!(self.root, Root::File(_)) {
            return;
        }
        let (first, value) = (vec![0; array.shape.len()], seed as f32);
        match self.live() {
            Some(map) => map.field("c").unwrap().set(&first, value).unwrap(),
            None => self.view_mut().unwrap().field("c").unwrap().set(&first, value).unwrap(),
        }
        let offset = array.offset + 3;
        let one = Strided { itemsize: 4, offset, shape: vec![], strides: vec![] };
        self.model.write(&one, |_| value.to_le_bytes().to_vec());
    }

    /// `ndarray` views stand in place where the bytes allow one, and nowhere else.
    fn in_place(&mut self, array: &Strided, seed: u64) {
        let expected = self.model.read(array);
        let Some(view) = self.view() else { return };
        let whole = |&(&n, &stride): &(&usize, &i64)| n < 2 || stride % array.itemsize as i64 == 0;
        let whole =
            array.len() == 0 || array.shape.iter().zip(&array.strides).all(|axis| whole(&axis));
        let aligned = array.len() == 0 || array.offset % align_of::<T>() as i64 == 0;
        let native = self.unit == 1;
        match view.typed::<T, IxDyn>() {
            Ok(view) => {
                assert!(whole && aligned && native);
                assert_eq!(self.all_stored(&view), expected);
            }
            Err(error) => {
                let kind = if native && !whole { ErrorKind::Shape } else { ErrorKind::Dtype };
                assert!(!(whole && aligned && native), "{error}");
                assert_eq!(error.kind(), kind, "{error}");
            }
        }
        let stored = |value: &P| bytemuck::bytes_of(value).to_vec();
        match view.typed::<P, IxDyn>() {
            Ok(view) => assert_eq!(view.iter().map(stored).collect::<Vec<_>>(), expected),
            Err(error) => assert!(!whole && error.kind() == ErrorKind::Shape, "{error}"),
        }
        let Some(view) = self.view_mut() else { return };
        let mut view = match view.typed::<P, IxDyn>() {
            Ok(view) => view,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Shape, "{error}");
                // Strides that interleave without touching may be refused too.
                assert!(!whole || array.len() > 1, "{error}");
                return;
            }
        };
        assert!(!array.overlaps());
        let mut counter = seed;
        view.map_inplace(|value| {
            counter = counter.wrapping_add(1);
            *value = bytemuck::pod_read_unaligned(&bytes(counter, size_of::<P>()));
        });
        let values = view.to_owned();
        self.model.write(array, |index| stored(&values[IxDyn(index)]));
    }
}

fn open(options: &MapOptions, path: &Path, mode: Mode, tier: Tier) -> Result<Root> {
    let options = options.clone().mode(mode);
    match tier {
        Tier::File => options.file(path).map(Root::File),
        Tier::Live => options.live_dyn(path).map(Root::Live),
        // SAFETY: the file is in a folder of this test's own, and is written through the map alone
        // while the map lives.
        Tier::Stable if mode == Mode::Read => unsafe { options.map_dyn(path) }.map(Root::Map),
        // SAFETY: as above.
        Tier::Stable => unsafe { options.map_dyn_mut(path) }.map(Root::MapMut),
    }
}
