import numpy as np
import pytest

from models.settings import check_settings


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"activation": "swish"}, r"activation must be one of sigmoid, .*; got 'swish'"),
        ({"activation": ["relu"]}, r"activation must be one of"),
        ({"optimizer": "sgd"}, r"optimizer must be one of gradient_descent"),
        ({"learning_rate": 0}, r"learning_rate must be above 0 and finite; got 0"),
        ({"learning_rate": "fast"}, r"learning_rate must be above 0"),
        ({"learning_rate": float("nan")}, r"learning_rate must be above 0 and finite; got nan"),
        ({"l2": float("inf")}, r"l2 must be at least 0 and finite; got inf"),
        ({"dropout": 1.0}, r"dropout must be at least 0 and below 1; got 1.0"),
        ({"input_dropout": -0.1}, r"input_dropout must be at least 0 and below 1; got -0.1"),
        ({"label_smoothing": 1.0}, r"label_smoothing must be at least 0 and below 1; got 1.0"),
        ({"clip": 0.0}, r"clip must be above 0 and finite or None; got 0.0"),
        ({"batch_norm": "false"}, r"batch_norm must be True or False; got 'false'"),
        ({"standardize": 1}, r"standardize must be True or False; got 1"),
        ({"noise": -1.0}, r"noise must be at least 0 and finite; got -1.0"),
        ({"dropout": None}, r"dropout must be at least 0 and below 1; got None"),
        ({"momentum": -0.1}, r"momentum must be at least 0"),
        ({"slope": 1.5}, r"slope must be at least 0"),
        ({"batch_size": 0}, r"batch_size must be a whole number of at least 1 or 'auto' or None; got 0"),
        ({"steps": None}, r"steps must be a whole number of at least 1 or 'auto'; got None"),
        ({"steps": True}, r"steps must be a whole number"),
        ({"patience": 2.5}, r"patience must be a whole number of at least 1; got 2.5"),
        ({"hidden": 64}, r"hidden must be a tuple of units per layer, such as \(64,\) or \(\); got 64"),
        ({"hidden": (64, 0)}, r"hidden must be a tuple"),
        ({"hidden": "64"}, r"hidden must be a tuple"),
        ({"dtype": "float16"}, r"dtype must be one of float32, float64; got 'float16'"),
        ({"output": "sigmoid"}, r"output must be one of identity, relu; got 'sigmoid'"),
        ({"validation_fraction": 0.0}, r"validation_fraction must be above 0 and below 1; got 0.0"),
    ],
)
def test_a_broken_rule_says_rule_and_value(setting, message):
    with pytest.raises(ValueError, match=message):
        check_settings(setting)


def test_numpy_numbers_and_lists_of_units_are_accepted():
    check_settings(
        {"hidden": [np.int64(3), 4], "steps": np.int64(5), "l2": np.float32(0.1), "dropout": 0, "clip": None}
    )
