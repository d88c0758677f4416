"""Structured logs on standard error: JSON lines, or readable ones on a terminal. Passwords are taken out of every line."""

import logging
import sys

import structlog
from structlog.typing import Processor

from pipeline.jobs.redact import redact_event


def configure_logging(level: str = "INFO") -> None:
    """Set up structlog once, in the entry point; what libraries log by the standard library is written alike."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    rendering: Processor = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        processors=[*shared, rendering],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _route_standard_logging(shared, rendering, max(threshold, logging.WARNING))


def _route_standard_logging(shared: list[Processor], rendering: Processor, threshold: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    tail = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_event, rendering]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=tail))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
