import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tool import Tool  # noqa: E402


@pytest.fixture(scope='module')
def tool():
    one = Tool()
    yield one
    one.close()


@pytest.fixture(scope='module')
def keys(tool):
    """By kind: what goes into a request, and what DNS says."""
    made = {kind: tool.ask('key', kind=kind, domain='valv.example.com', selector=kind) for kind in ('rsa', 'ed25519')}
    return {kind: (['valv.example.com', kind, one['key'].encode('latin-1')], one['name'], one['text']) for kind, one in made.items()}
