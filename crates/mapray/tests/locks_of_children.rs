//! Locks that a process being started has for a moment. By itself, since that disturbs all tests that
//! run meanwhile.

// The holder of a lock is known: Linux only.
#![cfg(all(target_os = "linux", not(mapray_portable)))]

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ndarray::{Ix1, arr1};

#[test]
fn programs_that_are_started_meanwhile_are_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    mapray::save(&path, &arr1(&[1_u8])).unwrap();
    let start = || {
        let mut command = Command::new("true");
        let wait = || {
            std::thread::sleep(Duration::from_millis(5));
            Ok(())
        };
        // SAFETY: the process that is not yet another program only sleeps.
        unsafe { command.pre_exec(wait) };
        command.status().unwrap();
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                start();
            }
        });
        let appended = (0..100).try_for_each(|_| mapray::append(&path, &arr1(&[1_u8])).map(drop));
        done.store(true, Ordering::Relaxed);
        appended.unwrap();
    });
    assert_eq!(mapray::load::<u8, Ix1>(&path).unwrap().len(), 101);
}
