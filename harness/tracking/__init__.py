"""The record of everything: MLflow, written by the driver alone and read back by every other room.

store.py opens (and makes) the database, after integrity.py read it through, and database.py looks at it as a
file; claims.py keeps two drivers off the same cell, remote.py also where they share nothing but a server;
patience.py waits out what outage.py says may pass; recorder.py writes cells and trials, sweeps.py what is
derived from them, course.py the findings of the course; finding.py finds runs, and reading.py reads them
back, recorded.py one whole for reproduction. Below these, tables.py and writing.py do at once for a local
store what MLflow's client does in many steps. digests.py tells whether a run is what was recorded,
artifacts.py a file, damage.py every cell and sweep; leftovers.py finds what cut-off sweeps left.
"""

import logging
import os

# MLflow reads these at import, so they stand before the first import of a submodule.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_LOGGING_LEVEL"] = "CRITICAL"  # it logs a traceback of every error that it then raises
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"  # a line per run, with the credentials
# patience.py waits and asks again, and knows what it asked: MLflow itself need not, unless a person says so.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
os.environ.pop("MLFLOW_RUN_ID", None)  # it would hijack nested runs
logging.getLogger("alembic").setLevel(logging.ERROR)
