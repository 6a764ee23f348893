"""reactions.*, assistant.threads.*, files.* and apps.connections.open."""

from __future__ import annotations

import mimetypes
import re

from bot.sandbox.api.chat import metadata_of, post
from bot.sandbox.api.methods import blocks_of, channel_for_writing, flag, message_at, method, require_scope
from bot.sandbox.links.socket_mode import SocketModeLink
from bot.sandbox.problems import Refusal
from bot.sandbox.records import Channel, Json, Message, SharedFile
from bot.sandbox.slack_json import file_json, with_ids
from bot.sandbox.stage import Stage
from bot.sandbox.team import new_id

MOST_SUGGESTED_PROMPTS = 4
MOST_FILE_BYTES = 50_000_000


@method("apps.connections.open", app_level=True, scope="connections:write")
def open_connection(stage: Stage, args: Json) -> Json:
    if not isinstance(stage.link, SocketModeLink):
        raise Refusal("socket_mode_not_enabled")
    address = stage.base_url.replace("http://", "ws://", 1)
    query = f"ticket={stage.link.ticket()}&app_id={stage.app.app_id}"
    return {"url": f"{address}/link/?{query}" + ("&debug_reconnects=true" if flag(args, "debug_reconnects") else "")}


@method("reactions.add", scope="reactions:write", needs=("channel", "timestamp", "name"))
def add_reaction(stage: Stage, args: Json) -> Json:
    message, name = message_at(stage, channel_for_writing(stage, args), args["timestamp"]), _name(args)
    users = message.reactions.setdefault(name, [])
    if stage.app.bot_user_id in users:
        raise Refusal("already_reacted")
    users.append(stage.app.bot_user_id)
    stage.team.keep(message)
    return {}


@method("reactions.remove", scope="reactions:write", needs=("channel", "timestamp", "name"))
def remove_reaction(stage: Stage, args: Json) -> Json:
    message, name = message_at(stage, channel_for_writing(stage, args), args["timestamp"]), _name(args)
    users = message.reactions.get(name, [])
    if stage.app.bot_user_id not in users:
        raise Refusal("no_reaction")
    users.remove(stage.app.bot_user_id)
    if not users:
        del message.reactions[name]
    stage.team.keep(message)
    return {}


@method("assistant.threads.setStatus", needs=("channel_id", "thread_ts"))
def set_status(stage: Stage, args: Json) -> Json:
    thread = _thread(stage, args)
    status = str(args.get("status") or "")
    if status:
        stage.team.statuses[thread] = (status, stage.timing.clock())
    else:
        stage.team.statuses.pop(thread, None)
    stage.team.touch()
    return {}


@method("assistant.threads.setSuggestedPrompts", scope="assistant:write", needs=("channel_id", "prompts"))
def set_prompts(stage: Stage, args: Json) -> Json:
    channel = _direct(stage, args)
    prompts = args["prompts"]
    whole = isinstance(prompts, list) and all(isinstance(each, dict) and each.get("title") and each.get("message") for each in prompts)
    if not whole or not 1 <= len(prompts) <= MOST_SUGGESTED_PROMPTS:
        raise Refusal("invalid_arguments")
    stage.team.prompts[channel.id] = {"title": args.get("title") or "", "prompts": prompts, "thread_ts": args.get("thread_ts")}
    stage.team.touch()
    return {}


@method("assistant.threads.setTitle", scope="assistant:write", needs=("channel_id", "thread_ts", "title"))
def set_title(stage: Stage, args: Json) -> Json:
    _thread(stage, args)
    return {}


@method("files.getUploadURLExternal", scope="files:write", needs=("filename", "length"))
def get_upload_url(stage: Stage, args: Json) -> Json:
    if not 0 < int(args["length"]) <= MOST_FILE_BYTES:
        raise Refusal("invalid_arguments")
    name = re.sub(r"[^\w.\-]+", "_", str(args["filename"]))
    file = SharedFile(
        id=new_id("F"),
        name=name,
        title=name,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        user=stage.app.bot_user_id,
        created=int(stage.timing.clock().timestamp()),
        alt_text=str(args.get("alt_txt") or ""),
    )
    stage.team.files[file.id] = file
    return {"upload_url": f"{stage.base_url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", scope="files:write", needs=("files",))
def complete_upload(stage: Stage, args: Json) -> Json:
    done = []
    for each in args["files"] if isinstance(args["files"], list) else ():
        file = stage.team.file(str(each.get("id"))) if isinstance(each, dict) else None
        if file is None or not file.content:
            raise Refusal("file_not_found")
        file.title, file.shared = str(each.get("title") or file.name), True
        stage.team.keep_file(file)
        done.append(file)
    if args.get("channel_id") and done:
        channel = channel_for_writing(stage, {"channel": args["channel_id"]})
        thread = str(args["thread_ts"]) if args.get("thread_ts") else None
        post(
            stage,
            Message(
                channel=channel.id,
                ts=stage.team.next_ts(),
                user=stage.app.bot_user_id,
                text=str(args.get("initial_comment") or ""),
                by_app=True,
                thread_ts=thread,
                files=[file.id for file in done],
                subtype="file_share",
                blocks=with_ids(blocks_of(args)),
                metadata=metadata_of(args),
            ),
        )
    return {"files": [file_json(stage, file) for file in done]}


def _thread(stage: Stage, args: Json) -> tuple[str, str]:
    if "assistant:write" not in stage.app.scopes:
        require_scope(stage, "chat:write")
    channel = channel_for_writing(stage, {"channel": args["channel_id"]})
    if stage.team.message(channel.id, str(args["thread_ts"])) is None:
        raise Refusal("invalid_thread_ts")
    return channel.id, str(args["thread_ts"])


def _direct(stage: Stage, args: Json) -> Channel:
    channel = channel_for_writing(stage, {"channel": args["channel_id"]})
    if not channel.im:
        raise Refusal("channel_not_found")
    return channel


def _name(args: Json) -> str:
    name = str(args["name"]).strip(":")
    if not re.fullmatch(r"[\w+\-']+", name):
        raise Refusal("invalid_name")
    return name
