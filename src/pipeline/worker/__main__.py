"""The program of a worker process: `python -m pipeline.worker`."""

import sys

from pipeline.errors import PipelineError
from pipeline.log import configure_logging
from pipeline.settings import read_settings
from pipeline.worker.process import main

settings = read_settings()
configure_logging(settings.log_level)
try:
    main(settings)
except PipelineError as error:
    sys.exit(f"Error: {error.message}")
