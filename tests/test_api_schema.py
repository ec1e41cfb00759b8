"""The HTTP API does what its OpenAPI document says, with a few requests to each operation; `make test-servers` tries more."""

from pathlib import Path

from schema_stage import broken_promises


def test_the_document_is_true(tmp_path: Path) -> None:
    faults = broken_promises(tmp_path, 3, ("examples", "fuzzing"))
    assert not faults, "\n".join(faults)
