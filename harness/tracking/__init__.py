"""The record of everything: MLflow, written by the driver alone and read back by every other room.

store.py opens (and makes) the database, after integrity.py read it through, and database.py looks at it as a
file; claims.py keeps two drivers off the same cell, remote.py also where they share nothing but a server;
patience.py waits out what outage.py says may pass; recorder.py writes cells and trials; reading.py reads them
back, recorded.py one whole for reproduction; sweeps.py writes what is derived from them. digests.py finds a
run, artifacts.py a file, damage.py every cell and sweep that is not what was recorded; leftovers.py finds
what cut-off sweeps left.
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
