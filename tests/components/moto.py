"""moto's server in a process of its own: EC2, S3, IAM and the rest as boto3 sees them, without CloudTrail's LookupEvents."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

_PROGRAM = Path(sys.executable).with_name("moto_server")


@contextmanager
def moto() -> Iterator[str]:
    """The URL of a running server on a free port of loopback."""
    with subprocess.Popen([_PROGRAM, "-H", "127.0.0.1", "-p", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        # It tells of every request there, and stands still when nobody reads any more.
        reader = threading.Thread(target=server.stderr.read, daemon=True)
        try:
            told = (re.search(r"Running on (http://127\.0\.0\.1:\d+)", line) for line in server.stderr)
            found = next((one for one in told if one), None)
            assert found is not None, "moto_server ended before it served"
            reader.start()
            yield found.group(1)
        finally:
            server.terminate()
            if reader.ident is not None:
                reader.join()


def client(url: str, service: str, region: str = "eu-west-1") -> Any:
    """A client of the server with made-up credentials."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.Session(region_name=region, **keys).client(service, endpoint_url=url)


@contextmanager
def made_up_credentials() -> Iterator[None]:
    """For whoever looks in the environment: these, and none of this machine's."""
    given = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
