from harness.course.matrix_dimensions import mismatch
from harness.verdicts import Answer


def test_every_array_has_the_shape_of_the_notes(found):
    finding = found("matrix_dimensions")
    assert finding.verdict is Answer.SUPPORTED
    assert finding.effect == len(finding.rows) == 16
    shapes = {row["array"]: (row["course"], row["ours"]) for row in finding.rows}
    assert shapes["W[1]"] == shapes["dW[1]"] == ("(5, 6)", "(6, 5)")
    assert shapes["db[2]"] == ("(4, 1)", "(4,)")
    assert shapes["Z[2]"] == shapes["dA[2]"] == shapes["dZ[2]"] == ("(4, 7)", "(7, 4)")


def test_a_mismatch_is_told_with_both_shapes():
    assert "(7,6) and (5,6) not aligned" in mismatch([6, 5, 4], 7)
