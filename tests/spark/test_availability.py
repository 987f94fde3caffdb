"""One line says whether the tests on Spark were run."""

from __future__ import annotations

import os

import pytest

from tests.spark.there import MISSING


def test_spark_is_there_for_the_tests_on_spark():
    if MISSING is None:
        return
    if os.environ.get("CRMKIT_SPARK"):
        pytest.fail(f"{MISSING}, and CRMKIT_SPARK is set: the tests on Spark have to run")
    pytest.skip(f"the tests on Spark were left out, {MISSING}: make test-spark runs them")
