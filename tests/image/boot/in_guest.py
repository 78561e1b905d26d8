"""Runs inside the machine, as root: does what comes in over a port of QEMU's, one command after another.

It reaches the machine as a credential (agent.py), so that the card that is tested is the card that is shipped. Only the
standard library is there. One request, one answer, each a line of JSON; on its start it says which boot this is.
"""

import base64
import json
import os
import subprocess
import sys
import time
from typing import Any

PORT = "/dev/virtio-ports/tonearm.agent"


def say(port: int, message: dict[str, Any]) -> None:
    line = json.dumps(message).encode() + b"\n"
    while line:
        line = line[os.write(port, line) :]


def done(request: dict[str, Any]) -> dict[str, Any]:
    """The command's end. A command that takes too long is killed, with its children, and says so."""
    process = subprocess.Popen(
        request["command"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(base64.b64decode(request["stdin"]), timeout=request["seconds"])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        out, err = process.communicate()
        err += b"\nkilled: it took longer than it might"
    encoded = (base64.b64encode(each).decode() for each in (out, err))
    return {"id": request["id"], "status": process.returncode, **dict(zip(("stdout", "stderr"), encoded, strict=True))}


def main() -> None:
    # A unit that waited for the device would give up after 90 seconds, which a slow emulator may take.
    while not os.path.exists(PORT):
        time.sleep(0.2)
    port = os.open(PORT, os.O_RDWR)
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
        say(port, {"boot": boot.read().strip(), "pid": os.getpid()})
    with os.fdopen(port, "rb", closefd=False) as lines:
        for line in lines:
            request = json.loads(line)
            try:
                answer = done(request)
            except OSError as error:  # there is no such command
                answer = {"id": request["id"], "status": 127, "stdout": "", "stderr": ""}
                sys.stderr.write(f"{error}\n")
            say(port, answer)


if __name__ == "__main__":
    main()
