"""The page parses, stands alone, is the same twice, and is there for sweeps of every kind."""

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from harness import report
from harness.curves import Reach
from harness.report import provenance
from harness.report.limits import limits
from harness.report.page import HERE, render, settings
from harness.report.sections import reaches

VOID = {"meta", "source", "img", "br", "link", "input", "hr"}
LIMIT = 1_500_000


class Page(HTMLParser):
    """What a page is made of; an assertion fails where a tag is not closed in its order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], "tags left open"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(make_config, find):
    """The page of a made-up sweep."""

    def make(fail=(), skip=(), gain=0.02, data=None, trials=8, **options):
        config = make_config(**options)
        extra = {} if data is None else {"data": data}
        found = find(config, fail=fail, skip=skip, gain=gain, trials=trials, **extra)
        return render(config, found, "d" * 32)

    return make


@pytest.fixture(scope="module")
def text(page):
    """The page of a sweep of five families at six sizes."""
    return page()


def contrast(one, other):
    """The ratio of WCAG 2 between two colours such as #1c2126."""

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_page_is_whole_and_stands_alone(text):
    parsed = Page(text)
    for _, attributes in parsed.tags:
        for name in ("src", "srcset", "href", "data", "action"):
            assert attributes.get(name, "data:image/svg+xml,").startswith("data:image/svg+xml,")
    assert parsed.all("script") == parsed.all("link") == parsed.all("a") == parsed.all("iframe") == []
    assert "@import" not in text
    assert "url(" not in re.sub(r"url\(%23", "", text)
    assert "default-src 'none'" in text


def test_the_page_can_be_heard(text):
    parsed = Page(text)
    assert parsed.all("html") == [{"lang": "en"}]
    assert len(parsed.all("main")) == len(parsed.all("header")) == len(parsed.all("h1")) == 1
    assert len(parsed.all("img")) == 6
    assert all(len(image["alt"]) > 40 for image in parsed.all("img"))
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert max(Counter(ids).values()) == 1
    assert {of["aria-labelledby"] for of in parsed.all("section")} <= set(ids)
    assert all(of.get("scope") in ("col", "row") for of in parsed.all("th"))
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_colours_can_be_told_from_their_ground():
    css = (HERE / "page.css").read_text()
    named = dict(re.findall(r"--(\w+): (#\w{6});", css))
    for ink in ("ink", "faint", "good", "bad", "open", "link"):
        for ground in ("#ffffff", named["soft"]):
            assert contrast(named[ink], ground) >= 4.5, ink


def test_a_phone_is_given_pictures_of_its_own(text):
    parsed = Page(text)
    widths = [re.search(r"%20width='([\d.]+)pt'", of["srcset"])[1] for of in parsed.all("source")]
    assert set(widths) == {"270"}
    assert {of["media"] for of in parsed.all("source")} == {"(max-width: 600px)"}


def test_sections_come_in_the_order_of_their_weight(text):
    headings = [of["id"] for of in Page(text).all("h2")]
    assert headings == [
        "chart",
        "advice",
        "verdicts",
        "families",
        "pictures",
        "forecast",
        "protocol",
        "limits",
    ]


def test_the_same_findings_give_the_same_bytes(page, text):
    assert page() == text


def test_the_page_of_many_cells_is_light(page):
    text = page(sizes=(128, 256, 512, 1024, 2048, 4096, 8192, 20000), repeats=6)
    assert len(text.encode()) < LIMIT


def test_what_a_person_named_is_only_text(page, blobs):
    evil = "<script>alert('x')</script> & \"more\""
    data = replace(blobs, name=evil, classes=(evil, "b", "c"), source=evil, licence=evil)
    text = page(
        labels={"small_nn": evil, "medium_nn": "medium"}, data=data, source=f"name: {json.dumps(evil)}\n"
    )
    parsed = Page(text)
    assert parsed.all("script") == []
    assert "<script>" not in text
    assert "alert('x')" in parsed.words


@pytest.mark.parametrize(
    "options",
    [
        {"sizes": (128,)},
        {"repeats": 1},
        {"labels": {"small_nn": "small network"}, "sizes": (128,), "repeats": 1},
        {"fail": [("svm", 128), ("small_nn", 4096)], "skip": (2048, 4096)},
        {"fail": [("svm", 4096)], "repeats": 1},
        {"trials": 1},
        {"labels": {f"family_{k}": f"family {k}" for k in range(12)}, "sizes": (128, 256), "repeats": 2},
    ],
    ids=["size", "repeat", "one of each", "failed", "lost size", "one trial", "many families"],
)
def test_every_kind_of_sweep_has_a_page(page, options):
    parsed = Page(page(**options))
    assert "What this does not show" in parsed.words
    assert not re.search(r"\b(nan|None|inf)\b", parsed.words)


def test_every_cell_is_traced_to_its_run(text, make_config, find):
    found = find(make_config())
    words = Page(text).words
    assert all(record.run_id in words for record in found.records)
    assert "d" * 32 in words


def test_a_verdict_is_told_by_a_word_and_its_reason_and_remedy(text, make_config, find):
    found = find(make_config())
    words = Page(text).words
    for verdict in found.verdicts:
        assert verdict.statement in words
        assert verdict.answer.value.capitalize() in words


def test_failed_and_skipped_cells_are_among_the_limits(page):
    words = Page(page(fail=[("svm", 128)], skip=(2048, 4096))).words
    assert "1 of 140 cells failed" in words
    assert "SVM (RBF) was not run at 2,048 and 4,096 rows" in words


def test_how_rows_were_held_apart_is_among_the_facts_and_the_limits(make_config, find, blobs):
    config, notes = make_config(), ("no group by 'shop' is on both sides",)
    grouped = find(config, data=replace(blobs, groups=blobs.y, notes=notes))
    assert ("Note", notes[0]) in provenance.data_facts(grouped)
    assert any("Test rows of one group resemble" in each for each in limits(grouped, config.search))
    forward = find(config, data=replace(blobs, times=blobs.y))
    assert any("inside the size (the latest)" in each for each in provenance.protocol(config, forward))
    assert any("Every test row is later" in each for each in limits(forward, config.search))
    plain = find(config)
    assert not any("group" in each or "later" in each for each in limits(plain, config.search))


def test_where_the_records_are_is_nobodys_business():
    assert "secret" not in settings("seed: 0\ntracking: {uri: 'http://me:secret@example.org'}\n")


def test_the_page_is_written_with_its_tables(make_config, find):
    config = make_config()
    found = find(config)
    files = report.write(config, found, "d" * 32)
    assert [file.name for file in files] == list(report.FILES)
    assert files[0].name == "report.html"
    assert len(json.loads((files[0].parent / "verdicts.json").read_text())["verdicts"]) == 3
    lines = (files[0].parent / "forecast.csv").read_text().splitlines()
    assert lines[0] == "family,size,error,low,high,basis,warnings"
    assert len(lines) == 1 + 3 * 5
    assert report.is_current(config, "d" * 32)
    first = files[0].read_bytes()
    report.write(config, found, "d" * 32)
    assert files[0].read_bytes() == first


@pytest.mark.parametrize(
    ("low", "told"), [(512, "512 to > 4,096"), (523, "512 to > 4,096"), (1_234, "1,200 to > 4,096")]
)
def test_rows_needed_are_not_rounded_to_fewer_than_were_run(low, told, make_config, find, monkeypatch):
    monkeypatch.setattr("harness.report.sections.rows_to_reach", lambda *_: Reach(low, None, 0.5))
    found = find(make_config(sizes=(16, 32, 64, 128, 256, 512)))
    assert {line[2] for line in reaches(found)} == {told}
