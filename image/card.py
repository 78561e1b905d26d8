"""Putting the file systems together into the image of a whole card."""

import shutil

from image.command import Runner
from image.filesystems import BOOT, DATA, ROOT
from image.layout import ALIGN, Layout, identity
from image.workshop import Workshop

# genimage's own language: https://github.com/pengutronix/genimage
_CONFIG = """
image {card} {{
    hdimage {{
        partition-table-type = "mbr"
        align = {align}
        disk-signature = {signature:#010x}
    }}
    partition boot {{ partition-type = {boot_type:#04x}  image = "{boot}"  offset = {align} }}
    partition root {{ partition-type = 0x83  image = "{root}" }}
    partition reserved {{ partition-type = 0x83  size = {reserved} }}
    partition data {{ partition-type = 0x83  image = "{data}" }}
}}
"""


def assemble(shop: Workshop, sizes: Layout, runner: Runner) -> None:
    """Makes ``shop.card`` of what lies in ``shop.parts``."""
    config = shop.parts / "genimage.cfg"
    config.write_text(
        _CONFIG.format(
            card=shop.card.name,
            align=ALIGN,
            signature=identity(shop, "card").int & 0xFFFFFFFF,
            boot_type=shop.target.boot_type,
            boot=BOOT,
            root=ROOT,
            reserved=sizes.reserved,
            data=DATA,
        ),
        encoding="utf-8",
    )
    # It would copy its "root" first, which here is nothing.
    empty, scratch = shop.parts / "none", shop.parts / "scratch"
    empty.mkdir(exist_ok=True)
    shutil.rmtree(scratch, ignore_errors=True)
    runner.run(
        [
            "genimage",
            *("--config", config),
            *("--rootpath", empty),
            *("--tmppath", scratch),
            *("--inputpath", shop.parts),
            *("--outputpath", shop.bench),
        ]
    )
    shutil.rmtree(scratch)
