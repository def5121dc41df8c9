import json
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import doctor
from harness.config import DataSettings, DoctorConfig

AVX2 = ["sse4_2", "avx", "avx2"]
AVX512 = [*AVX2, "avx512f", "avx512dq", "avx512bw", "avx512vl"]


def openblas(kernel: str) -> dict[str, object]:
    return {"internal_api": "openblas", "version": "0.3.31", "architecture": kernel, "num_threads": 2}


def database(root: Path, rows: int = 2) -> Path:
    file = root / "mlflow.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE runs (name TEXT)")
        connection.executemany("INSERT INTO runs VALUES (?)", [("x" * 3000,)] * rows)
    return file


def config(root: Path, uri: str | None = None, data: str = "digits", format: str = "text") -> DoctorConfig:
    return DoctorConfig(root, uri, DataSettings(data, None, {}), format)


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 10, 9), "bad"), ((3, 11, 0), "ok"), ((3, 13, 2), "ok"), ((3, 14, 0), "warn")],
)
def test_python_is_judged_by_what_was_tried(version, status):
    check = doctor.python(version)
    assert check.status == status
    assert bool(check.remedy) == (status != "ok")


def test_libraries_in_their_ranges_are_ok_and_extras_are_not_asked_for():
    check = doctor.dependencies(["numpy>=2", 'absent-library; extra == "dev"'])
    assert (check.status, check.found) == ("ok", "1 libraries, each in its range")


def test_a_library_that_is_absent_or_outside_its_range_is_named():
    check = doctor.dependencies(["numpy<2", "absent-library>=1"])
    assert check.status == "bad"
    assert check.found.startswith("numpy is 2.")
    assert "not <2, absent-library is not installed" in check.found
    assert "make setup" in check.remedy


def test_without_the_distribution_only_that_is_said_and_blas_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "DISTRIBUTION", "absent-harness")
    checks = {check.name: check for check in doctor.examine(config(tmp_path))}
    assert checks["dependencies"].found == "absent-harness is not installed"
    assert "blas" not in checks


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
    check = doctor.blas(openblas(kernel), flags, {})
    assert check.status == status
    assert f"kernel {kernel}, 2 threads" in check.found


def test_a_forced_kernel_is_named_in_the_remedy():
    check = doctor.blas(openblas("Haswell"), AVX512, {"OPENBLAS_CORETYPE": "Haswell"})
    assert check.remedy == "unset OPENBLAS_CORETYPE (now Haswell)"


def test_an_unknown_blas_is_no_fault():
    assert doctor.blas({}, AVX512, {}).status == "ok"
    assert doctor.blas({"internal_api": "mkl", "version": "2026"}, AVX512, {}).status == "ok"


def test_more_blas_threads_than_one_are_a_warning():
    assert doctor.threads({}).status == "ok"
    assert doctor.threads({"OMP_NUM_THREADS": "1"}).status == "ok"
    check = doctor.threads({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "8"})
    assert (check.status, check.found) == ("warn", "OMP_NUM_THREADS=1, MKL_NUM_THREADS=8")


@pytest.mark.parametrize(("free", "status"), [(2**20, "bad"), (2**30, "warn"), (2**33, "ok")])
def test_room_on_the_disk_is_measured_where_the_records_will_be(tmp_path, monkeypatch, free, status):
    asked = []
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda p: asked.append(p) or SimpleNamespace(free=free))
    assert doctor.disk(tmp_path / "not" / "yet").status == status
    assert asked == [tmp_path]


