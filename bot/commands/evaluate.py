"""`wgo eval`: how right the verdicts are on labelled records."""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot.terminal.slots import clean
from core import backfill, evaluate, evaluate_folds, providers, records
from core.analysis import rules
from core.analysis.classify import Judgement, classify
from core.analysis.signs import Seen
from core.assessment import Verdict
from core.bridge import Steps
from core.errors import RecordUnreadable, SettingsError
from core.json import JsonObject
from core.ports import RecordReader, Store
from core.settings import DatabaseSettings, Settings
from core.subscription import EVERYTHING
from core.unified import UnifiedEvent


def evaluate_command(
    context: typer.Context,
    corpora: Annotated[list[Path], typer.Argument(metavar="CORPUS…", help="Labelled JSON lines, or folders of them.")],
    wrong: Annotated[bool, typer.Option("--wrong", help="List every record that was told wrongly or left unknown, and why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Judge labelled records in throw-away stores (one a file) and print accuracy, recall, coverage, calibration and false reassurances.

    The second table judges each file at a temperature and a threshold that were fitted on all the other files.

    Example: wgo eval corpora/cloudtrail corpora/k8s --wrong
    """
    from bot import app

    settings: Settings = app.load_settings(context.obj.config)
    judged: list[evaluate.Judged] = []
    files = [path for path in records.files(corpora) if _labelled(path)]
    if not files:
        # A table of nothing would read as a measure.
        step = "Each line needs a `label` beside its record, which stands under `event`, `object` or `asset`."
        raise SettingsError(f"no labelled record is in {', '.join(map(str, corpora))}", next_step=step)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        for path in progress.track(files, description="judging"):
            judged += _judge(settings, path)
    rows = evaluate.score(judged)
    folds = evaluate_folds.leave_one_out(judged, unknown_below=settings.analysis.unknown_below)
    if as_json:
        told = {"files": [_row_object(row) for row in rows], "folds": _folds_object(folds, settings.analysis.unknown_below)}
        if wrong:
            told["wrong"] = [_wrong_object(one) for one in judged if evaluate.misjudged(one)]
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    else:
        _print(rows)
        _print_folds(folds, settings.analysis.unknown_below)
        if wrong:
            _print_wrong(judged)
    if any(row.unreadable for row in rows):
        raise typer.Exit(3)


def _labelled(path: Path) -> bool:
    first = next(iter(records.read(path)), None)
    return first is not None and first.body is not None and "label" in first.body and evaluate.kind_of_record(first.body)[0] != ""


def _judge(settings: Settings, path: Path) -> Iterator[evaluate.Judged]:
    from bot import app

    lines = [raw for raw in records.read(path) if raw.body is not None]
    with tempfile.TemporaryDirectory(prefix="wgo-eval-") as folder:
        throw_away = DatabaseSettings(url=f"sqlite:///{folder}/wgo.db", backup_folder=None)
        store = app.open_store(settings.model_copy(update={"database": throw_away}))
        weighed = _Weighed()
        try:
            context = providers.ProviderContext(redactor=app.build_redactor(store))
            run = backfill.Backfill(
                source="eval",
                ingest=app.build_ingest(settings, store, steps=Steps(classify=weighed)),
                known=store.cursors.known("eval"),
                reader_of=_Readers(context),
            )
            outcomes = list(run.run(lambda: iter(lines)))
            for raw, outcome in zip(lines, outcomes, strict=True):
                assert raw.body is not None
                yield _judged(path, raw.line, raw.body, outcome, _worst(store, outcome), weighed.logits)
        finally:
            store.close()


class _Weighed:
    """The step of classifying, which also keeps what it weighed for each event (the last time it was judged)."""

    def __init__(self) -> None:
        self.logits: dict[str, Mapping[Verdict, float]] = {}

    def __call__(self, seen: Seen) -> Judgement:
        judgement = classify(seen)
        self.logits[seen.node.id] = judgement.logits
        return judgement


class _Readers:
    """Picks the reader by what a line holds, and hands it the raw record."""

    def __init__(self, context: providers.ProviderContext) -> None:
        self._context = context
        self._readers: dict[str, RecordReader] = {}

    def __call__(self, line: JsonObject) -> RecordReader:
        key, name = evaluate.kind_of_record(line)
        if not key:
            raise RecordUnreadable("no raw record under event, object or asset")
        if name not in self._readers:
            inner = providers.reader(name, source="eval", environment="", context=self._context)
            self._readers[name] = _Unwrapping(key, inner)
        return self._readers[name]


class _Unwrapping:
    """A reader of what stands under a key of the record."""

    def __init__(self, key: str, inner: RecordReader) -> None:
        self._key = key
        self.read = lambda record, known, observed_at: inner.read(record[key], known, observed_at)


def _worst(store: Store, outcome: backfill.RecordOutcome) -> UnifiedEvent | None:
    events = store.events.by_ids(EVERYTHING, outcome.event_ids)
    return max(events, key=lambda event: event.severity.rank, default=None)


def _judged(
    path: Path,
    number: int,
    line: JsonObject,
    outcome: backfill.RecordOutcome,
    event: UnifiedEvent | None,
    logits: Mapping[str, Mapping[Verdict, float]],
) -> evaluate.Judged:
    return evaluate.Judged(
        file=f"{path.parent.name}/{path.name}",
        label=str(line.get("label") or ""),
        strength=str(line.get("strength") or ""),
        harm=str(line.get("harm") or ""),
        outcome=str(line.get("outcome") or ""),
        event=event,
        logits=logits.get(event.id, {}) if event else {},
        error=outcome.error,
        line=number,
        why=str(line.get("why") or ""),
    )


def _said(fraction: evaluate.Fraction) -> str:
    return "–" if fraction.share is None else f"{fraction.share:.1%} ({fraction.numerator}/{fraction.denominator})"


def _print(rows: list[evaluate.Scores]) -> None:
    table = Table(title="Verdicts against labels", caption="accuracy: correct of decided, on strong and medium labels")
    columns = (
        *("file", "records", "accuracy", "strong", "decided", "planned", "unplanned", "routine"),
        *("calibration", "false calm", "reads as change", "weak → unplanned"),
    )
    for column in columns:
        table.add_column(column, justify="left" if column == "file" else "right")
    for row in rows:
        calibration = "–" if row.calibration_error is None else f"{row.calibration_error:.3f}"
        recalls = [_said(row.recall[label]) for label in evaluate.LABELS]
        table.add_row(
            row.file, str(row.records), _said(row.accuracy), _said(row.accuracy_strong), _said(row.coverage), *recalls, calibration,
            _said(row.false_reassurances), _said(row.reads_called_change), _said(row.weak_planned_called_unplanned),
        )  # fmt: skip
    Console(width=220 if not sys.stdout.isatty() else None).print(table)
    for label, told in rows[-1].confusion.items():
        typer.echo(f"{label}: " + ", ".join(f"{count} as {verdict}" for verdict, count in sorted(told.items(), key=lambda x: -x[1])))


def _print_folds(folds: evaluate_folds.Folds, in_use: float) -> None:
    if folds.pooled is None:
        return
    table = Table(title="Each file at a temperature and threshold fitted on all the others")
    for column in ("file", "temperature", "threshold", "labels", "accuracy", "decided", "calibration", "weak → unplanned"):
        table.add_column(column, justify="left" if column == "file" else "right")
    rows = [(fold.file, fold.temperature, f"{fold.unknown_below:.2f}", fold.scores) for fold in folds.folds]
    for file, temperature, below, scores in [*rows, ("all, pooled", None, "–", folds.pooled)]:
        error = "–" if scores.calibration_error is None else f"{scores.calibration_error:.3f}"
        hot = "–" if temperature is None else f"{temperature:.2f}"
        table.add_row(
            file, hot, below, str(scores.coverage.denominator), _said(scores.accuracy), _said(scores.coverage), error,
            _said(scores.weak_planned_called_unplanned),
        )  # fmt: skip
    Console(width=160 if not sys.stdout.isatty() else None).print(table)
    for name, fitted, used in (("temperature", folds.fitted, rules.temperature()), ("threshold", folds.fitted_threshold, in_use)):
        typer.echo(f"{name}: {'none' if fitted is None else f'{fitted:.2f}'} fitted over all files, {used} in use")


def _print_wrong(judged: list[evaluate.Judged]) -> None:
    """One paragraph a record: where it stands, what was told of it, and what that rests on."""
    typer.echo("\nTold wrongly, or left unknown:")
    for one in judged:
        if not (says := evaluate.misjudged(one)):
            continue
        typer.echo(f"\n{one.file}:{one.line}  {says}")
        if one.event is not None:
            event = one.event.event
            who = event.actor.name or event.actor.id or "nobody known"
            typer.echo(clean(f"  {event.native_action} by {who}: {event.resource.key}"))
            for proof in one.event.assessment.classification.evidence:
                weighs = "    " if proof.weight is None else f"{proof.weight:+.1f}"
                typer.echo(clean(f"  {weighs}  {proof.says}"))
        if one.why:
            typer.echo(clean(f"  the label: {one.why}"))


def _wrong_object(one: evaluate.Judged) -> JsonObject:
    event = one.event
    return {
        "file": one.file,
        "line": one.line,
        "says": evaluate.misjudged(one),
        "label": one.label,
        "why": one.why,
        "verdict": one.verdict,
        "confidence": one.confidence,
        "event_id": event.id if event else None,
        "native_action": event.event.native_action if event else None,
        "resource": event.event.resource.key if event else None,
        "actor": (event.event.actor.name or event.event.actor.id) if event else None,
        "traits": sorted(event.event.traits) if event else [],
        "evidence": [{"says": e.says, "weight": e.weight} for e in event.assessment.classification.evidence] if event else [],
    }


def _folds_object(folds: evaluate_folds.Folds, in_use: float) -> JsonObject:
    return {
        "folds": [
            {"file": one.file, "temperature": one.temperature, "threshold": one.unknown_below, "scores": _row_object(one.scores)}
            for one in folds.folds
        ],
        "pooled": _row_object(folds.pooled) if folds.pooled else None,
        "fitted": {"temperature": folds.fitted, "threshold": folds.fitted_threshold},
        "in_use": {"temperature": rules.temperature(), "threshold": in_use},
    }


def _row_object(row: evaluate.Scores) -> JsonObject:
    def fraction(one: evaluate.Fraction) -> JsonObject:
        return {"share": one.share, "numerator": one.numerator, "denominator": one.denominator}

    return {
        "file": row.file,
        "records": row.records,
        "accuracy": fraction(row.accuracy),
        "accuracy_strong": fraction(row.accuracy_strong),
        "coverage": fraction(row.coverage),
        "recall": {verdict.value: fraction(one) for verdict, one in row.recall.items()},
        "confusion": {label: dict(told) for label, told in row.confusion.items()},
        "calibration_error": row.calibration_error,
        "false_reassurances": fraction(row.false_reassurances),
        "reads_called_change": fraction(row.reads_called_change),
        "weak_planned_called_unplanned": fraction(row.weak_planned_called_unplanned),
        "unreadable": row.unreadable,
    }
