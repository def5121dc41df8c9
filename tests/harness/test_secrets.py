import pytest

from harness import secrets
from harness.cli import compose, main, tree_of
from harness.errors import ConfigError
from harness.secrets import hidden, hide


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:pw@host:80/x", "http://***@host:80/x"),
        ("http://me:p@w@host/x", "http://***@host/x"),
        ("http://me@host", "http://***@host"),
        ("(postgresql://me:pw@host/db) and s3://k:s@b", "(postgresql://***@host/db) and s3://***@b"),
        ("https://host/x?key=abc&n=1#top", "https://host/x?key=***&n=***#top"),
        ("'http://host/a@v1'", "'http://host/a@v1'"),
        ("me@example.org // 3 @ 4", "me@example.org // 3 @ 4"),
        ("sqlite:////home/a@b/mlflow.db", "sqlite:////home/a@b/mlflow.db"),
    ],
)
def test_an_address_loses_its_credentials_and_nothing_else(text, shown):
    assert hide(text) == shown


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "my_token", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "APIKEY", "CREDENTIALS"),
        *("DB_PASS", "db_pwd", "GITHUB_PAT", "SIGNING_KEY"),
    ],
)
def test_a_variable_with_a_secret_name_is_hidden(name, monkeypatch):
    monkeypatch.setenv(name, "hunter-2")
    assert hide("no hunter-2 here") == "no *** here"


def test_other_and_short_values_stay(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "yes")
    monkeypatch.setenv("COLOUR", "orange-red")
    assert hide("yes, orange-red") == "yes, orange-red"


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "COMPASS", "KEY_FILE", "DB_PATH"])
def test_a_name_that_only_resembles_a_secrets_is_none(name, monkeypatch):
    monkeypatch.setenv(name, "/some/where")
    assert hide("at /some/where") == "at /some/where"


@pytest.mark.parametrize("address", ["https://canary@host/x", "http://canary:@host"])
def test_a_user_alone_in_an_address_may_be_a_token(address, monkeypatch):
    monkeypatch.setenv("SOME_ADDRESS", address)
    assert hide("refused canary") == "refused ***"


@pytest.mark.parametrize("address", ["https://short@host", "postgresql://mlflow@host/db"])
def test_a_short_user_and_a_databases_stay(address, monkeypatch):
    monkeypatch.setenv("SOME_ADDRESS", address)
    assert hide("the short of mlflow") == "the short of mlflow"


@pytest.mark.parametrize("form", [repr, ascii, str], ids=["repr", "ascii", "plain"])
def test_a_secret_is_found_however_it_is_written(form, monkeypatch):
    secret = "a\\b'c\"d\nefghij"
    monkeypatch.setenv("MY_SECRET", secret)
    assert "efghij" not in hide(f"<{form(secret)}>")


def test_the_longer_of_two_secrets_goes_first(monkeypatch):
    monkeypatch.setenv("A_TOKEN", "abcdef")
    monkeypatch.setenv("B_TOKEN", "abcdefghi")
    assert hide("abcdefghi") == "***"


def test_a_password_in_an_address_of_the_environment_is_hidden_by_itself(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:can%40ary/x@host")
    assert hide("refused can@ary/x and can%40ary/x") == "refused *** and ***"


def test_a_tree_is_hidden_in_its_texts_alone(monkeypatch):
    monkeypatch.setenv("PIN_TOKEN", "123456")
    assert hidden({"a": ["x123456", 123456], "b": ("123456",)}) == {"a": ["x***", 123456], "b": ("***",)}


def composed(*words):
    return compose("config", ["model=svm", *words])[0]


def test_what_a_configuration_takes_from_the_environment_is_hidden(monkeypatch):
    monkeypatch.setenv("PHRASE", "correct horse")
    job = composed("+model.svm.estimator.key=${oc.env:PHRASE}")
    assert job.tree["model"]["svm"]["estimator"]["key"] == "correct horse"
    assert "${oc.env:PHRASE}" in job.source
    assert hide("said correct horse") == "said ***"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("nightly-run", ["name=${oc.env:PLAIN}"]),
        ("some/where/x.csv", ["data=file", "data.path=${oc.env:PLAIN}"]),
        ("some/records", ["tracking.root=${oc.env:PLAIN}/b"]),
        ("sigmoid", ["+model.svm.space.kernel={choices:[${oc.env:PLAIN},rbf]}"]),
        ("1234567", ["+model.svm.estimator.a=${oc.env:PLAIN}"]),
        ("/tmp/", ["+model.svm.estimator.a=${oc.env:PLAIN}"]),
        ("short", ["+model.svm.estimator.a=${oc.env:PLAIN}"]),
    ],
)
def test_what_everybody_may_see_stays(value, words, monkeypatch):
    monkeypatch.setenv("PLAIN", value)
    composed(*words)
    assert hide(f"at {value}") == f"at {value}"


