"""The HTTP API does what its OpenAPI document says: thousands of valid and invalid requests, alone and in chains."""

from pathlib import Path

import pytest
from schema_stage import broken_promises


@pytest.mark.timeout(900)
def test_the_document_is_true(tmp_path: Path) -> None:
    faults = broken_promises(tmp_path, 100)
    assert not faults, "\n".join(faults)
