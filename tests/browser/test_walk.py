import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from walking import find_browser

pytestmark = [
    pytest.mark.skipif(not os.environ.get("CONVREC_WALK"), reason="takes minutes on a busy machine: make walk"),
    pytest.mark.skipif(not find_browser(), reason="no chromium here: apt-get install chromium"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="no playwright here: pip install playwright"),
    pytest.mark.timeout(300),
]


def test_a_reader_can_walk_through_the_whole_page_in_a_browser(tmp_path: Path) -> None:
    script = Path(__file__).with_name("walk.py")
    done = subprocess.run(
        [sys.executable, str(script), "--shots", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(list(tmp_path.glob("*.png"))) >= 30
