"""`python -m bot.sandbox`: a workspace in a process of its own."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bot.sandbox.server import Configuration, serve
from bot.sandbox.stage import Stage


def announce(stage: Stage) -> None:
    """One line of JSON: where it is, and the app's tokens."""
    tokens, base_url = stage.tokens, stage.base_url
    facts = {"page": f"{base_url}/", "api_url": f"{base_url}/api/", "bot_token": tokens.bot, "app_token": tokens.app}
    sys.stdout.write(json.dumps(facts | {"signing_secret": tokens.signing_secret}) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Serve until interrupted. Exit status 1 where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description="A local workspace that speaks Slack's protocols.")
    parser.add_argument("--port", type=int, default=8065, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--manifest", type=Path, default=Path("manifest.yml"), help="the app's manifest")
    parser.add_argument("--state", type=Path, help="keep messages and tokens in this file")
    parser.add_argument("--http", metavar="URL", help="send signed HTTP requests here in place of Socket Mode")
    parser.add_argument("--withhold", action="append", default=[], metavar="SCOPE", help="do not grant this scope; may be repeated")
    parser.add_argument("--rate-limits", action="store_true", help="refuse what goes over Slack's rate limits")
    chosen = parser.parse_args()
    configuration = Configuration(
        manifest=chosen.manifest, state=chosen.state, http_url=chosen.http, withheld=chosen.withhold, rate_limits=chosen.rate_limits
    )
    try:
        serve(configuration, port=chosen.port, announce=announce)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
