//! The pages that Python's arrays lie over.

use std::os::fd::{IntoRawFd, RawFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use mapray::{DynLiveMap, DynView, Gather, Layout, Mode, Order};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::advice;
use crate::error::{closed, raise};
use crate::open::{self, Name};
use crate::part::Part;
use crate::reduce::Wanted;

/// Dtype, shape, and elements side by side in C order.
type Values<'py> = (String, Vec<usize>, Bound<'py, PyBytes>);

/// Pages of a file or of shared memory, with what can be done to them. They stay at their address for as
/// long as this object lives, whatever is closed.
///
/// Work goes on with the interpreter detached. Whatever ends or changes the map waits for it.
#[pyclass(frozen, module = "mapray._core")]
pub struct Map {
    /// Held for reading by work, for writing by what closes the map.
    live: RwLock<DynLiveMap>,
    is_closed: AtomicBool,
    /// Buffers that Python has lent.
    exports: AtomicUsize,
    /// Whether arrays may lie over the pages.
    was_lent: AtomicBool,
    order: Order,
}

impl Map {
    fn new(live: DynLiveMap, order: Order) -> Map {
        Map {
            live: RwLock::new(live),
            is_closed: AtomicBool::new(false),
            exports: AtomicUsize::new(0),
            was_lent: AtomicBool::new(false),
            order,
        }
    }

    fn shared_lock(&self) -> RwLockReadGuard<'_, DynLiveMap> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn require_open(&self) -> PyResult<()> {
        if self.is_closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// Does something to the open map while other Python threads run.
    fn work<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&DynLiveMap) -> mapray::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| {
            let live = self.shared_lock();
            self.require_open()?;
            work(&live).map_err(raise)
        })
    }

    /// The same for what must be alone.
    fn work_alone<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut DynLiveMap) -> mapray::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| {
            let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
            self.require_open()?;
            work(&mut live).map_err(raise)
        })
    }

    /// The same for what gives the map other pages, which must not have been lent.
    fn change<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut DynLiveMap) -> mapray::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| {
            let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
            self.require_open()?;
            if self.was_lent.load(Ordering::Relaxed) {
                return Err(PyBufferError::new_err("arrays lie over the pages"));
            }
            work(&mut live).map_err(raise)
        })
    }

    /// Counts a buffer that is lent, and says where it is, how long, and whether it is read only.
    pub fn lend(&self) -> PyResult<(*mut u8, isize, bool)> {
        self.require_open()?;
        let live = self.shared_lock();
        self.exports.fetch_add(1, Ordering::Relaxed);
        self.was_lent.store(true, Ordering::Relaxed);
        // A layout fits an `isize`.
        Ok((live.as_ptr(), live.layout().nbytes() as isize, !live.mode().is_writable()))
    }

    /// Counts a buffer that came back.
    pub fn take_back(&self) {
        self.exports.fetch_sub(1, Ordering::Relaxed);
    }
}

fn part_of(live: &DynLiveMap, part: Option<&Part>) -> mapray::Result<DynLiveMap> {
    part.map_or_else(|| Ok(live.clone()), |part| part.of(live))
}

#[pymethods]
impl Map {
    /// Maps `nbytes` bytes of a file from `offset` on.
    #[staticmethod]
    fn raw(py: Python<'_>, name: Name, mode: &str, offset: u64, nbytes: usize) -> PyResult<Map> {
        let mode: Mode = mode.parse().map_err(raise)?;
        let live = py.detach(|| open::raw(name, mode, offset, nbytes))?;
        Ok(Map::new(live, Order::C))
    }

    /// Maps the array in a file with a header.
    #[staticmethod]
    fn headed(py: Python<'_>, path: PathBuf, mode: &str) -> PyResult<Map> {
        let mode: Mode = mode.parse().map_err(raise)?;
        let (live, order) = py.detach(|| open::headed(path, mode)).map_err(raise)?;
        Ok(Map::new(live, order))
    }

