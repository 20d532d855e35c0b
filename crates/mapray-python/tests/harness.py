"""A pytest plugin that says how a run ended in the words of Rust's test harness, for `cargo xtask test` to count."""

import pytest


class Harness:
    """Remembers how each test ended."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def pytest_collection_finish(self, session):
        print(f"\nrunning {len(session.items)} tests")

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid or "collection")
        elif report.skipped:
            self.skipped.append((report.nodeid, reason(report)))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.skipped:
            self.skipped.append((report.nodeid, reason(report)))
        elif report.when == "call":
            self.passed += 1

    def pytest_terminal_summary(self, terminalreporter):
        write = terminalreporter.write_line
        write("")
        for name, why in self.skipped:
            write(f"test {name} ... ignored, {why}")
        for name in self.failed:
            write(f"test {name} ... FAILED")
        outcome = "FAILED" if self.failed else "ok"
        counts = f"{self.passed} passed; {len(self.failed)} failed; {len(self.skipped)} ignored"
        write(f"test result: {outcome}. {counts}; 0 measured; 0 filtered out")


def pytest_sessionfinish(session, exitstatus):
    # A filter that leaves nothing of one run may be meant for another.
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.option.keyword:
        session.exitstatus = pytest.ExitCode.OK


def reason(report):
    """Why a test was skipped, on one line."""
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return " ".join(why.split()).removeprefix("Skipped: ")


def pytest_configure(config):
    config.pluginmanager.register(Harness())
