"""The command line: ``python -m image build|lint|wheels|tools --arch amd64|arm64``; `make image` calls it."""

import argparse
import sys
from pathlib import Path

import msgspec

from appliance.terminal import Terminal
from image import inspection, tools, wheelhouse
from image.build import Build
from image.command import Runner
from image.failure import ImageFailed
from image.target import TARGETS, target
from image.workshop import Workshop, workshop


def main() -> int:
    """1 with one clear message on the terminal when something could not be made, or would not boot."""
    options = _parser().parse_args()
    terminal = Terminal()
    try:
        shop = workshop(target(options.arch))
        return int(options.run(shop, terminal, options))
    except ImageFailed as failure:
        terminal.say(f"No image: {failure}")
        return 1
    except OSError as failure:
        terminal.say(f"No image: {failure.strerror}: {failure.filename}")
        return 1
    except KeyboardInterrupt:
        terminal.say("Stopped. What was in dist before is still there.")
        return 130


def _build(shop: Workshop, terminal: Terminal, options: argparse.Namespace) -> int:
    figures = Build(shop, terminal, options.url).run()
    terminal.say()
    for product in figures.products:
        terminal.say(f"  {product}")
    terminal.say(
        f"  {figures.compressed_bytes / 1e6:.0f} MB to download, {figures.extract_bytes / 1e6:.0f} MB to write"
    )
    if options.json:
        print(msgspec.json.encode(figures).decode())
    return 0


def _lint(shop: Workshop, terminal: Terminal, options: argparse.Namespace) -> int:
    card = options.card or shop.card
    if not card.exists():
        raise ImageFailed(f"{card} is not there: make image ARCH={shop.target.name}")
    wrong = inspection.lint_card(card, shop.target, shop.parts, _runner(shop))
    if options.json:
        print(msgspec.json.encode({"faults": wrong}).decode())
    for each in wrong:
        terminal.say(each)
    if not wrong:
        terminal.say(f"{card.name} ({shop.target.name}): its boot files are right")
    return 1 if wrong else 0


def _wheels(shop: Workshop, terminal: Terminal, options: argparse.Namespace) -> int:
    with shop.alone():
        wheels = wheelhouse.fill(shop, _runner(shop))
    if options.json:
        print(msgspec.json.encode([wheel.name for wheel in wheels]).decode())
    terminal.say(f"{len(wheels)} wheels in {shop.wheelhouse}")
    return 0


def _tools(shop: Workshop, terminal: Terminal, options: argparse.Namespace) -> int:
    wanted = tools.for_building(shop.target) + (tools.for_booting(shop.target) if options.boot else [])
    installed = tools.provide(wanted, _runner(shop))
    terminal.say(f"Installed: {', '.join(installed)}" if installed else "All tools are there")
    return 0


def _runner(shop: Workshop) -> Runner:
    return Runner(shop.logs / "command.log")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m image", description="Make the image that people flash.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="make the image, as root")
    build.add_argument("--url", metavar="URL", help="where it will be downloaded from, for Imager's manifest")
    build.set_defaults(run=_build)
    lint = commands.add_parser("lint", help="say what is wrong with the boot files of a card that was made")
    lint.add_argument("--card", type=Path, help="another image, not compressed")
    lint.set_defaults(run=_lint)
    wheels = commands.add_parser("wheels", help="only fetch and build the wheels that a machine installs")
    wheels.set_defaults(run=_wheels)
    needed = commands.add_parser("tools", help="install, or name, what making an image needs")
    needed.add_argument("--boot", action="store_true", help="and what booting it in a virtual machine needs")
    needed.set_defaults(run=_tools)
    for command in (build, lint, wheels, needed):
        command.add_argument("--arch", choices=list(TARGETS), default="arm64", help="for which machine (arm64)")
        command.add_argument("--json", action="store_true", help="the result on standard output, for scripts")
    return parser


if __name__ == "__main__":
    sys.exit(main())
