"""
The program of a reader: `python -m pipeline.reader`, its task as JSON on its input.

When it cannot go on it says why on its output, as JSON, and ends with 1.
"""

import os
import sys

from pipeline.errors import PipelineError
from pipeline.lifeline import die_with_parent
from pipeline.log import configure_logging
from pipeline.reader.complaint import complain
from pipeline.reader.process import read
from pipeline.reader.task import decode_task
from pipeline.settings import read_settings

die_with_parent()
configure_logging(read_settings().log_level)
try:
    read(decode_task(sys.stdin.buffer.read()))
    code = 0
except PipelineError as error:
    sys.stdout.write(complain(error))
    code = 1
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # a thread may still be in its driver: DuckDB's aborts the process when the interpreter is taken down under it
