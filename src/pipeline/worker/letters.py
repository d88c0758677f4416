"""Replaying dead letters: the worker that owns their partition applies their changes."""

from collections.abc import Mapping, Sequence

import structlog

from pipeline.sink.batch import Slice
from pipeline.sink.checkpoint import Checkpoint
from pipeline.sink.letter import Letter
from pipeline.worker.translate import Translator
from pipeline.worker.writer import Checkpoints, Parts, Sink

log = structlog.get_logger()


class LetterReplayer:
    """Replays the letters of partitions that the worker owns, while nothing else of theirs is under way."""

    def __init__(self, sink: Sink, translator: Translator) -> None:
        self._sink = sink
        self._translator = translator

    def replay(self, checkpoint: Checkpoint) -> Checkpoint:
        """
        Replay all that are asked of the checkpoint's partition, in order, and return the checkpoint after them.

        A letter that cannot be applied now either stays open, and costs the others nothing.

        Raises:
            FencedError: The partition is another worker's now.
            SinkUnavailableError: It is not known what of them is applied.
        """
        while letters := {letter.position.offset: letter for letter in self._sink.asked_letters(checkpoint)}:
            log.info("replaying dead letters", partition=str(checkpoint.change_partition), letters=len(letters))
            checkpoint = self._replay(letters, checkpoint)
        return checkpoint

    def _replay(self, letters: Mapping[int, Letter], checkpoint: Checkpoint) -> Checkpoint:
        def apply(slices: Sequence[Slice], checkpoints: Checkpoints) -> list[Checkpoint]:
            (part,) = slices
            return [self._sink.replay(part, letters, checkpoints[part.partition])]

        partition = checkpoint.change_partition
        steps = [self._translator.again(letter) for letter in letters.values()]
        return Parts(apply, len(steps)).write([Slice(partition, steps, checkpoint.position)], {partition: checkpoint})[partition]
