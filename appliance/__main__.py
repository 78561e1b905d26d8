"""The command line, and the only ``trio.run``.

Imports little at the top: worker processes may import this module again, and ``--help`` should be instant.
"""

import argparse
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import trio

    from appliance.settings import Settings
    from appliance.terminal import Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 with one line that says what went wrong, 130 after Ctrl-C.

    Wrong usage raises ``SystemExit`` with 2.
    """
    options = _parser().parse_args(arguments)
    from appliance.core.errors import TonearmError

    try:
        status: int = options.command(options)
    except TonearmError as error:
        print(f"tonearm: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    from appliance import __version__

    parser = argparse.ArgumentParser(prog="tonearm", description="Your music, everywhere in the house.")
    parser.add_argument("--version", action="version", version=f"tonearm {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)

    serve = commands.add_parser("serve", help="run the server", description="Run the server until Ctrl-C or SIGTERM.")
    _takes_data_dir(serve)
    serve.add_argument(
        "--music", action="append", metavar="DIR", help="a folder of music; repeat for more (default: a demo library)"
    )
    serve.add_argument("--bind", metavar="HOST:PORT", help="where to listen (default: 127.0.0.1:4533)")
    serve.set_defaults(command=_serve)

    scan = commands.add_parser("scan", help="look for new and changed music")
    _takes_data_dir(scan)
    scan.add_argument("--full", action="store_true", help="read every file again, changed or not")
    _takes_json(scan)
    scan.set_defaults(command=_scan)

    demo = commands.add_parser("demo", help="write the demo library into a folder")
    demo.add_argument("folder", type=Path, metavar="DIR")
    _takes_json(demo)
    demo.set_defaults(command=_demo)

    _accounts(commands)

    host = commands.add_parser("host", help="for the machine that Tonearm has to itself").add_subparsers(required=True)
    machine = host.add_parser("machine", help="answer one request of the server, as systemd asks it to")
    machine.set_defaults(command=_host_machine)
    preseed = host.add_parser("preseed", help="do what the file tonearm.toml on the boot partition says")
    preseed.add_argument("folder", type=Path, metavar="FOLDER", help="where the boot partition is mounted")
    preseed.add_argument("--done", action="store_true", help="put the file away, without its password")
    preseed.add_argument("--port", type=int, default=80, metavar="PORT", help="of the server (default: 80)")
    preseed.set_defaults(command=_host_preseed)
    console = host.add_parser("console", help="keep the screen: name, addresses, code, state")
    console.add_argument("--once", action="store_true", help="print it once")
    console.add_argument("--port", type=int, default=80, metavar="PORT", help="of the server (default: 80)")
    console.set_defaults(command=_host_console)

    openapi = commands.add_parser("openapi", help="print the OpenAPI document of the REST interface")
    openapi.set_defaults(command=_openapi)
    return parser


def _accounts(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    user = commands.add_parser("user", help="manage who may listen").add_subparsers(required=True)
    add = user.add_parser("add", help="add a user")
    role = add.add_mutually_exclusive_group()
    role.add_argument("--admin", dest="role", action="store_const", const="admin", help="may do everything")
    role.add_argument("--guest", dest="role", action="store_const", const="guest", help="may listen and change nothing")
    add.set_defaults(command=_add_user, role="member")
    password = user.add_parser("password", help="give a user a new password, and end their sessions")
    password.set_defaults(command=_set_password)
    remove = user.add_parser("remove", help="remove a user, with all that is theirs")
    remove.set_defaults(command=_remove_user)
    for parser in (add, password, remove):
        parser.add_argument("name", metavar="NAME")
    for parser in (add, password):
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    every = user.add_parser("list", help="list the users")
    every.set_defaults(command=_list_users)

    key = commands.add_parser("key", help="the key that seals the passwords of apps").add_subparsers(required=True)
    rotate = key.add_parser("rotate", help="seal every secret under a new key")
    rotate.set_defaults(command=_rotate_key)
    for parser in (add, password, remove, every, rotate):
        _takes_data_dir(parser)
        _takes_json(parser)


def _takes_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="D", help="where Tonearm keeps its data (default: ./data)")


def _takes_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="answer with JSON on standard output")


def _serve(options: argparse.Namespace) -> int:
    import trio

    from appliance import compose

    settings, terminal = _prepare(options, music_dirs=options.music, bind=options.bind)

    async def run() -> None:
        serving, stop = trio.Event(), trio.Event()
        async with trio.open_nursery() as nursery:
            await nursery.start(_stop_on_signal, serving, stop, nursery.cancel_scope)
            await compose.serve(settings, terminal, serving, stop)
            nursery.cancel_scope.cancel()

    return _run(run)


async def _stop_on_signal(
    serving: "trio.Event", stop: "trio.Event", everything: "trio.CancelScope", *, task_status: "trio.TaskStatus[None]"
) -> None:
    """SIGTERM or SIGINT stops in order once we are serving; before that, or the second time, at once."""
    import trio

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            if stop.is_set() or not serving.is_set():
                everything.cancel()
            stop.set()


def _scan(options: argparse.Namespace) -> int:
    from appliance import compose
    from appliance.core.scanning import ScanKind, ScanState
    from appliance.core.text import clean  # a file's name may hold what a terminal obeys

    settings, terminal = _prepare(options)
    kind = ScanKind.FULL if options.full else ScanKind.QUICK
    outcome = 0

    async def run() -> None:
        nonlocal outcome
        ended, faults = await compose.scan(settings, terminal, kind)
        if options.json:
            _print_json({"scan": ended, "faults": faults})
        else:
            for fault in faults:
                terminal.say(f"  {clean(fault.path)}: {fault.reason}")
        outcome = 0 if ended.state is ScanState.DONE else 1

    return _run(run) or outcome


def _demo(options: argparse.Namespace) -> int:
    from appliance.demo.library import write_demo
    from appliance.terminal import Terminal

    terminal = Terminal()
    try:
        with terminal.progress("Composing a demo library", "tracks") as progress:
            written = write_demo(options.folder, progress=progress)
    except OSError as error:
        print(f"tonearm: {options.folder} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    if options.json:
        _print_json({"files": [str(path) for path in written]})
    else:
        terminal.say(f"{len(written)} files are in {options.folder}.")
    return 0


def _add_user(options: argparse.Namespace) -> int:
    from appliance import account_commands
    from appliance.core.accounts import Role

    settings, terminal = _prepare(options)
    password = _password(options)

    async def run() -> None:
        user = await account_commands.add_user(settings, terminal, options.name, password, Role(options.role))
        _tell(options, user, f"{user.name} may sign in now.", terminal)

    return _run(run)


def _set_password(options: argparse.Namespace) -> int:
    from appliance import account_commands

    settings, terminal = _prepare(options)
    password = _password(options)

    async def run() -> None:
        user = await account_commands.set_password(settings, terminal, options.name, password)
        _tell(options, user, f"{user.name} has a new password, and is signed out everywhere.", terminal)

    return _run(run)


def _remove_user(options: argparse.Namespace) -> int:
    from appliance import account_commands

    settings, terminal = _prepare(options)

    async def run() -> None:
        user = await account_commands.remove_user(settings, terminal, options.name)
        _tell(options, user, f"{user.name} is removed.", terminal)

    return _run(run)


def _list_users(options: argparse.Namespace) -> int:
    from appliance import account_commands

    settings, terminal = _prepare(options)

    async def run() -> None:
        users = await account_commands.list_users(settings, terminal)
        _tell(options, users, "\n".join(f"{user.name} ({user.role})" for user in users), terminal)

    return _run(run)


def _rotate_key(options: argparse.Namespace) -> int:
    from appliance import account_commands
    from appliance.following import counted

    settings, terminal = _prepare(options)

    async def run() -> None:
        done = await account_commands.rotate_key(settings, terminal)
        words = f"The key is new. Sealed anew: {counted(done.accounts, 'account')}, {counted(done.devices, 'device')}."
        if done.lost:
            words += f" {counted(done.lost, 'secret')} could not be opened: set those passwords anew."
        _tell(options, done, words, terminal)

    return _run(run)


def _password(options: argparse.Namespace) -> str:
    from getpass import getpass

    return sys.stdin.readline().rstrip("\n") if options.password_stdin else getpass("Password: ")


def _tell(options: argparse.Namespace, answer: object, words: str, terminal: "Terminal") -> None:
    if options.json:
        _print_json(answer)
    else:
        terminal.say(words)


def _host_machine(options: argparse.Namespace) -> int:
    from appliance.host.apply import serve_one
    from appliance.host.changes import Changes

    del options
    return serve_one(Changes())


def _host_preseed(options: argparse.Namespace) -> int:
    from appliance.host.preseed import BootFile
    from appliance.host.preseed_server import Server

    file = BootFile(options.folder)
    if options.done:
        file.done(Server(options.port))
    else:
        file.use()
    return 0


def _host_console(options: argparse.Namespace) -> int:
    from appliance.host.console import show, show_once
    from appliance.host.surroundings import Surroundings

    surroundings = Surroundings(options.port)
    if options.once:
        show_once(surroundings)
    else:
        show(surroundings)
    return 0


def _openapi(options: argparse.Namespace) -> int:
    from appliance import compose

    del options
    _print_json(compose.openapi())
    return 0


def _prepare(options: argparse.Namespace, **given: Any) -> "tuple[Settings, Terminal]":
    from appliance import logs
    from appliance.host.journal import open_journal
    from appliance.settings import load, withhold_environment
    from appliance.terminal import Terminal

    settings, terminal = load({"data_dir": options.data_dir, **given}), Terminal()
    withhold_environment()
    journal = open_journal() if settings.log_format == "journal" else None
    logs.configure(settings.log_level, settings.log_format, terminal, journal)
    return settings, terminal


def _run(function: Callable[[], Awaitable[None]]) -> int:
    """``trio.run``; an error that left several nurseries is told as one."""
    import trio

    from appliance.core.errors import TonearmError

    status = 0
    try:
        trio.run(function)
    except* TonearmError as group:
        for error in _leaves(group):
            print(f"tonearm: {error}", file=sys.stderr)
        status = 1
    except* KeyboardInterrupt:
        status = 130
    return status


def _leaves(group: BaseExceptionGroup[Any]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


def _print_json(value: object) -> None:
    import msgspec

    text = json.dumps(msgspec.to_builtins(value, str_keys=True), indent=2, ensure_ascii=False)
    print(text)


if __name__ == "__main__":
    sys.exit(main())
