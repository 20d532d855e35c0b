//! The guard among other handlers of `SIGBUS`: what is not ours has the effect that it would have had.

#![cfg(all(target_os = "linux", not(mapray_portable)))]

mod common;

use std::ffi::c_int;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Output;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::child::{is_child, part, rerun, run_part};
use mapray::{ErrorKind, Map, MapMut, MapOptions, Mode, guard};
use ndarray::Ix1;

const PAGE: usize = 4096;

/// A map of ours with two pages, the second of which the file has no more.
fn ours(folder: &Path) -> Map<u8, Ix1> {
    let path = folder.join("ours");
    fs::write(&path, [1; 2 * PAGE]).unwrap();
    // SAFETY: broken on purpose: the guard puts zeros where the file was cut.
    let map = unsafe { MapOptions::new().map(&path) }.unwrap();
    File::options().write(true).open(&path).unwrap().set_len(PAGE as u64).unwrap();
    map
}

fn load(map: &Map<u8, Ix1>, at: usize) -> u8 {
    // SAFETY: a byte of the map.
    unsafe { map.as_ptr().wrapping_add(at).read_volatile() }
}

/// A page of somebody else's map that its file does not have.
fn foreign(folder: &Path) -> *mut u8 {
    let path = folder.join("foreign");
    fs::write(&path, []).unwrap();
    let file = File::options().read(true).write(true).open(path).unwrap();
    let (rights, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: the kernel picks addresses that nothing else uses.
    let page = unsafe { libc::mmap(ptr::null_mut(), PAGE, rights, shared, file.as_raw_fd(), 0) };
    assert_ne!(page, libc::MAP_FAILED);
    page.cast()
}

fn touch(page: *mut u8) -> u8 {
    // SAFETY: the page is mapped; that the file lacks it is what this is about.
    unsafe { page.read_volatile() }
}

fn raise() {
    // SAFETY: the call takes a number.
    unsafe { libc::raise(libc::SIGBUS) };
}

/// Installs a handler of somebody else's; gives what was there before.
fn install(handler: usize, flags: c_int) -> libc::sigaction {
    // SAFETY: all zeros are a `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    (action.sa_sigaction, action.sa_flags) = (handler, flags);
    // SAFETY: as above.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: both are whole, and the handlers below are of the kind that their flags say.
    let code = unsafe { libc::sigaction(libc::SIGBUS, &action, &mut before) };
    assert_eq!(code, 0, "{}", io::Error::last_os_error());
    before
}

/// How often one of the handlers below has run, and the address it was given.
static CALLS: AtomicUsize = AtomicUsize::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// Gives every page that is missed zeros, as some library might.
extern "C" fn fill_in(_: c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the kernel's.
    let info = unsafe { &*info };
    // SAFETY: a page was missed, so there is an address.
    let address = unsafe { info.si_addr() };
    ADDRESS.store(address.addr(), Ordering::Relaxed);
    let (rights, flags) = (libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED);
    let page = address.map_addr(|address| address / PAGE * PAGE);
    // SAFETY: over a page that nobody could reach.
    unsafe { libc::mmap(page, PAGE, rights, flags, -1, 0) };
}

extern "C" fn leave_with_42(_: c_int) {
    // SAFETY: the call takes a number.
    unsafe { libc::_exit(42) };
}

extern "C" fn count(_: c_int) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

fn address_of(handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void)) -> usize {
    handler as *const () as usize
}

fn address_of_plain(handler: extern "C" fn(c_int)) -> usize {
    handler as *const () as usize
}

/// A part of a test: its name, and what it does in a folder.
type Part = (&'static str, fn(&Path));

/// Runs each part of the test in a process of its own, and hands out how each ended.
fn each_part<const N: usize>(test: &str, parts: [Part; N]) -> Option<[Output; N]> {
    if let Some(name) = part(test) {
        let folder = tempfile::tempdir().unwrap();
        let work = parts.iter().find(|(part, _)| *part == name).expect("a part of this test").1;
        work(folder.path());
        return None;
    }
    Some(parts.map(|(part, _)| run_part(test, part)))
}

fn assert_killed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGBUS), "{}: {text}", output.status);
}

