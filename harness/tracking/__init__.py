"""The record of everything: MLflow, written by the driver alone and read back by every other room.

store.py opens (and makes) the database; claims.py keeps two drivers off the same cell; recorder.py writes
cells and trials; reading.py reads them back; sweeps.py writes what is derived from them.
"""

import logging
import os

# MLflow reads these at import, so they stand before the first import of a submodule.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_LOGGING_LEVEL"] = "CRITICAL"  # it tells what it raises too, with a traceback
os.environ.pop("MLFLOW_RUN_ID", None)  # it would hijack nested runs
logging.getLogger("alembic").setLevel(logging.ERROR)
