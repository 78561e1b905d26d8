"""Making an image, from nothing to what people flash. The steps stand here in their order; each has a file."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from appliance.terminal import Terminal
from image import card, components, converge, filesystems, inspection, packages, packing, rootfs, tools, wheelhouse
from image.clock import Clock
from image.command import Runner, repeating
from image.failure import ImageFailed
from image.layout import ROOT_LABEL, Layout, identity, layout, used
from image.lint import faults
from image.manifest import manifest
from image.tree import Tree
from image.workshop import ROOT, Workshop


class Figures(msgspec.Struct, frozen=True):
    """What was made, and what it took. Sizes in bytes, times in seconds."""

    arch: str
    version: str
    commit: str
    seconds: float
    steps: dict[str, float]
    #: The root as files, how large each partition is, and the image before and after it was compressed.
    root_bytes: int
    partitions: Layout
    extract_bytes: int
    compressed_bytes: int
    packages: int
    wheels: int
    #: What lies in dist.
    products: list[str]


class Build:
    """One build.

    ``base_url``: where the image will be downloaded from, for Imager's manifest; by default, it stays where it is made.
    """

    def __init__(self, shop: Workshop, terminal: Terminal, base_url: str | None) -> None:
        self._shop = shop
        self._terminal = terminal
        self._base_url = base_url or (ROOT / "dist").as_uri()
        self._clock = Clock(terminal)

    def run(self) -> Figures:
        """Makes everything. Raises ``ImageFailed``; what was in dist before then still is."""
        tools.require_root()
        with self._shop.alone():
            return self._run()

    def _run(self) -> Figures:
        shop, step = self._shop, self._clock.step
        # Their being there says that all of it is whole.
        shop.figures.unlink(missing_ok=True)
        with step("Tools"):
            tools.provide(tools.for_building(shop.target), self._runner("tools"))
            tools.provide_emulation(shop.target, self._runner("tools"))
        with step("Debian"):
            wanted = packages.wanted(packages.read_lists(), shop.target)
            with self._terminal.progress("    Packages", "packages") as progress:
                tar = rootfs.base(shop, wanted, self._runner("debian", rootfs.counting(progress)))
        with step("Wheels"):
            wheels = wheelhouse.fill(shop, self._runner("wheels"))
        with step("Unpacking"):
            rootfs.unpack(tar, shop.root, self._runner("unpacking"))
        with step("Ansible"):
            converge.converge(shop, self._runner("ansible", repeating(self._terminal, "TASK [", "fatal:")))
        with step("Parts list"):
            parts = [*components.debs(shop.root), *components.wheels(wheels)]
        with step("File systems"):
            self._divide()
            sizes = layout(shop)
            root_bytes = used(shop.root)
            filesystems.make(shop, sizes, self._runner("filesystems"))
        with step("Card"):
            card.assemble(shop, sizes, self._runner("card"))
        with step("Inspection"):
            self._inspect()
        with step("Compression"):
            image = shop.product(".img.xz")
            with self._terminal.progress("    Compressing", "MB") as progress:
                packed = packing.pack(shop.card, image, progress)
        with step("Papers"):
            products = [image, image.with_name(f"{image.name}.sha256"), *self._papers(parts, packed)]
        figures = Figures(
            arch=shop.target.name,
            version=shop.version,
            commit=shop.commit,
            seconds=round(sum(self._clock.seconds.values()), 1),
            steps=self._clock.seconds,
            root_bytes=root_bytes,
            partitions=sizes,
            extract_bytes=packed.extract_size,
            compressed_bytes=packed.download_size,
            packages=len(parts) - len(wheels),
            wheels=len(wheels),
            products=[str(each.relative_to(ROOT)) for each in products],
        )
        shop.figures.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
        self._terminal.say(f"\n{self._clock.table()}")
        return figures

    def _divide(self) -> None:
        """Take out of the root what goes to partitions of its own, leaving the folders that they are mounted at."""
        tree = Tree(self._shop.root)
        tree.move_contents("/boot/firmware", self._shop.boot)
        tree.move_contents("/srv/tonearm", self._shop.data)
        _refuse(faults(self._shop.target, self._shop.boot, ROOT_LABEL))

    def _inspect(self) -> None:
        runner = self._runner("inspection")
        inspection.inspect(self._shop.card, self._shop.target, self._shop.parts, runner)
        _refuse(inspection.lint_card(self._shop.card, self._shop.target, self._shop.parts, runner))

    def _papers(self, parts: list[components.Component], packed: packing.Packed) -> list[Path]:
        """What goes with the image: its list of packages, its bill of materials, and Imager's manifest."""
        shop = self._shop
        listing, bill = shop.product(".packages.txt"), shop.product(".cdx.json")
        listing.write_text(components.listing(parts), encoding="utf-8")
        told = {
            "name": shop.name,
            "version": shop.version,
            "day": shop.day,
            "serial": identity(shop, "parts"),
            "components": parts,
        }
        written = subprocess.run(
            [ROOT / ".venv-image/bin/python", "-m", "image.sbom", bill],
            check=False,
            cwd=ROOT,
            input=msgspec.json.encode(told),
            capture_output=True,
        )
        if written.returncode != 0:
            raise ImageFailed(written.stderr.decode(errors="replace").strip())
        made = [listing, bill]
        if shop.target.boards:
            offer = shop.product(".rpi-imager-manifest.json")
            offer.write_bytes(manifest(shop, packed, self._base_url))
            made.append(offer)
        return made

    def _runner(self, name: str, heard: Callable[[str], None] | None = None) -> Runner:
        log = self._shop.logs / f"{name}.log"
        log.unlink(missing_ok=True)
        return Runner(log, heard)


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise ImageFailed("it would not boot:\n" + "\n".join(f"    {each}" for each in wrong))
