"""`wgo backfill`: recorded changes into the store, and what WGO makes of each."""

import json
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.commands.record_view import outcome_object
from core import backfill as backfills
from core import providers, records
from core.ports import Store
from core.settings import DatabaseSettings, Settings
from core.subscription import EVERYTHING

LISTED_FAILURES = 20


def backfill(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…", help=".json or .jsonl, either gzipped, or a folder of them.")],
    format: Annotated[str, typer.Option(help=f"What the records are: {', '.join(providers.FORMATS)}.")],
    source: Annotated[str, typer.Option(help="The source they belong to; a configured source's name joins them with what it polls.")] = "",
    environment: Annotated[str, typer.Option(help="The environment they belong to, where the source is not configured.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Use a throw-away store; nothing is kept.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per record, after all of them were read.")] = False,
    unwrap: Annotated[str, typer.Option(help="The records stand under this key of each line: event, object, asset.")] = "",
) -> None:
    """Read recorded changes into the store: again and again if you like, each is kept once.

    Examples:

      wgo backfill trail/ --format cloudtrail --source aws-prod

      wgo backfill audit.jsonl.gz --format k8s-audit --dry-run --json
    """
    from bot import app

    settings: Settings = app.load_settings(context.obj.config)
    files = records.files(paths)
    configured = next((s for s in settings.sources if s.name == source), None)
    with _store(settings, dry_run) as store:
        reader = providers.reader(
            format,
            source=source or format,
            environment=environment or (configured.environment if configured else ""),
            context=providers.ProviderContext(redactor=app.build_redactor(store)),
        )
        run = backfills.Backfill(
            source=source or format,
            ingest=app.build_ingest(settings, store),
            known=store.cursors.known(source or format),
            reader_of=lambda _: reader,
        )
        shown = _shown(run.run(lambda: _records(files, unwrap)), run, files, quiet=as_json)
        if as_json:
            _print_json(store, list(shown))
        else:
            deque(shown, maxlen=0)
        _summarise(run.tally, dry_run)
    if run.tally.unreadable:
        raise typer.Exit(3)


def _records(files: Sequence[Path], unwrap: str) -> Iterator[records.RawRecord]:
    return chain.from_iterable(records.read(path, unwrap=unwrap) for path in files)


@contextmanager
def _store(settings: Settings, dry_run: bool) -> Iterator[Store]:
    from bot import app

    if not dry_run:
        store = app.open_store(settings)
        try:
            yield store
        finally:
            store.close()
        return
    with tempfile.TemporaryDirectory(prefix="wgo-dry-run-") as folder:
        throw_away = DatabaseSettings(url=f"sqlite:///{folder}/wgo.db", backup_folder=None)
        store = app.open_store(settings.model_copy(update={"database": throw_away}))
        try:
            yield store
        finally:
            store.close()


def _shown(
    outcomes: Iterator[backfills.RecordOutcome], run: backfills.Backfill, files: Sequence[Path], *, quiet: bool
) -> Iterator[backfills.RecordOutcome]:
    """The outcomes, with a bar over the files on the terminal while they come."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet and not sys.stderr.isatty()) as progress:
        task = progress.add_task("reading", total=len(files))
        seen: set[str] = set()
        for outcome in outcomes:
            seen.add(outcome.file)
            progress.update(task, completed=len(seen), description=f"{run.tally.records} records · {run.tally.changes} changes")
            yield outcome


def _print_json(store: Store, outcomes: Sequence[backfills.RecordOutcome], at_once: int = 500) -> None:
    for start in range(0, len(outcomes), at_once):
        part = outcomes[start : start + at_once]
        ids = {event_id for outcome in part for event_id in outcome.event_ids}
        events = {event.id: event for event in store.events.by_ids(EVERYTHING, ids)}
        for outcome in part:
            sys.stdout.write(json.dumps(outcome_object(outcome, events), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _summarise(tally: backfills.BackfillTally, dry_run: bool) -> None:
    console = Console(stderr=True, highlight=False)
    unchanged = tally.records - tally.changes - tally.baselines - tally.unreadable
    console.print(
        f"{tally.records} records: {tally.changes} changes, {tally.baselines} first snapshots, {unchanged} without a change, "
        f"{tally.unreadable} that cannot be read{' (dry run: nothing was kept)' if dry_run else ''}."
    )
    for failure in tally.failures[:LISTED_FAILURES]:
        console.print(f"  record {failure.record}, {failure.file} line {failure.line}: {failure.error}", markup=False)
    if tally.unreadable > LISTED_FAILURES:
        console.print(f"  … and {tally.unreadable - LISTED_FAILURES} more; --json lists each.")
