"""Tests on Spark run in an environment of their own: `make test-spark`.

Elsewhere they are left out, with one line that says so. Where ``CRMKIT_SPARK`` is set nothing is
left out: whatever Spark lacks is a failure.
"""

from __future__ import annotations

import os
import sys
import warnings

import pytest

from tests.spark.there import MISSING

# Without Spark, none of the files can be imported but the one that says so.
collect_ignore_glob = [] if MISSING is None else ["test_s*.py"]


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/spark/" in item.path.as_posix():
            # Spark warns of the newest pandas, which it uses for nothing that is done here.
            ignored = "ignore:PySpark does not yet fully support pandas:FutureWarning"
            item.add_marker(pytest.mark.filterwarnings(ignored))


@pytest.fixture(scope="session")
def spark():
    """A Spark on this machine with two cores, and batches small enough to cut customers in two."""
    from pyspark.sql import SparkSession

    # The workers are to run this very Python, and not the one that the PATH finds first.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "7",
        "spark.sql.session.timeZone": "Pacific/Apia",
        "spark.sql.shuffle.partitions": "3",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("crmkit")
    for name, value in settings.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