    /// Maps the array in a `.npy` file; `None` where that is not what it is.
    #[staticmethod]
    fn npy(py: Python<'_>, path: PathBuf, mode: &str) -> PyResult<Option<Map>> {
        let mode: Mode = mode.parse().map_err(raise)?;
        let opened = py.detach(|| open::npy(path, mode)).map_err(raise)?;
        Ok(opened.map(|(live, order)| Map::new(live, order)))
    }

    /// Maps a stored member of an archive.
    #[staticmethod]
    fn member(py: Python<'_>, path: PathBuf, name: &str, mode: &str) -> PyResult<Map> {
        let mode: Mode = mode.parse().map_err(raise)?;
        let (live, order) = py.detach(|| open::member(path, name, mode)).map_err(raise)?;
        Ok(Map::new(live, order))
    }

    /// Makes a `.npy` file of zeros and maps it.
    #[staticmethod]
    fn created(
        py: Python<'_>,
        path: PathBuf,
        descr: &str,
        shape: Vec<usize>,
        fortran_order: bool,
        version: Option<(u8, u8)>,
    ) -> PyResult<Map> {
        let order = if fortran_order { Order::F } else { Order::C };
        let live = py.detach(|| open::created(path, descr, &shape, order, version));
        Ok(Map::new(live.map_err(raise)?, order))
    }

    /// Makes memory that other processes can map.
    #[staticmethod]
    fn shared(name: &str, nbytes: usize) -> PyResult<Map> {
        Ok(Map::new(open::shared(name, nbytes).map_err(raise)?, Order::C))
    }

    /// The address of the first element.
    #[getter]
    fn address(&self) -> usize {
        self.shared_lock().as_ptr().addr()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.shared_lock().layout().nbytes()
    }

    /// The byte of the file at which the first element starts.
    #[getter]
    fn offset(&self) -> u64 {
        self.shared_lock().layout().offset()
    }

    #[getter]
    fn shape(&self) -> Vec<usize> {
        self.shared_lock().layout().shape().to_vec()
    }

    /// The dtype, as the header of a `.npy` file spells it.
    #[getter]
    fn descr(&self) -> String {
        self.shared_lock().dtype().descr()
    }

    #[getter]
    fn fortran_order(&self) -> bool {
        self.order == Order::F
    }

