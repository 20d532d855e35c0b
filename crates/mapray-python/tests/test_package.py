"""What comes with the package: types, the command, the guard."""

import doctest
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import mapray


def run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


def test_the_stubs_say_what_there_is(tmp_path):
    checked = run("-m", "mypy.stubtest", "--concise", "mapray", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert pathlib.Path(mapray.__file__).with_name("py.typed").exists()


def test_a_program_with_types_is_checked(tmp_path):
    (tmp_path / "program.py").write_text(
        """
import mapray
import numpy as np

m = mapray.memmap("a", "f4", "w+", shape=(2, 3))
numpys: np.memmap = m
with mapray.open_memmap("a.npy", "r+") as n:
    n.flush(slice(0, 2), wait=False)
    rows: int = n.shape[0]
resident, total = mapray.open("a.npy").residency()
m.advise("often")
"""
    )
    checked = run("-m", "mypy", "--strict", "program.py", cwd=tmp_path)
    lines = checked.stdout.splitlines()
    assert len(lines) == 2 and "often" in lines[0], checked.stdout


@pytest.mark.parametrize("folder", ["..", "../../.."])
def test_the_examples_of_the_readme_run(tmp_path, monkeypatch, folder):
    readme = pathlib.Path(__file__).parent / folder / "README.md"
    monkeypatch.chdir(tmp_path)
    done = doctest.testfile(str(readme), module_relative=False, encoding="utf8")
    assert done.failed == 0 and done.attempted > 5


def test_the_command_comes_along(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(2, 3))
    command = pathlib.Path(sys.executable).with_name("mapray")
    for program in ([command], [sys.executable, "-m", "mapray"]):
        shown = subprocess.run([*program, "slice", "a.npy[1]"], cwd=tmp_path, capture_output=True, text=True)
        assert (shown.returncode, shown.stdout) == (0, "[3. 4. 5.]\n"), shown
        wrong = subprocess.run([*program, "slice", "none.npy"], cwd=tmp_path, capture_output=True, text=True)
        assert wrong.returncode == 2 and "none.npy" in wrong.stderr
        stats = subprocess.run([*program, "info", "--json", "a.npy"], cwd=tmp_path, capture_output=True)
        assert json.loads(stats.stdout)


def test_the_command_shows_its_tour_from_python(tmp_path):
    tour = run("-m", "mapray", "tour", cwd=tmp_path)
    assert tour.returncode == 0, tour.stdout + tour.stderr


def test_the_guard_keeps_the_process_alive_that_would_be_gone_without_it(tmp_path):
    code = """if True:
        import os, sys, mapray, numpy as np
        if sys.argv[2] == "guarded":
            mapray.guard()
        m = mapray.memmap(sys.argv[1], mode="w+", shape=(10, 4096))
        m[:] = 1
        os.truncate(sys.argv[1], 4096)
        print(int(np.asarray(m).sum()))
        try:
            m.flush()
        except OSError as error:
            print("cut short" in str(error))
    """
    guarded = run("-c", code, str(tmp_path / "a"), "guarded")
    assert (guarded.returncode, guarded.stdout.split()) == (0, ["4096", "True"]), guarded
    assert run("-c", code, str(tmp_path / "b"), "bare").returncode == -7


def test_ten_thousand_maps_need_no_descriptors(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(10))
    code = """if True:
        import mapray, resource, sys
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        maps = [mapray.load(sys.argv[1], mmap_mode="r") for _ in range(10_000)]
        print(sum(int(m[9]) for m in maps))
    """
    many = run("-c", code, str(tmp_path / "a.npy"))
    assert many.stdout == "90000\n", many.stderr
    assert os.path.exists(tmp_path / "a.npy")
