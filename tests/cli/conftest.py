"""Every test of the command line works in a folder of its own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The folder that the command is called in, and its files are written below."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