#[test]
fn without_the_guard_a_cut_file_kills_the_process_in_every_mode() {
    fn store(mode: Mode, folder: &Path) {
        let path = folder.join("a");
        fs::write(&path, [1; 2 * PAGE]).unwrap();
        // SAFETY: broken on purpose.
        let mut map = unsafe { MapOptions::new().mode(mode).map_mut::<u8, Ix1>(&path) }.unwrap();
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        map[PAGE] = 1;
    }
    let parts: [Part; 3] = [
        ("r", |folder| assert_eq!(load(&ours(folder), PAGE), 0)),
        ("r+", |folder| store(Mode::ReadWrite, folder)),
        ("c", |folder| store(Mode::CopyOnWrite, folder)),
    ];
    let test = "without_the_guard_a_cut_file_kills_the_process_in_every_mode";
    each_part(test, parts).iter().flatten().for_each(assert_killed);
}

#[test]
fn what_is_not_ours_kills_as_ever() {
    let parts: [Part; 5] = [
        ("a page of somebody else", |folder| {
            guard::install().unwrap();
            touch(foreign(folder));
        }),
        ("such a page after one of ours", |folder| {
            guard::install().unwrap();
            assert_eq!(load(&ours(folder), PAGE), 0);
            touch(foreign(folder));
        }),
        ("a signal that was sent", |_| {
            install(libc::SIG_DFL, 0);
            guard::install().unwrap();
            raise();
        }),
        ("a page while the signal was ignored", |folder| {
            install(libc::SIG_IGN, 0);
            guard::install().unwrap();
            raise();
            touch(foreign(folder));
        }),
        ("where the default had been", |folder| {
            install(libc::SIG_DFL, 0);
            guard::install().unwrap();
            assert_eq!(load(&ours(folder), PAGE), 0);
            touch(foreign(folder));
        }),
    ];
    each_part("what_is_not_ours_kills_as_ever", parts).iter().flatten().for_each(assert_killed);
}

/// Runs the test in a process of its own.
fn alone(test: &str, work: impl FnOnce(&Path)) {
    if !is_child(test) {
        return rerun(test, "");
    }
    let folder = tempfile::tempdir().unwrap();
    work(folder.path());
}

#[test]
fn an_earlier_handler_gets_what_is_not_ours() {
    alone("an_earlier_handler_gets_what_is_not_ours", |folder| {
        install(address_of(fill_in), libc::SA_SIGINFO | libc::SA_ONSTACK);
        guard::install().unwrap();
        guard::install().unwrap();
        let map = ours(folder);
        assert_eq!((load(&map, 0), load(&map, PAGE)), (1, 0));
        assert_eq!(map.check().unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(CALLS.load(Ordering::Relaxed), 0, "ours went to somebody else");
        let page = foreign(folder);
        assert_eq!(touch(page.wrapping_add(5)), 0);
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        assert_eq!(ADDRESS.load(Ordering::Relaxed), page.addr() + 5);
    });
}

#[test]
fn an_earlier_handler_of_the_plain_kind_ends_the_process_in_its_own_way() {
    let parts: [Part; 2] = [
        ("a page", |folder| {
            install(address_of_plain(leave_with_42), 0);
            guard::install().unwrap();
            assert_eq!(load(&ours(folder), PAGE), 0);
            touch(foreign(folder));
        }),
        ("a signal that was sent", |_| {
            install(address_of_plain(leave_with_42), 0);
            guard::install().unwrap();
            raise();
        }),
    ];
    let test = "an_earlier_handler_of_the_plain_kind_ends_the_process_in_its_own_way";
    for output in each_part(test, parts).iter().flatten() {
        assert_eq!(output.status.code(), Some(42));
    }
}

#[test]
fn a_handler_that_was_to_run_once_runs_once() {
    let parts: [Part; 1] = [("", |_| {
        install(address_of_plain(count), libc::SA_RESETHAND);
        guard::install().unwrap();
        raise();
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        raise();
    })];
    each_part("a_handler_that_was_to_run_once_runs_once", parts)
        .iter()
        .flatten()
        .for_each(assert_killed);
}

#[test]
fn a_signal_that_was_ignored_and_is_sent_still_is() {
    alone("a_signal_that_was_ignored_and_is_sent_still_is", |folder| {
        install(libc::SIG_IGN, 0);
        guard::install().unwrap();
        raise();
        assert_eq!(load(&ours(folder), PAGE), 0);
    });
}

/// The handler that `pass_on_to_us` found, and its flags.
static BEFORE: AtomicUsize = AtomicUsize::new(0);

extern "C" fn pass_on_to_us(signal: c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut libc::c_void);
    // SAFETY: what was there before is the guard, a handler of this kind.
    let before: Handler = unsafe { std::mem::transmute(BEFORE.load(Ordering::Relaxed)) };
    before(signal, info, context);
}

