//! How far a long run is: a bar on stderr, where that is a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);
const LAYOUT: &str = "{msg} [{wide_bar}] {percent}% of {total_bytes}, {bytes_per_sec}, {eta} left";

static QUIET: AtomicBool = AtomicBool::new(false);

/// Shows no bar from now on.
pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether nobody wants to hear what was done.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Goes up by every byte that is read of a file, or written by somebody who says so.
pub fn counter() -> &'static Arc<AtomicU64> {
    static COUNTER: LazyLock<Arc<AtomicU64>> = LazyLock::new(Arc::default);
    &COUNTER
}

/// Notes that so many bytes are done which the library does not count.
pub fn add(bytes: u64) {
    counter().fetch_add(bytes, Ordering::Relaxed);
}

/// Some long run. The bar goes when this does.
pub struct Progress {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Begins to show how far a run is that takes so many bytes; what it does is said in a word or two.
pub fn start(doing: &str, bytes: usize) -> Progress {
    if is_quiet() || !std::io::stderr().is_terminal() {
        return Progress { end: None, thread: None };
    }
    let (end, is_over) = mpsc::channel::<()>();
    let doing = doing.to_owned();
    let before = counter().load(Ordering::Relaxed);
    let show = move || {
        if is_over.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        let style = ProgressStyle::with_template(LAYOUT).expect("the template is right");
        let bar = ProgressBar::new(bytes as u64).with_message(doing).with_elapsed(PATIENCE);
        bar.set_style(style.progress_chars("=> "));
        loop {
            let done = counter().load(Ordering::Relaxed) - before;
            // Gaps that are read along must not make more than all of it.
            bar.set_position(done.min(bytes as u64));
            if is_over.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                return bar.finish_and_clear();
            }
        }
    };
    // Without a thread for it the bar is all that is missing.
    let thread = thread::Builder::new().spawn(show).ok();
    Progress { end: Some(end), thread }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
