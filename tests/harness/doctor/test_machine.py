import os
from types import SimpleNamespace

import pytest

from harness.doctor import machine

AVX2 = ["sse4_2", "avx", "avx2"]
AVX512 = [*AVX2, "avx512f", "avx512dq", "avx512bw", "avx512vl"]


def openblas(kernel: str) -> dict[str, object]:
    return {"internal_api": "openblas", "version": "0.3.31", "architecture": kernel, "num_threads": 2}


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 10, 9), "bad"), ((3, 11, 0), "ok"), ((3, 13, 2), "ok"), ((3, 14, 0), "warn")],
)
def test_python_is_judged_by_what_was_tried(version, status):
    check = machine.python(version)
    assert check.status == status
    assert bool(check.remedy) == (status != "ok")


def test_libraries_in_their_ranges_are_ok_and_extras_are_not_asked_for():
    check = machine.dependencies(["numpy>=2", 'absent-library; extra == "dev"'])
    assert (check.status, check.found) == ("ok", "1 libraries, each in its range")


def test_a_library_that_is_absent_or_outside_its_range_is_named():
    check = machine.dependencies(["numpy<2", "absent-library>=1"])
    assert check.status == "bad"
    assert check.found.startswith("numpy is 2.")
    assert "not <2, absent-library is not installed" in check.found
    assert "make setup" in check.remedy


def test_a_library_newer_than_the_tests_ran_with_is_a_warning():
    lock = "numpy==2.0.1 ; python_full_version < '3.12' \\\n    --hash=sha256:00\nnumpy==2.1.0\nscipy==99.0\n"
    check = machine.dependencies(["NumPy>=2", "scipy>=1", "hydra-core"], lock)
    assert check.status == "warn"
    assert check.found.startswith("newer than tested: NumPy 2.")
    assert check.found.endswith(" (2.1.0)")


def test_the_libraries_of_the_lock_are_found_and_none_here_is_newer():
    lock = machine.tested()
    assert "\nnumpy==" in lock
    assert machine.dependencies(machine.requirements(), lock).status == "ok"


@pytest.mark.parametrize(
    ("kernel", "flags", "status"),
    [
        ("SkylakeX", AVX512, "ok"),
        ("Haswell", AVX512, "warn"),
        ("Zen", AVX512, "warn"),
        ("Haswell", AVX2, "ok"),
        ("Sandybridge", AVX2, "warn"),
        ("Sandybridge", ["avx"], "ok"),
        ("SomethingNew", AVX512, "ok"),
        ("Haswell", [], "ok"),
    ],
)
def test_a_kernel_older_than_the_processor_is_a_warning(kernel, flags, status):
    check = machine.blas(openblas(kernel), flags, {})
    assert check.status == status
    assert f"kernel {kernel}, 2 threads" in check.found


def test_a_forced_kernel_is_named_in_the_remedy():
    check = machine.blas(openblas("Haswell"), AVX512, {"OPENBLAS_CORETYPE": "Haswell"})
    assert check.remedy == "unset OPENBLAS_CORETYPE (now Haswell)"


def test_an_unknown_blas_is_no_fault():
    assert machine.blas({}, AVX512, {}).status == "ok"
    assert machine.blas({"internal_api": "mkl", "version": "2026"}, AVX512, {}).status == "ok"


def test_more_blas_threads_than_one_are_a_warning():
    assert machine.threads({}).status == "ok"
    assert machine.threads({"OMP_NUM_THREADS": "1"}).status == "ok"
    check = machine.threads({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "8"})
    assert (check.status, check.found) == ("warn", "OMP_NUM_THREADS=1, MKL_NUM_THREADS=8")


@pytest.mark.parametrize(("free", "status"), [(2**20, "bad"), (2**30, "warn"), (2**33, "ok")])
def test_room_on_the_disk_is_measured_where_the_records_will_be(tmp_path, monkeypatch, free, status):
    asked = []
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda p: asked.append(p) or SimpleNamespace(free=free))
    assert machine.disk(tmp_path / "not" / "yet").status == status
    assert asked == [tmp_path]


def test_a_folder_that_cannot_be_written_is_bad(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert machine.disk(tmp_path).found == f"{tmp_path} cannot be written"


def test_a_file_where_the_folder_should_be_is_bad(tmp_path):
    (tmp_path / "mlruns").touch()
    assert machine.disk(tmp_path / "mlruns").status == "bad"
