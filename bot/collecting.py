"""How Python looks for garbage in a process that lives long and makes many small values."""

import gc

# By default every 700 new objects are looked through, and now and then all that live: a fifth of a storm's time. Cycles are rare here.
_YOUNG = 20_000


def collect_seldom() -> None:
    """Look for cycles less often. Whatever is not part of one goes at once, as always; costs some MiB at most."""
    gc.set_threshold(_YOUNG, 20, 20)


def keep_what_is_loaded() -> None:
    """Never look through the modules and whatever else was made until now again. For a start that is done."""
    gc.collect()
    gc.freeze()
