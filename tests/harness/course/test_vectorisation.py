from harness.verdicts import Answer


def test_the_factor_grows_with_the_examples_and_reaches_hundreds(found):
    finding = found("vectorisation")
    mean = {(row["model"], row["m"]): row["ratio"] for row in finding.rows if row["repeat"] == 1}
    for model in ("logistic regression", "one hidden layer"):
        assert mean[model, 200] > 5 * mean[model, 1]
    assert finding.effect > 30
    assert finding.verdict is not Answer.CONTRADICTED or finding.high < 100
