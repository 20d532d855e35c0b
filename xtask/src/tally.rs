//! Counting tests from what the test harness prints and from what tests say of themselves.

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    passed: usize,
    failed: usize,
    /// Name and reason of each skipped test.
    skipped: Vec<(String, String)>,
    /// What failed, by name.
    failures: Vec<String>,
    /// Added to the names of skipped tests, so that two runs can be told apart.
    label: String,
    /// Whether a test binary has begun and not yet printed its result.
    unfinished: bool,
}

impl Tally {
    /// An empty tally of a run that goes by this label.
    pub fn labelled(label: &str) -> Tally {
        Tally { label: label.to_owned(), ..Tally::default() }
    }

    /// Counts one line of the harness's output.
    pub fn read_line(&mut self, line: &str) {
        if is_beginning(line) {
            self.notice_death();
            self.unfinished = true;
        } else if let Some((passed, failed)) = result(line) {
            self.unfinished = false;
            self.passed += passed;
            self.failed += failed;
        } else if let Some((name, reason)) = ignored(line) {
            self.skip(name, reason);
        } else if let Some(name) = failed(line) {
            self.failures.push(format!("{name}{}", self.label));
        }
    }

    /// Counts the lines `name<TAB>reason` of tests that found nothing to do and returned: the
    /// harness has counted them as passed.
    pub fn read_skip_log(&mut self, log: &str) {
        for line in log.lines().filter(|line| !line.trim().is_empty()) {
            let (name, reason) = line.split_once('\t').unwrap_or((line, ""));
            self.passed = self.passed.saturating_sub(1);
            self.skip(name, reason);
        }
    }

    /// Ends a run. One that failed without a failed test did not build, or never got to its tests.
    pub fn end(&mut self, success: bool) {
        self.notice_death();
        if !success && self.failed == 0 {
            self.fail(&format!("the tests{}: they failed without a failed test", self.label));
        }
    }

    /// Counts a failure by name.
    pub fn fail(&mut self, name: &str) {
        self.failed += 1;
        self.failures.push(name.to_owned());
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
        self.failures.extend(other.failures);
    }

    /// Whether nothing failed; skips count as failures where none are allowed.
    pub fn holds(&self, no_skip: bool) -> bool {
        self.failed == 0 && (!no_skip || self.skipped.is_empty())
    }

    /// What needs a name, a line each, then the closing line.
    pub fn report(&self) -> String {
        let mut report = String::new();
        for failure in &self.failures {
            report += &format!("failed: {failure}\n");
        }
        for (name, reason) in &self.skipped {
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            report += &format!("skipped: {name}: {reason}\n");
        }
        let (passed, failed, skipped) = (self.passed, self.failed, self.skipped.len());
        report + &format!("{passed} passed, {failed} failed, {skipped} skipped\n")
    }

    /// Counts a skipped test, with its reason.
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.skipped.push((format!("{name}{}", self.label), reason.to_owned()));
    }

    /// A binary that was killed prints no result.
    fn notice_death(&mut self) {
        if std::mem::take(&mut self.unfinished) {
            self.fail(&format!("a test binary ended early{}", self.label));
        }
    }
}

/// Whether a test binary begins: `running 12 tests`.
fn is_beginning(line: &str) -> bool {
    let count = line.strip_prefix("running ").and_then(|rest| rest.split_once(" test"));
    count.is_some_and(|(count, end)| count.parse::<usize>().is_ok() && matches!(end, "" | "s"))
}

/// The passed and failed tests of `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
fn result(line: &str) -> Option<(usize, usize)> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        let mut counts = counts.split("; ").filter_map(|count| count.split_once(' '));
        counts.find(|(_, name)| *name == what)?.0.parse().ok()
    };
    Some((count("passed")?, count("failed")?))
}

/// The name and reason of `test name ... ignored, reason`.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ignored")?;
    match outcome.strip_prefix(", ") {
        Some(reason) => Some((name, reason)),
        None => outcome.is_empty().then_some((name, "")),
    }
}

/// The name of `test name ... FAILED`.
fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HARNESS: &str = "
running 3 tests
test dtype::prints ... ok
test disk::full ... ignored, needs a disk of its own
test slow ... ignored

test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.10s

running 1 test
test map::edits ... FAILED

test result: FAILED. 7 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 1.00s

all doctests ran in 0.21s; merged doctests compilation took 0.20s
";

    fn read(text: &str) -> Tally {
        let mut tally = Tally::labelled("!");
        text.lines().for_each(|line| tally.read_line(line));
        tally
    }

    fn skip(name: &str, reason: &str) -> (String, String) {
        (name.to_owned(), reason.to_owned())
    }

    #[test]
    fn results_add_up_and_ignored_tests_are_skips_with_their_reason() {
        let mut tally = read(HARNESS);
        tally.end(false);
        assert_eq!((tally.passed, tally.failed), (8, 1));
        assert_eq!(
            tally.skipped,
            [skip("disk::full!", "needs a disk of its own"), skip("slow!", "")]
        );
        assert_eq!(tally.failures, ["map::edits!"]);
    }

    #[test]
    fn a_test_that_skips_itself_is_not_a_passed_one() {
        let mut tally = read(HARNESS);
        tally.read_skip_log("oracle::corpus\tno python3\nplain\n\n");
        assert_eq!(tally.passed, 6);
        assert_eq!(tally.skipped[2..], [skip("oracle::corpus!", "no python3"), skip("plain!", "")]);
    }

    #[test]
    fn a_failed_build_is_one_failure() {
        let mut tally = read("");
        tally.end(false);
        assert_eq!((tally.passed, tally.failed), (0, 1));
        assert!(!tally.holds(false));
        assert!(tally.report().ends_with("\n0 passed, 1 failed, 0 skipped\n"));
    }

    #[test]
    fn a_killed_binary_is_a_failure_among_others() {
        let mut tally = read("running 2 tests\ntest a ... ok\nrunning 1 test\n");
        tally.end(false);
        assert_eq!(tally.failed, 2);
    }

    #[test]
    fn runs_add_up() {
        let mut tally = read(HARNESS);
        tally.add(read(HARNESS));
        assert_eq!((tally.passed, tally.failed, tally.skipped.len()), (16, 2, 4));
    }

    #[test]
    fn a_skip_is_a_failure_only_where_none_is_allowed() {
        let mut tally = read("");
        tally.read_skip_log("a\tb\n");
        assert!(tally.holds(false));
        assert!(!tally.holds(true));
        assert_eq!(tally.report(), "skipped: a!: b\n0 passed, 0 failed, 1 skipped\n");
    }

    #[test]
    fn other_lines_count_for_nothing() {
        let other = "running away tests\nrunning 2 testsuites\ntest x ... ignored today\n\
                     test result: ok\ntest result: ok. many passed; 0 failed\n    test result: ok. 1 passed; 0 failed;";
        assert_eq!(read(other), Tally::labelled("!"));
    }
}
