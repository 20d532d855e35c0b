//! Pages that the kernel cannot give: `SIGBUS`, caught. What runs in the signal handler takes neither
//! locks nor memory.

use std::ffi::{CString, OsStr, c_int, c_void};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::fs::{FileType, Stat};
use rustix::mm::{self, MapFlags, ProtFlags};

use super::{Access, Identity, page_size};

/// A way to ask how long a file is that can be used in a signal handler.
#[derive(Debug)]
pub(crate) enum LengthProbe {
    Path(CString),
    File(Arc<File>),
}

impl LengthProbe {
    /// Of the file at this path.
    pub(crate) fn of_path(path: &Path) -> io::Result<LengthProbe> {
        Ok(LengthProbe::Path(CString::new(path.as_os_str().as_bytes())?))
    }

    /// Of an open file.
    pub(crate) fn of_file(file: Arc<File>) -> LengthProbe {
        LengthProbe::File(file)
    }

    /// The path that it was given.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            LengthProbe::Path(path) => Some(Path::new(OsStr::from_bytes(path.to_bytes()))),
            LengthProbe::File(_) => None,
        }
    }

    /// The length now, if it still leads to this file, and that is one with a length.
    pub(crate) fn len(&self, identity: Identity) -> Option<u64> {
        let stat: Stat = match self {
            LengthProbe::Path(path) => rustix::fs::stat(path.as_c_str()).ok()?,
            LengthProbe::File(file) => rustix::fs::fstat(file).ok()?,
        };
        let found = Identity { device: stat.st_dev, inode: stat.st_ino };
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        (is_file && found == identity).then_some(stat.st_size as u64)
    }
}

/// What was done about `SIGBUS` before.
static EARLIER: OnceLock<libc::sigaction> = OnceLock::new();

/// Whether the earlier handler was to be called once only, and has been.
static EARLIER_IS_SPENT: AtomicBool = AtomicBool::new(false);

/// What puts a page in place; set once.
static RESTORE: OnceLock<fn(usize) -> bool> = OnceLock::new();

/// From now on calls `restore` with each address at which the kernel has no page to give, in a signal
/// handler and with all signals held off. Where that cannot help, and for all other such signals, what
/// was installed before gets its turn. A second call changes nothing, unless what it finds is the
/// system's default.
pub(crate) fn on_missing_page(restore: fn(usize) -> bool) -> io::Result<()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let now = action(None)?;
    let is_ours = now.sa_sigaction == on_bus_error as *const () as usize;
    let is_default = matches!(now.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN);
    if is_ours || (EARLIER.get().is_some() && !is_default) {
        // Whoever came after us is to pass on what is not theirs.
        return Ok(());
    }
    let earlier = EARLIER.get_or_init(|| now);
    RESTORE.get_or_init(|| restore);
    let kept = earlier.sa_flags & (libc::SA_NODEFER | libc::SA_RESTART);
    let own = libc::sigaction {
        sa_sigaction: on_bus_error as *const () as usize,
        // Where the earlier handler runs, it finds what it asked for.
        sa_flags: libc::SA_SIGINFO | libc::SA_ONSTACK | kept,
        ..*earlier
    };
    action(Some(&own)).map(drop)
}

/// Sets what is done about `SIGBUS`, or asks only.
fn action(new: Option<&libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    let new = new.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `new` is null or a whole `sigaction` whose handler is the one below or one that was
    // installed before; `old` has room for another.
    let code = unsafe { libc::sigaction(libc::SIGBUS, new, old.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all zeros are a `sigaction`, and the call has filled it in.
    Ok(unsafe { old.assume_init() })
}

extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the address is that of a variable of this thread's own.
    let before = unsafe { *errno() };
    // SAFETY: the kernel hands a whole `siginfo_t` to a handler with SA_SIGINFO.
    let about = unsafe { &*info };
    // Other codes mean an address that is not aligned, memory that is broken, or a signal that was sent.
    let restored = about.si_code == libc::BUS_ADRERR
        && RESTORE.get().is_some_and(|restore| {
            // SAFETY: signals of this code have an address.
            let address = unsafe { about.si_addr() };
            without_signals(|| restore(address.addr()))
        });
    // SAFETY: as above.
    unsafe { *errno() = before };
    if !restored {
        pass_on(signal, info, context);
    }
}

/// Does what would have been done if we had never come.
fn pass_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let earlier = EARLIER.get().expect("it is set before the handler is installed");
    // SAFETY: as in `on_bus_error`.
    let from_kernel = unsafe { (*info).si_code } > 0;
    let spent = earlier.sa_flags & libc::SA_RESETHAND != 0
        && EARLIER_IS_SPENT.swap(true, Ordering::Relaxed);
    match earlier.sa_sigaction {
        // The kernel lets nobody ignore a fault.
        libc::SIG_IGN if !from_kernel => {}
        libc::SIG_DFL | libc::SIG_IGN => die_of(signal),
        _ if spent => die_of(signal),
        handler if earlier.sa_flags & libc::SA_SIGINFO != 0 => {
            type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);
            // SAFETY: a handler that was installed with SA_SIGINFO is such a function.
            let handler: Handler = unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: a handler that was installed without SA_SIGINFO is such a function.
            let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// Lets the signal have its default effect: now, or when the handler returns.
fn die_of(signal: c_int) {
    // SAFETY: both calls take numbers only; the default needs no handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SAFETY: as above.
    unsafe { libc::raise(signal) };
}

/// Runs `work` with all signals of this thread held off.
fn without_signals<T>(work: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the call fills in the set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: both are sets, the one filled in, the other to be filled in.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let done = work();
    // SAFETY: `before` was filled in above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    done
}

/// This thread's `errno`, which whoever was interrupted may be about to look at.
fn errno() -> *mut c_int {
    // SAFETY: the call takes nothing.
    unsafe { libc::__errno_location() }
}

/// Whether the kernel gives the page at this address, for all that the access allows, as far as it
/// can be asked (Linux 5.14). Nothing in it changes.
pub(crate) fn has_page(page: usize, access: Access) -> bool {
    // A store to a private page needs no more than a load: the copy is in main memory.
    let advice = match access {
        Access::ReadWrite => libc::MADV_POPULATE_WRITE,
        Access::Read | Access::Copy => libc::MADV_POPULATE_READ,
    };
    // SAFETY: the advice changes no byte, and is an error where nothing is mapped.
    unsafe { libc::madvise(ptr::without_provenance_mut(page), page_size(), advice) == 0 }
}

/// Maps zeros of this process's own over these pages; whether it worked.
///
/// # Safety
///
/// The pages must be part of one map, which stays mapped meanwhile, and nobody may rely on what they
/// hold: the kernel has no page of the file for them, or everybody who has the map has given it up.
pub(crate) unsafe fn replace_with_zeros(pages: Range<usize>, writable: bool) -> bool {
    let protection = ProtFlags::READ | if writable { ProtFlags::WRITE } else { ProtFlags::empty() };
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    let start = ptr::without_provenance_mut(pages.start);
    // SAFETY: by the caller's promise nobody relies on what is there, and the range is a map's own.
    unsafe { mm::mmap_anonymous(start, pages.len(), protection, flags) }.is_ok()
}

/// The number of this process, which is another one in a child.
pub(crate) fn process_id() -> u32 {
    std::process::id()
}

/// Lets other threads run, in a signal handler too.
pub(crate) fn let_others_run() {
    // SAFETY: the call takes nothing.
    unsafe { libc::sched_yield() };
}