#[test]
fn a_later_handler_may_pass_on_what_is_ours() {
    alone("a_later_handler_may_pass_on_what_is_ours", |folder| {
        guard::install().unwrap();
        let before = install(address_of(pass_on_to_us), libc::SA_SIGINFO | libc::SA_ONSTACK);
        BEFORE.store(before.sa_sigaction, Ordering::Relaxed);
        // Once more must not put us on top of the one that passes on to us.
        guard::install().unwrap();
        assert_eq!(load(&ours(folder), PAGE), 0);
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        // Where somebody has taken it away altogether, it is put back.
        install(libc::SIG_DFL, 0);
        guard::install().unwrap();
        assert_eq!(load(&ours(folder), PAGE), 0);
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn errno_and_the_signal_mask_are_as_they_were() {
    alone("errno_and_the_signal_mask_are_as_they_were", |folder| {
        fn blocked() -> Vec<c_int> {
            // SAFETY: all zeros are a set.
            let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
            // SAFETY: nothing is set, and `set` has room.
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut set) };
            // SAFETY: the set is filled in.
            (1..32).filter(|&signal| unsafe { libc::sigismember(&set, signal) } == 1).collect()
        }
        guard::install().unwrap();
        let (map, before) = (ours(folder), blocked());
        // SAFETY: this thread's own variable.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: as above.
        unsafe { *errno = 77 };
        let byte = load(&map, PAGE);
        // SAFETY: as above.
        assert_eq!((byte, unsafe { *errno }), (0, 77));
        assert_eq!(blocked(), before);
    });
}

#[test]
fn a_thread_without_a_stack_for_signals_is_guarded() {
    alone("a_thread_without_a_stack_for_signals_is_guarded", |folder| {
        guard::install().unwrap();
        let map = ours(folder);
        thread::scope(|scope| {
            scope.spawn(|| {
                let none = libc::stack_t {
                    ss_sp: ptr::null_mut(),
                    ss_flags: libc::SS_DISABLE,
                    ss_size: 0,
                };
                // SAFETY: the thread's other stack is only taken out of use.
                assert_eq!(unsafe { libc::sigaltstack(&none, ptr::null_mut()) }, 0);
                assert_eq!(load(&map, PAGE), 0);
            });
        });
    });
}

#[test]
fn a_forked_child_is_guarded_and_its_losses_are_its_own() {
    alone("a_forked_child_is_guarded_and_its_losses_are_its_own", |folder| {
        guard::install().unwrap();
        let path = folder.join("a");
        fs::write(&path, [1; 4 * PAGE]).unwrap();
        let options = MapOptions::new().mode(Mode::ReadWrite);
        // SAFETY: broken on purpose.
        let mut map: MapMut<u8, Ix1> = unsafe { options.map_mut(&path) }.unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(2 * PAGE as u64).unwrap();
        // SAFETY: the child calls nothing but loads, stores and `_exit`.
        match unsafe { libc::fork() } {
            0 => {
                let mut wrong = c_int::from(map[3 * PAGE] != 0);
                map[3 * PAGE] = 7;
                wrong |= c_int::from(map[3 * PAGE] != 7) | c_int::from(map.check().is_ok());
                // SAFETY: the call takes a number.
                unsafe { libc::_exit(wrong) };
            }
            child => {
                let mut status = 0;
                // SAFETY: `status` has room for a number.
                assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
                assert_eq!(status, 0, "the child");
                file.set_len(4 * PAGE as u64).unwrap();
                map.check().unwrap();
                assert_eq!(map[3 * PAGE], 0);
                map.close().unwrap();
            }
        }
    });
}
