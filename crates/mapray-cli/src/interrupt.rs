//! Ctrl-C and its like leave nothing behind.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A folder that goes with the process.
static FOLDER: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Removes this folder if the process is ended by a signal.
pub fn remove_at_signal(folder: &Path) {
    *FOLDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder.to_owned());
}

/// Removes what is not complete before a signal ends the process.
#[cfg(unix)]
pub fn tidy_up_at_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal));
    // Where a signal cannot be waited for, it still ends the process.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            mapray::remove_unfinished();
            if let Some(folder) = &*FOLDER.lock().unwrap_or_else(PoisonError::into_inner) {
                // Under another name nothing more can be put into it while it is emptied.
                let ending = folder.with_extension("ending");
                let folder =
                    if std::fs::rename(folder, &ending).is_ok() { &ending } else { folder };
                let _ = std::fs::remove_dir_all(folder);
            }
            // The shell is to see that it was the signal.
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait);
}

#[cfg(not(unix))]
pub fn tidy_up_at_signals() {}

/// Whether somebody (`nohup`, a script that runs this in its background) has seen to it that the signal
/// does nothing, which must stay so.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
