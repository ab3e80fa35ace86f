import os
import subprocess
import sys
from pathlib import Path

import pytest

from hh4b.core.errors import ConfigError, InputFileError
from hh4b.core.output_paths import (
    PARTIAL,
    _prefix,
    atomic_path,
    protected_inputs,
    require_separate_outputs,
)


def write(path, text="new"):
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def left_over(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(PARTIAL)]


def test_the_target_of_a_link_is_replaced(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "link").symlink_to("inner/target")
    write(tmp_path / "link", "first")
    write(tmp_path / "link", "second")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "inner/target").read_text() == "second"


def test_a_device_is_written_to(tmp_path):
    write("/dev/null")
    assert Path("/dev/null").is_char_device()
    (tmp_path / "link").symlink_to("/dev/null")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(InputFileError, match="cannot write /dev/full: No space left"):
        write("/dev/full")


def test_a_pipe_gets_the_whole_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write(pipe, "through")
        assert reader.stdout.read() == b"through"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_keeps_what_was_printed(tmp_path, name):
    code = (
        "from hh4b.core.output_paths import atomic_path\n"
        "print('before')\n"
        f"with atomic_path({name!r}) as path: path.write_text('file\\n')\n"
        "print('after')\n"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], check=True, stdout=out)
    assert (tmp_path / "out").read_text().split() == ["before", "file", "after"]


def test_inputs_are_not_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "source"
    source.write_text("old")
    os.link(source, tmp_path / "hard")
    (tmp_path / "soft").symlink_to("source")
    with protected_inputs([source]):
        for name in ("source", "./no/../source", "hard", "soft", source):
            with pytest.raises(ConfigError, match="is an input"):
                write(name)
            with pytest.raises(ConfigError, match="is an input"):
                require_separate_outputs([name])
        write("other")
    assert source.read_text() == "old"
    write("source")
    assert source.read_text() == "new"


def test_devices_may_be_read_and_written():
    with protected_inputs(["/dev/null"]):
        require_separate_outputs(["/dev/null", "/dev/null", "/dev/stdout"])
        write("/dev/null")


def test_two_outputs_do_not_share_a_file(tmp_path):
    with pytest.raises(ConfigError, match="are one file"):
        require_separate_outputs([tmp_path / "a", tmp_path / "x/../a"])


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    for check in (write, lambda path: require_separate_outputs([path])):
        for output in (tmp_path / "file/out", tmp_path / "file/deeper/out"):
            with pytest.raises(InputFileError, match=r"cannot write .*file is no folder"):
                check(output)


def test_a_folder_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(InputFileError, match="may not be written"):
        require_separate_outputs([tmp_path / "new/out"])


def test_an_output_that_is_a_folder_is_refused(tmp_path):
    with pytest.raises(InputFileError, match=r"cannot write .*[Dd]irectory"):
        write(tmp_path)
    assert left_over(tmp_path.parent) == []


def test_the_name_of_a_file_that_cannot_be_read_is_told(tmp_path):
    with (
        pytest.raises(InputFileError, match="cannot use .*missing"),
        atomic_path(tmp_path / "out"),
    ):
        (tmp_path / "missing").read_text()


def test_files_of_killed_writers_are_removed_by_the_next_of_the_same_output(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from hh4b.core.output_paths import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path:\n"
        "    path.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for name in ("a.h5", "b.h5", "aa.h5"):
        subprocess.run([sys.executable, "-c", code, tmp_path / name], check=False)
    assert len(left_over(tmp_path)) == 3
    write(tmp_path / "a.h5")
    assert sorted(path.name.rpartition("-")[2] for path in left_over(tmp_path)) == ["aa.h5", "b.h5"]


def test_files_of_living_writers_stay(tmp_path):
    with atomic_path(tmp_path / "out") as slow:
        write(tmp_path / "out", "fast")
        slow.write_text("slow")
    assert (tmp_path / "out").read_text() == "slow"


def test_files_of_other_machines_go_when_they_are_old(tmp_path):
    number = f"-{os.getpid()}-"
    names = [f"{PARTIAL}00000000{number}{end}-out" for end in ("aaaaaaaa", "bbbbbbbb")]
    for name in (*names, f"{_prefix()}cccccccc-out"):
        (tmp_path / name).write_text("half")
    os.utime(tmp_path / names[0], (0, 0))
    write(tmp_path / "out")
    assert sorted(path.name[-12:-4] for path in left_over(tmp_path)) == ["bbbbbbbb", "cccccccc"]


def test_the_longest_name_works(tmp_path):
    for name in ("n" * 255, "é" * 127):
        write(tmp_path / name)
        assert (tmp_path / name).read_text() == "new"