    #[getter]
    fn mode(&self) -> String {
        self.shared_lock().mode().to_string()
    }

    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.shared_lock().path().map(ToOwned::to_owned)
    }

    #[getter]
    fn closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// How many buffers are lent.
    #[getter]
    fn exports(&self) -> usize {
        self.exports.load(Ordering::Relaxed)
    }

    /// Writes what was stored to the file.
    #[pyo3(signature = (part=None, wait=true))]
    fn flush(&self, py: Python<'_>, part: Option<Part>, wait: bool) -> PyResult<()> {
        self.work(py, |live| match (part, wait) {
            (None, true) => live.flush(),
            (None, false) => live.flush_async(),
            (Some(part), true) => part.of(live)?.pages().flush().and_then(|()| live.check()),
            (Some(part), false) => part.of(live)?.flush_async(),
        })
    }

    #[pyo3(signature = (advice, part=None))]
    fn advise(&self, py: Python<'_>, advice: &str, part: Option<Part>) -> PyResult<()> {
        let advice = advice::parse(advice)?;
        self.work(py, |live| {
            live.check()?;
            part_of(live, part.as_ref())?.pages().advise(advice)
        })
    }

    /// How many bytes of the pages are in memory, and how many there are.
    #[pyo3(signature = (part=None))]
    fn residency(&self, py: Python<'_>, part: Option<Part>) -> PyResult<(usize, usize)> {
        self.work(py, |live| {
            let residency = part_of(live, part.as_ref())?.pages().residency()?;
            Ok((residency.resident, residency.total))
        })
    }

    /// The bytes of the file, as pairs of start and stop, in pages that were stored to in mode `c`.
    #[pyo3(signature = (part=None))]
    fn dirty_pages(&self, py: Python<'_>, part: Option<Part>) -> PyResult<Vec<(u64, u64)>> {
        self.work(py, |live| {
            let dirty = part_of(live, part.as_ref())?.dirty_pages()?;
            Ok(dirty.into_iter().map(|range| (range.start, range.end)).collect())
        })
    }

    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        self.work_alone(py, DynLiveMap::commit)
    }

    fn discard(&self, py: Python<'_>) -> PyResult<()> {
        self.work_alone(py, DynLiveMap::discard)
    }

    /// Checks that the file still has every byte.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.work(py, DynLiveMap::check)
    }

    /// Lets the file go: zeros take the place of the pages. Again does nothing.
    fn close(&self, py: Python<'_>, flush: bool) -> PyResult<()> {
        py.detach(|| {
            let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
            if self.is_closed.load(Ordering::Acquire) {
                return Ok(());
            }
            let flushed = if flush { live.flush() } else { Ok(()) };
            // What could not be written does not become writable by staying open.
            let detached = live.detach();
            self.is_closed.store(true, Ordering::Release);
            flushed.and(detached).map_err(raise)
        })
    }

    /// Puts rows, as bytes in C order, behind the last one, and becomes a map of the longer array.
    fn append(&self, py: Python<'_>, rows: PyBuffer<u8>, shape: Vec<usize>) -> PyResult<()> {
        // Other threads may write the buffer meanwhile, so it is copied while they cannot run.
        let bytes = rows.to_vec(py)?;
        self.change(py, |live| {
            let layout = Layout::contiguous(live.dtype().clone(), &shape, Order::C, 0)?;
            live.append_dyn(&DynView::new(&bytes, layout)?)
        })
    }

    /// Makes the array in the file this long, and becomes a map of it.
    fn resize(&self, py: Python<'_>, len: usize) -> PyResult<()> {
        self.change(py, |live| live.resize(len))
    }

    /// A descriptor of the file, which is the caller's to close.
    fn descriptor(&self, py: Python<'_>) -> PyResult<RawFd> {
        self.work(py, |live| Ok(live.file()?.into_raw_fd()))
    }

    /// Copies the elements of a part, side by side in C order.
    fn read(&self, py: Python<'_>, part: Part, out: PyBuffer<u8>) -> PyResult<()> {
        require_output(&out)?;
        // Other threads may look at the output meanwhile, so it is filled while they cannot run.
        let mut bytes = vec![0; out.len_bytes()];
        self.work(py, |live| part.of(live)?.read_bytes(&mut bytes))?;
        out.copy_from_slice(py, &bytes)
    }

    /// Copies the rows of a part with these indices, side by side, into memory that nobody but the caller
    /// knows: it is filled while other threads run.
    fn take(
        &self,
        py: Python<'_>,
        part: Part,
        indices: PyBuffer<i64>,
        out: PyBuffer<u8>,
    ) -> PyResult<()> {
        let indices = indices.to_vec(py)?;
        let memory = memory_of(&out)?;
        // SAFETY: the package hands in an array that it has just made and told nobody of.
        let bytes = unsafe { &mut *memory };
        self.work(py, |live| Gather::new(part.of(live)?)?.read_bytes(&indices, bytes))
    }

    /// A reduction: its dtype, its shape, and its elements; `None` where there is none of this name.
    fn reduce<'py>(
        &self,
        py: Python<'py>,
        part: Part,
        wanted: Wanted,
    ) -> PyResult<Option<Values<'py>>> {
        let reduced = self.work(py, |live| wanted.of(&part.of(live)?).transpose())?;
        Ok(reduced.map(|reduced| {
            let bytes = PyBytes::new(py, &reduced.to_bytes());
            (reduced.dtype().descr(), reduced.shape().to_vec(), bytes)
        }))
    }
}

/// The bytes of a buffer that is to be filled. It is contiguous and writable, and held for as long as
/// `out` lives.
pub fn memory_of(out: &PyBuffer<u8>) -> PyResult<*mut [u8]> {
    require_output(out)?;
    let (start, len) = (out.buf_ptr().cast::<u8>(), out.len_bytes());
    let start = if len == 0 { std::ptr::dangling_mut() } else { start };
    Ok(std::ptr::slice_from_raw_parts_mut(start, len))
}

fn require_output(out: &PyBuffer<u8>) -> PyResult<()> {
    if out.readonly() || !out.is_c_contiguous() {
        return Err(PyValueError::new_err("the output must be writable and contiguous"));
    }
    Ok(())
}
