import sys
import types

import pytest

from harness import cli
from harness.cli import main
from harness.commands import COMMANDS
from harness.errors import DataError

FAMILY = """\
# @package model.my_family
label: mine
estimator: {_target_: sklearn.neighbors.KNeighborsClassifier}
space: {n_neighbors: {low: 1, high: 9, default: 5}}
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    for variable in ("HYDRA_FULL_ERROR", "HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ran(monkeypatch):
    """The configurations that the commands were given, in order, instead of any work."""
    given = []
    targets = [command.target.split(":") for command in COMMANDS.values()]
    for module in {module for module, _ in targets}:
        monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    for module, function in targets:
        setattr(sys.modules[module], function, lambda config: given.append(config) or 0)
    return given


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def mistake(capsys, *words):
    """The one line that a mistake is answered with."""
    status = main(list(words))
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("harness: ")
    assert err.count("\n") == 1
    return err


MISTAKES = [
    (["swep"], "unknown command 'swep'; did you mean sweep?"),
    (["work"], "choose from sweep, plan, report, curves, data, course, ui, reproduce, doctor"),
    (["data=digits"], "the command comes first"),
    (["-m", "sweep"], "the command comes first"),
    (["sweep", "model=svn"], "model has no choice 'svn'; did you mean svm?"),
    (["sweep", "model=[svm,smal_nn]"], "model has no choice 'smal_nn'; did you mean small_nn?"),
    (["sweep", "data=digit"], "data has no choice 'digit'; did you mean digits?"),
    (["sweep", "experiment=quik"], "experiment has no choice 'quik'; did you mean quick?"),
    (["sweep", "modle=svm"], "unknown key modle; did you mean model?"),
    (["sweep", "experimnt=quick"], "unknown key experimnt; did you mean experiment?"),
    (["sweep", "serch.trials=3"], "unknown key serch; did you mean search?"),
    (["sweep", "+serch.trials=3"], "unknown key serch; did you mean search?"),
    (["sweep", "++serch.trials=3"], "unknown key serch; did you mean search?"),
    (["sweep", "search.trails=3"], "unknown key search.trails; did you mean trials?"),
    (["sweep", "+search.trails=3"], "unknown key search.trails; did you mean trials?"),
    (["sweep", "model.svm.space.C.hihg=3"], "unknown key model.svm.space.C.hihg; did you mean high?"),
    (["sweep", "model=small_nn", "model.svm.space.C=3"], "unknown key model.svm; choose from small_nn"),
    (["sweep", "+seed=3"], "seed is a key already; write it without the +"),
    (["sweep", "~seed"], "lacks the key seed"),
    (["sweep", "~data"], "lacks the key data"),
    (["sweep", "model=[]"], "model must be at least one family"),
    (["sweep", "model=[svm"], "cannot read 'model=[svm'"),
    (["sweep", "quick"], "cannot read 'quick' (missing EQUAL"),
    (["sweep", "tracking.root=~/x"], "cannot read 'tracking.root=~/x'"),
    (["sweep", "search.trials=3,5"], "'search.trials=3,5' is several values; write key=[1,2] for a list"),
    (["sweep", "search.trials=range(3,5)"], "requires --multirun"),
    (["sweep", "seed=${nobody}"], "seed: Interpolation key 'nobody' not found"),
    (["sweep", "seed=${oc.env:NOBODY}"], "seed: Environment variable 'NOBODY' not found"),
    (["sweep", "seed=${seed}"], "seed"),
    (["sweep", "name=???"], "name has no value; add name=..."),
    (["sweep", "seed=x"], "seed must be a whole number"),
    (["sweep", "data.sizes=abc"], "data.sizes must be auto or a list"),
    (["sweep", "-m", "search.trials=3,0"], "search.trials must be a whole number of at least 1, got 0"),
    (["sweep", "-m", "model=svm,svn"], "model has no choice 'svn'"),
    (["sweep", "--fool"], "unrecognized arguments: --fool; harness COMMAND --help lists them"),
    (["sweep", "a=1", "--config-dir", "x", "b=2"], "b=2; put every key=value on one side of the flags"),
    (["sweep", "--info", "fool"], "invalid choice: 'fool'"),
    (["sweep", "--cfg", "job", "-p", "fool"], "package 'fool' not found"),
    (["sweep", "-m", "--cfg", "job"], "Only one of --run, --multirun, --cfg"),
    (["sweep", "--config-dir", "nowhere"], "nowhere' not found"),
    (["sweep", "--config-name", "confog"], "there is no configuration 'confog'; did you mean config?"),
    (["sweep", "--help", "serch.trials=3"], "unknown key serch"),
    (["sweep", "hydra/launcher=joblib"], "hydra/launcher has no choice 'joblib'"),
    (["sweep", "+hydra.callbacks.mine._target_=os.getcwd"], "hydra.callbacks would run code"),
    (["ui", "data=digits"], "this command takes no key data"),
    (["ui", "+hosts=0.0.0.0"], "unknown key hosts"),
    (["ui", "host=not-an-address"], "host must be an address in numbers"),
    (["ui", "port=70000"], "port must be a whole number from 1 to 65,535"),
    (["data", "data.path=x"], "data.path is given and no data is chosen; add data=..."),
    (["data", "seed=3"], "unknown key seed"),
    (["sweep", "experiment=zero_init"], "a preset of its own; harness course 'only=[zero_init]' runs it"),
    (["sweep", "experiment=zero"], "experiment has no choice 'zero'; choose from families, quick"),
    (["course", "only=[zero_inti]"], "'zero_inti', which is no experiment; did you mean zero_init?"),
    (["course", "only=[]"], "only must be a list of experiments"),
    (["course", "experiment=zero_inti"], "experiment has no choice 'zero_inti'; did you mean zero_init?"),
    (["course", "course.zero_init.settings.step=3"], "step; did you mean steps?"),
    (["course", "+course.zero_init.settings.step=3"], "step; did you mean steps?"),
    (["course", "course.zero_init.settings.steps=x"], "settings.steps must be a whole number"),
    (["course", "course.zero_init.settings.layers=[1,x]"], "settings.layers must be a whole number"),
    (["course", "course.zero_init.settings.learning_rate=x"], "learning_rate must be a number"),
    (["course", "page=course.txt"], "page must be a path that ends in .md"),
    (["doctor", "format=xml"], "format must be one of text, json"),
]


@pytest.mark.parametrize(("words", "says"), MISTAKES, ids=[" ".join(row[0]) for row in MISTAKES])
def test_a_mistake_is_one_line_and_begins_nothing(words, says, ran, capsys, tmp_path):
    assert says in mistake(capsys, *words)
    assert ran == []
    assert list(tmp_path.iterdir()) == []


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + above] * 9)}]\n"
    for above, name in zip("abcdefg", "bcdefgh", strict=True)
)
FILES = [
    ("label: [", "bad.yaml, line 2: "),
    ("label: x\nlabel: y\n", "bad.yaml, line 3: found duplicate key label"),
    (BOMB, "bad.yaml unfolds to more than 10,000 values"),
    ("label: &a [*a]\n", "bad.yaml unfolds to more than 10,000 values"),
    ("label: *nobody\n", "found undefined alias 'nobody'"),
    ("label: " + "[" * 600, "bad.yaml is nested too deeply"),
    ("- a list\n", ""),
    ("label: yes\nestimator: {_target_: a.B}\nspace: {}\n", "model.bad.label must be a text, got True"),
    (
        "label: x\nestimator: {_target_: models.B}\nspace: {}\nmax_size: 12:30:45.5\n",
        "max_size must be a whole",
    ),
    ("label: x\nestimator: {_target_: a.B}\nspase: {}\n", "unknown key model.bad.spase; did you mean space?"),
    ("label: x\nestimator: {_target_: a.B}\n", "model.bad lacks the key space"),
]


@pytest.mark.parametrize(("text", "says"), FILES, ids=range(len(FILES)))
def test_a_bad_file_of_the_user_is_one_line(text, says, ran, capsys, tmp_path):
    write(tmp_path, {"mine/model/bad.yaml": "# @package model.bad\n" + text})
    assert says in mistake(capsys, "sweep", "--config-dir", "mine", "model=bad")
    assert ran == []


def test_interpolations_that_unfold_without_end_are_a_mistake(ran, capsys, tmp_path):
    lines = ["a: [1,1,1,1,1,1,1,1,1,1]"]
    for above, name in zip("abcde", "bcdef", strict=True):
        lines += [f"{name}:", *[f"- ${{data.{above}}}"] * 10]
    write(tmp_path, {"mine/data/bomb.yaml": "name: bomb\nsizes: auto\n" + "\n".join(lines)})
    assert "unfolds to more than 10,000 values" in mistake(capsys, "sweep", "-cd", "mine", "data=bomb")


def test_a_family_without_its_header_is_told_so(ran, capsys, tmp_path):
    write(tmp_path, {"mine/model/my_family.yaml": FAMILY.partition("\n")[2]})
    said = mistake(capsys, "sweep", "-cd", "mine", "model=[svm,my_family]")
    assert "begin the family's file with the line '# @package model." in said


def test_a_choice_of_the_user_may_not_hide_behind_ours(ran, capsys, tmp_path):
    write(tmp_path, {"mine/model/svm.yaml": FAMILY})
    assert "svm.yaml would not be read" in mistake(capsys, "sweep", "-cd", "mine")


def test_a_family_of_the_user_is_a_file(ran, tmp_path):
    write(tmp_path, {"mine/model/my_family.yaml": FAMILY})
    words = ["sweep", "--config-dir", "mine", "model=[svm,my_family]", "model.my_family.space.n_neighbors=3"]
    assert main(words) == 0
    assert [(one.name, one.label) for one in ran[0].families] == [("svm", "SVM (RBF)"), ("my_family", "mine")]
    assert ran[0].families[1].space == {"n_neighbors": 3}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_gets_its_checked_configuration(command, ran, tmp_path):
    words = ["0123"] if COMMANDS[command].positional else []
    assert main([command, *words, "tracking.root=here"]) == 0
    assert str(ran[0].root) == "here"
    assert list(tmp_path.iterdir()) == []


def test_the_commands_of_one_sweep_get_the_same_configuration(ran):
    for command in ("sweep", "plan", "report", "curves"):
        main([command, "data=digits", "repeats=3", "data.sizes=[20,1e3]"])
    assert ran[0] == ran[1] == ran[2]
    assert ran[0].data.sizes == (20, 1000)


def test_a_rule_of_repeats_is_one_word_on_the_command_line(ran):
    main(["sweep", "repeats=[20@500,10@4000,5]"])
    assert [ran[0].repeats.at(size) for size in (500, 501, 4001)] == [20, 10, 5]


def test_what_is_recorded_keeps_secrets_unresolved(ran, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@example.org")
    main(["sweep"])
    assert ran[0].uri == "https://me:secret@example.org"
    assert "secret" not in ran[0].source
    assert "${oc.env:MLFLOW_TRACKING_URI,null}" in ran[0].source


def test_a_multirun_names_its_jobs_by_what_tells_them_apart(ran, tmp_path, capsys):
    assert main(["sweep", "-m", "model=svm", "data=digits", "search.trials=3,5"]) == 0
    assert [config.name for config in ran] == ["digits_search.trials=3", "digits_search.trials=5"]
    assert [config.search.trials for config in ran] == [3, 5]
    assert capsys.readouterr().err.splitlines()[0] == "job 1 of 2: model=svm data=digits search.trials=3"
    assert list(tmp_path.iterdir()) == []


def test_names_of_a_multirun_differ_where_only_brackets_do(ran):
    main(["sweep", "-m", "name=mine", "model=[svm],svm", "seed=1,2"])
    assert len({config.name for config in ran}) == 4
    assert all(config.name.startswith("mine_model=svm") for config in ran)


def test_a_multirun_over_data_takes_the_names_of_the_data(ran):
    main(["sweep", "-m", "model=svm", "data=digits,flights"])
    assert [config.name for config in ran] == ["digits", "flights"]


def test_a_multirun_of_a_command_without_a_name_runs_too(ran):
    assert main(["data", "-m", "data=digits", "tracking.root=a,b"]) == 0
    assert [str(config.root) for config in ran] == ["a", "b"]
    assert main(["doctor", "-m", "format=text,json"]) == 0


def test_a_multirun_ends_with_its_largest_status(ran, monkeypatch):
    statuses = iter([0, 1, 0])
    monkeypatch.setattr(sys.modules["harness.sweep"], "run", lambda config: next(statuses))
    assert main(["sweep", "-m", "model=svm", "seed=1,2,3"]) == 1


def test_the_mistake_of_one_job_is_told_and_the_next_is_run(ran, monkeypatch, capsys):
    begun = []

    def run(config):
        begun.append(config.seed)
        if config.seed == 2:
            raise DataError("no column 'a'")
        return 0

    monkeypatch.setattr(sys.modules["harness.sweep"], "run", run)
    assert main(["sweep", "-m", "model=svm", "seed=1,2,3"]) == 2
    assert begun == [1, 2, 3]
    assert "harness: no column 'a'\n" in capsys.readouterr().err


def test_a_multirun_over_files_takes_the_names_of_the_files(ran):
    words = ["data=file", "data.target=y"]
    main(["sweep", "-m", "model=svm", *words, "data.path=a/churn.csv,house prices.csv.gz"])
    assert [config.name.split("_")[0] for config in ran] == ["churn", "house-prices"]
    main(["sweep", "model=svm", *words, "data.path=a/churn.csv"])
    assert ran[-1].name == "churn"


def test_an_interrupted_job_ends_a_multirun(ran, monkeypatch):
    begun = []

    def run(config):
        begun.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["harness.sweep"], "run", run)
    assert main(["sweep", "-m", "model=svm", "seed=1,2,3"]) == 130
    assert len(begun) == 1


def test_an_interrupt_ends_with_its_status(ran, monkeypatch, capsys):
    def interrupted(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["harness.sweep"], "run", interrupted)
    assert main(["sweep"]) == 130
    assert capsys.readouterr().err == "harness: interrupted\n"


def test_a_mistake_that_a_command_finds_is_one_line_too(ran, monkeypatch, capsys):
    def refused(config):
        raise DataError("churn.csv is not\nthere; mend data.path")

    monkeypatch.setattr(sys.modules["harness.sweep"], "run", refused)
    assert mistake(capsys, "sweep") == "harness: churn.csv is not there; mend data.path\n"


def test_a_fault_of_ours_keeps_its_traceback(ran, monkeypatch, capsys):
    def broken(config):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(sys.modules["harness.sweep"], "run", broken)
    assert main(["sweep"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("Traceback")
    assert told.endswith("ZeroDivisionError: ours\n")


def test_the_traceback_of_a_mistake_is_there_for_the_asking(monkeypatch, capsys):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    assert main(["sweep", "serch.trials=3"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("Traceback")
    assert "Could not override 'serch.trials'" in told


def test_nothing_runs_where_hydra_may_run_anything(ran, monkeypatch, capsys):
    monkeypatch.setenv("HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE", "*")
    assert "unset it" in mistake(capsys, "sweep")


def test_the_process_is_left_as_it_was(ran, monkeypatch):
    import hydra.utils
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    before = (list(sys.argv), dict(cli.os.environ), OmegaConf.load, hydra.utils.instantiate)
    main(["sweep"])
    main(["sweep", "serch=3"])
    assert (list(sys.argv), dict(cli.os.environ), OmegaConf.load, hydra.utils.instantiate) == before
    assert not OmegaConf.has_resolver("scratch")
    assert "__deepcopy__" not in vars(ConfigStore.instance())


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_says_what_to_try_first_and_lists_the_commands(words, capsys):
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "harness sweep experiment=quick" in shown
    assert all(f"\n  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("words", [["--version"], ["sweep", "--version"]])
def test_the_version_is_ours(words, capsys):
    from harness import __version__

    assert main(words) == 0
    assert capsys.readouterr().out == f"harness {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_written_for_it(command, capsys):
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "harness " + command in shown or f"| {command}" in shown
    assert "Keys:" in shown
    assert "Powered by Hydra" not in shown


def test_the_help_of_sweep_lists_choices_and_quotes_lists(capsys):
    main(["sweep", "--help"])
    shown = capsys.readouterr().out
    assert "model: cnn, deep_nn, hist_gradient_boosting, k_nearest_neighbors, large_nn" in shown
    bare = [word for word in shown.split() if "=[" in word and not word.startswith("'")]
    assert bare == []


def test_hydras_flags_work_after_the_command(capsys, tmp_path):
    assert main(["sweep", "--cfg", "job", "search.trials=3"]) == 0
    assert "trials: 3" in capsys.readouterr().out
    assert main(["sweep", "--info", "defaults-tree"]) == 0
    assert "search: tpe" in capsys.readouterr().out
    assert main(["sweep", "--hydra-help"]) == 0
    assert "Hydra" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


COMPLETIONS = [
    ("harness ", "sweep plan report curves data course ui reproduce doctor"),
    ("harness sw", "sweep"),
    ("harness sweep data=f", "data=fashion_mnist data=file data=flights"),
    ("/usr/bin/harness plan search=t", "search=tpe"),
    ("harness sweep data=digits search.tria", "search.trial_seconds= search.trials="),
    ("harness ui po", "port="),
    ("harness sweep experiment=", "experiment=families experiment=quick"),
    ("harness course experiment=zero", "experiment=zero_init"),
    ("harness nobody data=", ""),
    ("harness sweep 'model=[sv", ""),
    ("harness sweep --fool ", ""),
]


@pytest.mark.parametrize(("line", "offered"), COMPLETIONS)
def test_completion_offers_commands_keys_and_choices(line, offered, monkeypatch, capsys):
    monkeypatch.setenv("COMP_LINE", line)
    assert main(["-sc", "query=bash"]) == 0
    shown = capsys.readouterr()
    assert (shown.out.strip(), shown.err) == (offered, "")


@pytest.mark.parametrize("words", [["-sc", "install=bash"], ["sweep", "-sc", "install=bash"]])
def test_completion_installs_itself_for_the_command(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr().out.endswith("-F hydra_bash_completion harness\n")
