//! `cargo xtask valgrind`: the library's tests under memcheck.

use std::process::Command;

use crate::workspace::{Workspace, installed, succeeds};

/// What memcheck is asked for. Only memory that nothing points to is a leak: what a `static` holds
/// is there at the end.
const MEMCHECK: [&str; 7] = [
    "valgrind",
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
    // Threads that wait for each other in a loop would otherwise starve.
    "--fair-sched=yes",
];

/// Why a test is left out that ends what it does half way.
const KILLED: &str = "it leaves memory behind on purpose, as a process does that is killed";

/// Why a test is left out that wants threads to meet.
const ALONE: &str =
    "under memcheck one thread runs at a time, and the test wants to see several meet";

/// Parts of the names of tests that are left out, and why.
const LEFT_OUT: [(&str, &str); 9] = [
    ("an_archive_whose_edit_was_cut_off_is_recovered_through_more_power_cuts", KILLED),
    ("what_a_killed_process_left_behind_is_cut_off_by_who_appends_next", KILLED),
    ("a_journal_that_does_not_fit_the_file_says_nothing_of_what_follows_the_array", KILLED),
    ("through_a_link_the_file_itself_grows", KILLED),
    ("readers_find_one_state_or_the_other_while_the_archive_is_edited", ALONE),
    ("eight_threads_overwrite_one_file_and_no_store_is_a_signal", ALONE),
    ("holes_are_passed_over", "memcheck does not know cachestat(2)"),
    ("offsets_behind_four_gigabytes_are_exact", "memcheck maps nothing so large"),
    (
        "programs_that_are_started_meanwhile_are_in_nobodys_way",
        "under memcheck, which has to be copied with it, a program takes seconds to start",
    ),
];

/// Runs the tests whose name holds `filter`, or all. Whether they passed and memcheck found nothing.
pub fn run(workspace: &Workspace, filter: Option<&str>) -> Result<bool, String> {
    if !installed("valgrind") {
        return Err("there is no valgrind; `cargo xtask setup --ci` installs it".to_owned());
    }
    for (name, reason) in LEFT_OUT {
        println!("left out: {name}: {reason}");
    }
    Ok(succeeds(&mut command(workspace, filter)))
}

fn command(workspace: &Workspace, filter: Option<&str>) -> Command {
    let mut cargo = workspace.cargo();
    let runner: Vec<String> = MEMCHECK.iter().map(|part| format!("{part:?}")).collect();
    cargo.arg("--config").arg(format!("target.'cfg(all())'.runner=[{}]", runner.join(", ")));
    cargo.args(["test", "--no-fail-fast", "--package", "mapray", "--lib", "--tests"]);
    // One test at a time, since memcheck runs one thread at a time; and a test that starts a process
    // is for a moment two, each of which has the locks of all.
    cargo.args(filter).args(["--", "--test-threads=1"]);
    for (name, _) in LEFT_OUT {
        cargo.args(["--skip", name]);
    }
    cargo
}