def test_a_folder_that_cannot_be_written_is_bad(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert doctor.disk(tmp_path).found == f"{tmp_path} cannot be written"


def test_a_file_where_the_folder_should_be_is_bad(tmp_path):
    (tmp_path / "mlruns").touch()
    assert doctor.disk(tmp_path / "mlruns").status == "bad"


def test_absent_records_are_no_fault_and_are_not_made(tmp_path):
    check = doctor.store(tmp_path, None)
    assert (check.status, "none yet" in check.found) == ("ok", True)
    assert list(tmp_path.iterdir()) == []


def test_records_are_counted(tmp_path):
    file = database(tmp_path, rows=3)
    assert doctor.store(tmp_path, None).found == f"3 runs in {file}"
    assert doctor.store(Path("elsewhere"), f"sqlite:///{file}?timeout=60").found == f"3 runs in {file}"


def test_a_real_store_is_ok(root):
    check = doctor.store(root, None)
    assert (check.status, check.found) == ("ok", f"0 runs in {root / 'mlflow.db'}")


def overwrite_with_text(file: Path) -> None:
    file.write_text("no database at all" * 1000)


def overwrite_a_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    file.write_bytes(content)


def drop_the_runs(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TABLE runs")


@pytest.mark.parametrize("harm", [overwrite_with_text, overwrite_a_page, drop_the_runs])
def test_a_damaged_database_is_bad(tmp_path, harm):
    file = database(tmp_path, rows=20)
    harm(file)
    check = doctor.store(tmp_path, None)
    assert check.status == "bad"
    assert f"{file} is unusable" in check.found
    assert "\n" not in check.found


def test_a_server_is_asked_whether_it_answers_and_its_password_is_not_shown(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        uri = f"http://me:secret@127.0.0.1:{listener.getsockname()[1]}/x?token=secret"
        answering = doctor.store(tmp_path, uri)
    silent = doctor.store(tmp_path, uri)
    assert (answering.status, silent.status) == ("ok", "bad")
    assert "127.0.0.1" in silent.found
    assert "secret" not in doctor.line(answering) + doctor.line(silent)


def test_an_address_that_is_none_is_bad(tmp_path):
    assert doctor.store(tmp_path, "http://127.0.0.1:port").status == "bad"


def test_another_database_is_named_without_its_password(tmp_path):
    check = doctor.store(tmp_path, "postgresql://me:secret@db.example/runs")
    assert (check.status, check.found) == ("ok", "postgresql at db.example, not checked")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "is not set"),
        ("https://me:secret@runs.example/x", "names runs.example"),
        ("mlruns", "names a local store"),
    ],
)
def test_the_tracking_variable_is_told_by_its_host_alone(value, said):
    check = doctor.tracking_variable({} if value is None else {"MLFLOW_TRACKING_URI": value})
    assert check.found == f"MLFLOW_TRACKING_URI {said}"


def test_packaged_data_are_found():
    for name in ("flights", "digits"):
        assert doctor.data(DataSettings(name, None, {})).status == "ok"


def test_packaged_data_that_are_absent_are_bad(monkeypatch):
    monkeypatch.setitem(doctor.PACKAGED, "flights", ("absent_package", "x"))
    monkeypatch.setitem(doctor.PACKAGED, "digits", ("sklearn", "absent.csv"))
    assert doctor.data(DataSettings("flights", None, {})).found == "flights: its source is absent"
    assert "absent.csv is absent" in doctor.data(DataSettings("digits", None, {})).found


def test_a_file_of_the_users_is_looked_for(tmp_path):
    file = tmp_path / "churn.csv"
    settings = DataSettings("file", None, {"path": str(file), "target": "label"})
    assert doctor.data(settings).status == "bad"
    file.touch()
    assert doctor.data(settings).status == "ok"
    assert doctor.data(DataSettings("file", None, {"path": None})).remedy == "correct data.path"


def test_a_healthy_place_prints_a_line_for_each_check_and_returns_0(root, capsys):
    assert doctor.run(config(root)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [text.split()[1] for text in lines] == [
        *("python", "dependencies", "processor", "blas", "threads", "disk", "store", "tracking", "data")
    ]
    assert {text.split()[0] for text in lines} <= {"ok", "warn"}


def test_something_bad_returns_1_and_json_is_a_list_of_objects(tmp_path, capsys):
    overwrite_with_text(tmp_path / "mlflow.db")
    assert doctor.run(config(tmp_path, format="json")) == 1
    printed = json.loads(capsys.readouterr().out)
    bad = [check for check in printed if check["status"] == "bad"]
    assert [check["name"] for check in bad] == ["store"]
    assert set(printed[0]) == {"name", "status", "found", "remedy"}
