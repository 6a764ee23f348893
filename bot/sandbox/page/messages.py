"""Which messages a person sees in a channel or a thread, and what each row says."""

from __future__ import annotations

from bot.sandbox.page.faces import face_of
from bot.sandbox.page.render.emoji import EMOJI
from bot.sandbox.page.render.reader import Reader
from bot.sandbox.records import Channel, Json, Message
from bot.sandbox.stage import Stage

GROUP_SECONDS = 300


def visible(stage: Stage, channel: Channel, reader: Reader, *, thread: str | None = None, limit: int = 100) -> tuple[list[Json], bool]:
    """Rows, oldest first, and whether there are earlier ones. With `thread`, its first message and the replies."""
    said = [m for m in stage.team.messages(channel.id) if m.only_for in (None, reader.user)]
    if thread is not None:
        chosen = [m for m in said if m.ts == thread or m.thread_ts == thread]
        return [_row(stage, m, reader) for m in chosen], False
    top = [m for m in said if not m.is_reply or m.broadcast]
    rows: list[Json] = []
    before: Message | None = None
    for message in top[-limit:]:
        row = _row(stage, message, reader)
        row["grouped"] = before is not None and _together(before, message)
        rows.append(row)
        before = message
    return rows, len(top) > limit


def _together(before: Message, message: Message) -> bool:
    same = before.user == message.user and before.subtype == message.subtype and before.only_for == message.only_for
    return (
        same
        and not message.blocks
        and not before.blocks
        and message.subtype is None
        and float(message.ts) - float(before.ts) < GROUP_SECONDS
    )


def _row(stage: Stage, message: Message, reader: Reader) -> Json:
    ts = float(message.ts)
    replies = [] if message.is_reply else [m for m in stage.team.replies(message.channel, message.ts) if m.only_for in (None, reader.user)]
    faces = [face_of(stage, user) for user in dict.fromkeys(reply.user for reply in replies)]
    reactions = [
        {
            "name": name,
            "sign": EMOJI.get(name, f":{name}:"),
            "count": len(users),
            "mine": reader.user in users,
            "who": ", ".join(face_of(stage, u)["name"] for u in users),
        }
        for name, users in message.reactions.items()
    ]
    return {
        "ts": message.ts,
        "author": face_of(stage, message.user),
        "time": reader.time(ts),
        "full": reader.full(ts),
        "text": message.text,
        "blocks": message.blocks,
        "markdown": message.markdown,
        "edited": message.edited_at is not None,
        "ephemeral": message.only_for is not None,
        "notice": message.subtype in {"channel_join", "channel_leave"},
        "mentions_me": f"<@{reader.user}>" in message.text,
        "broadcast": message.broadcast,
        "streaming": message.streaming,
        "files": [_file(stage, id) for id in message.files if stage.team.file(id)],
        "reactions": reactions,
        "replies": len(replies),
        "reply_faces": faces[:4],
        "thread": message.thread_ts or message.ts,
        "grouped": False,
        "last_reply": reader.date(float(replies[-1].ts), "{date_short_pretty} at {time}", "") if replies else "",
    }


def _file(stage: Stage, id: str) -> Json:
    file = stage.team.file(id)
    assert file is not None
    size = len(file.content)
    words = f"{size} B" if size < 1024 else f"{size / 1024:.0f} KB" if size < 1024**2 else f"{size / 1024**2:.1f} MB"
    return {
        "url": f"/files/{file.id}/{file.name}",
        "title": file.title,
        "alt": file.alt_text or file.title,
        "image": file.mimetype.startswith("image/"),
        "size": words,
    }
