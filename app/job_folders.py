"""Where jobs are kept: a folder each, with who asked for it, read again only where it has changed."""

import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..tools.files import reported, write_text
from .job_nouns import Job

FILE, LOCK = "job.json", "job.lock"

_ID = re.compile(r"[0-9a-f]{32}")
_log = logging.getLogger(__name__)


class Kept(BaseModel):
    """A job, and whose it is."""

    model_config = ConfigDict(frozen=True)

    user: str
    job: Job


@dataclass(frozen=True)
class _Read:
    """What was read of a file, and of which writing of it."""

    written: int
    kept: Kept


class JobFolders:
    """The folders of all jobs.

    Args:
        folder: where they lie; made when the first job is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, _Read] = {}

    def of(self, job: str) -> Path:
        """The folder of a job."""
        return self._folder / job

    def make(self, job: str) -> Path:
        """The folder of a new job.

        Raises:
            StoreError: it cannot be made.
        """
        with reported(self._folder):
            self.of(job).mkdir(parents=True)
        return self.of(job)

    def write(self, kept: Kept, *, new: bool = False) -> None:
        """Write a job down, in one step. One that was deleted meanwhile stays deleted.

        Raises:
            StoreError: the folder cannot be written.
        """
        path = self.of(kept.job.id) / FILE
        if new or path.exists():
            write_text(path, kept.model_dump_json(indent=2) + "\n")

    def read(self, job: str) -> Kept | None:
        """A job; None where there is none that can be read."""
        if not _ID.fullmatch(job):
            return None
        path = self.of(job) / FILE
        try:
            written = path.stat().st_mtime_ns
            if (before := self._read.get(job)) and before.written == written:
                return before.kept
            kept = Kept.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            self._read.pop(job, None)
            return None
        except (OSError, ValidationError):
            _log.warning("The job %s cannot be read; it is left out.", job)
            return None
        self._read[job] = _Read(written, kept)
        return kept

    def all(self) -> list[Kept]:
        """Every job that can be read."""
        with reported(self._folder):
            names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        return [kept for name in names if (kept := self.read(name)) is not None]

    def clear(self, job: str) -> None:
        """Delete what a job has found; that it was asked for stays.

        Raises:
            StoreError: the folder cannot be written.
        """
        with reported(self.of(job)):
            for path in self.of(job).iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.name not in (FILE, LOCK):
                    path.unlink(missing_ok=True)

    def delete(self, job: str) -> None:
        """Delete all of a job; what cannot be deleted is still listed.

        Raises:
            StoreError: the folder cannot be written.
        """
        self.clear(job)
        with reported(self.of(job)):
            shutil.rmtree(self.of(job))