def test_the_recorded_source_holds_no_password_and_is_still_yaml(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "canary-1")
    words = ["tracking.uri='http://me:canary-2@host/?k=canary-3'", "+model.svm.estimator.a=canary-1"]
    source = composed(*words).source
    assert "canary" not in source
    tree = tree_of(source, "source")
    assert tree["tracking"]["uri"] == "http://***@host/?k=***"
    assert tree["model"]["svm"]["estimator"]["a"] == "***"


@pytest.mark.parametrize(
    "words",
    [["name=x-canary-1"], ["+model.svm.space.a={choices:[canary-1,b]}"], ["model.svm.label=canary-1"]],
    ids=["name", "space", "label"],
)
def test_a_secret_is_refused_where_it_could_not_be_hidden(words, monkeypatch, capsys):
    monkeypatch.setenv("MY_TOKEN", "canary-1")
    assert main(["sweep", "model=svm", *words]) == 2
    out, err = capsys.readouterr()
    assert "must be free of secrets" in err
    assert "canary" not in out + err


def test_a_multirun_names_no_job_by_a_password():
    from harness.jobs import named

    words = [("tracking.uri=http://me:canary@a",), ("tracking.uri=http://me:canary@b",)]
    trees = [{"name": "x", "data": {"name": "digits"}} for _ in words]
    assert "canary" not in str(named(trees, words))


LONG = "canary-" * 9
PRINTED = [
    ["sweep", "--cfg", "job", "tracking.uri=http://me:canary@h"],
    ["sweep", "--cfg", "job", "--resolve", "+model.svm.estimator.a=${oc.env:PHRASE}"],
    ["sweep", "seed=${oc.env:PHRASE}"],
    ["sweep", "seed=${oc.env:PHRASE}1"],
    ["sweep", "+x=${oc.env:MY_TOKEN}"],
    ["sweep", "data=file", "data.path=${oc.env:MY_TOKEN}", "data.target=y"],
    ["sweep", "tracking.uri=[http://me:canary@h]"],
    ["sweep", "tracking.uri=http://me:canary@h", "tracking.uri"],
    ["ui", "port=http://me:canary@h"],
    ["reproduce", "http://me:canary@h"],
]


@pytest.mark.parametrize("full", ["0", "1"])
@pytest.mark.parametrize("words", PRINTED, ids=" ".join)
def test_no_secret_is_printed(words, full, monkeypatch, capsys, tmp_path):
    for name, value in {"PHRASE": LONG, "MY_TOKEN": LONG, "HYDRA_FULL_ERROR": full}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    main([*words, *(["model=svm"] if words[0] == "sweep" else [])])
    out, err = capsys.readouterr()
    assert out + err
    assert "canary" not in out + err


def test_a_model_that_holds_a_secret_is_told():
    from sklearn.dummy import DummyClassifier

    from harness.model_files import dump, holds

    learner = DummyClassifier(strategy="constant", constant=1)
    learner.key = "canary-1"
    data = dump(learner.fit([[0.0]], [1]))
    assert holds(data, ["canary-1"])
    assert not holds(data, ["canary-2"])


def test_refusal_names_no_value(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "canary-1")
    with pytest.raises(ConfigError, match=r"^name must be free of secrets") as error:
        secrets.refuse_secrets("canary-1", "name")
    assert "canary-1" not in str(error.value)
