"""The recorded changes of others, where they lie beside the project (WGO_CORPORA names another place). None of it is ours to ship."""

import os
from pathlib import Path

_PLACES = (os.environ.get("WGO_CORPORA"), Path(__file__).parents[2] / "../shared/corpora", "/work/shared/corpora")
FOLDER: Path | None = next((Path(place).resolve() for place in _PLACES if place and Path(place).is_dir()), None)
