"""users.*, bots.info, team.info, auth.test: who is who."""

from __future__ import annotations

from bot.sandbox.api.methods import method, page_of
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Json
from bot.sandbox.slack_json import bot_json, bot_user_json, user_json
from bot.sandbox.stage import Stage


@method("api.test", no_token=True)
def api_test(stage: Stage, args: Json) -> Json:  # noqa: ARG001 - every method has this shape
    if args.get("error"):
        raise Refusal(str(args["error"]), args=args)
    return {"args": args}


@method("auth.test", any_token=True)
def auth_test(stage: Stage, args: Json) -> Json:
    workspace, app = stage.team.workspace, stage.app
    if str(args.get("token")) == stage.tokens.app:
        return {"app_name": app.name, "app_id": app.app_id}
    return {
        "url": f"{stage.base_url}/",
        "team": workspace.name,
        "user": app.name.lower(),
        "team_id": workspace.team_id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


@method("users.info", scope="users:read", needs=("user",))
def users_info(stage: Stage, args: Json) -> Json:
    if args["user"] == stage.app.bot_user_id:
        return {"user": bot_user_json(stage)}
    person = stage.team.people.get(str(args["user"]))
    if person is None:
        raise Refusal("user_not_found")
    return {"user": user_json(stage, person)}


@method("users.list", scope="users:read")
def users_list(stage: Stage, args: Json) -> Json:
    everyone = [*(user_json(stage, person) for person in stage.team.people.values()), bot_user_json(stage)]
    page, cursor = page_of(everyone, args)
    return {"members": page, "cache_ts": int(stage.timing.clock().timestamp()), "response_metadata": {"next_cursor": cursor}}


@method("users.lookupByEmail", scope="users:read.email", needs=("email",))
def lookup_by_email(stage: Stage, args: Json) -> Json:
    wanted = str(args["email"]).lower()
    person = next((p for p in stage.team.people.values() if p.email.lower() == wanted), None)
    if person is None:
        raise Refusal("users_not_found")
    return {"user": user_json(stage, person)}


@method("bots.info", scope="users:read")
def bots_info(stage: Stage, args: Json) -> Json:
    if args.get("bot") not in (None, stage.app.bot_id):
        raise Refusal("bot_not_found")
    return {"bot": bot_json(stage)}


@method("team.info", scope="team:read")
def team_info(stage: Stage, args: Json) -> Json:
    workspace = stage.team.workspace
    if args.get("team") not in (None, workspace.team_id):
        raise Refusal("team_not_found")
    return {
        "team": {
            "id": workspace.team_id,
            "name": workspace.name,
            "domain": workspace.domain,
            "email_domain": "",
            "icon": {},
            "url": f"{stage.base_url}/",
        }
    }
