"""views.*: modals and the Home tab."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox import limits
from bot.sandbox.api.methods import method
from bot.sandbox.check import problems_in_view
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json, View
from bot.sandbox.slack_json import view_json, with_ids
from bot.sandbox.stage import Stage
from bot.sandbox.team import new_id


@method("views.open", needs=("trigger_id", "view"))
def open_view(stage: Stage, args: Json) -> Json:
    body = checked(args["view"], kind="modal")
    user = stage.permits.use_trigger(str(args["trigger_id"]))
    stage.team.pop_view(user, everything=True)
    return {"view": view_json(stage, push(stage, user, body))}


@method("views.push", needs=("trigger_id", "view"))
def push_view(stage: Stage, args: Json) -> Json:
    body = checked(args["view"], kind="modal")
    user = stage.permits.use_trigger(str(args["trigger_id"]))
    return {"view": view_json(stage, push(stage, user, body))}


@method("views.update", needs=("view",))
def update_view(stage: Stage, args: Json) -> Json:
    body = checked(args["view"])
    view = stage.team.views.get(str(args.get("view_id")))
    if view is None:
        view = next((v for v in stage.team.views.values() if v.external_id and v.external_id == args.get("external_id")), None)
    if view is None or view.kind != body["type"]:
        raise Refusal("not_found")
    _same_hash(args, view)
    return {"view": view_json(stage, replace(stage, view, body))}


@method("views.publish", needs=("user_id", "view"))
def publish(stage: Stage, args: Json) -> Json:
    body = checked(args["view"], kind="home")
    user = str(args["user_id"])
    if user not in stage.team.people:
        raise Refusal("user_not_found")
    if not stage.app.home_tab:
        raise Refusal("not_enabled")
    known = stage.team.views.get(stage.team.homes.get(user, ""))
    if known is not None:
        _same_hash(args, known)
        return {"view": view_json(stage, replace(stage, known, body))}
    id = new_id("V")
    view = View(id=id, user=user, body=_with_ids(body), hash=_hash(stage), root=id)
    stage.team.keep_view(view)
    return {"view": view_json(stage, view)}


def checked(view: Any, *, kind: str | None = None) -> Json:
    """The view, or the refusal that lists what is wrong with it."""
    if isinstance(view, str):
        try:
            view = json.loads(view)
        except ValueError:
            raise Refusal.with_messages("invalid_arguments", ["must be valid JSON [json-pointer:/view]"]) from None
    found = problems_in_view(view)
    if not found and kind is not None and view["type"] != kind:
        found = [f"must be a {kind} view [json-pointer:/view/type]"]
    if found:
        raise Refusal.with_messages("invalid_arguments", found)
    if len(json.dumps(view)) > limits.VIEW_BYTES:
        raise Refusal("view_too_large")
    return dict(view)


def push(stage: Stage, user: str, body: Json) -> View:
    """Put a modal on top of `user`'s stack."""
    stack = stage.team.stack(user)
    if len(stack) >= limits.VIEW_STACK:
        raise Refusal("push_limit_reached")
    external = body.get("external_id")
    if external and any(view.external_id == external for view in stage.team.views.values()):
        raise Refusal("duplicate_external_id")
    id = new_id("V")
    view = View(
        id=id,
        user=user,
        body=_with_ids(body),
        hash=_hash(stage),
        root=stack[0].id if stack else id,
        previous=stack[-1].id if stack else None,
        external_id=external,
    )
    stage.team.stacks.setdefault(user, []).append(id)
    stage.team.keep_view(view)
    return view


def replace(stage: Stage, view: View, body: Json) -> View:
    """The same view with another body."""
    view.body, view.hash, view.errors = _with_ids(body), _hash(stage), {}
    view.external_id = body.get("external_id") or view.external_id
    stage.team.keep_view(view)
    return view


def _same_hash(args: Mapping[str, Any], view: View) -> None:
    if args.get("hash") and args["hash"] != view.hash:
        raise Refusal("hash_conflict")


def _with_ids(body: Json) -> Json:
    return body | {"blocks": with_ids(body["blocks"])}


def _hash(stage: Stage) -> str:
    return f"{int(stage.timing.clock().timestamp())}.{new_id('')[:8]}"
