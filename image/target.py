"""What differs between the two machines that an image is made for."""

import msgspec

from image.failure import ImageFailed

#: Debian's release, and the Python that it has.
SUITE = "trixie"
PYTHON = "3.13"
#: glibc of Debian 13 is 2.41: wheels for any from 2.17 on run there.
_GLIBC = range(41, 16, -1)


class Target(msgspec.Struct, frozen=True):
    #: What an image for it is called.
    name: str
    #: The architecture as Debian names it: amd64 or arm64.
    arch: str
    #: As the kernel and wheels name it: x86_64 or aarch64.
    machine: str
    #: MBR type of the boot partition. 0xEF is the EFI system partition (UEFI specification 5.2.2); the Pi's boot ROM
    #: wants a FAT type, and 0x0C is the one that every desktop shows, so that people can put a file there.
    boot_type: int
    #: Raspberry Pi Imager's tags for the boards that it boots on; none where it is no Pi's image.
    boards: tuple[str, ...] = ()
    #: Source packages that come from Debian's backports.
    backports: tuple[str, ...] = ()

    @property
    def platforms(self) -> list[str]:
        """Wheel platforms that run there, best first (PEP 600)."""
        return [*(f"manylinux_2_{minor}_{self.machine}" for minor in _GLIBC), f"manylinux2014_{self.machine}"]


TARGETS = {
    each.name: each
    for each in (
        Target(name="amd64", arch="amd64", machine="x86_64", boot_type=0xEF),
        Target(
            name="arm64",
            arch="arm64",
            machine="aarch64",
            boot_type=0x0C,
            boards=("pi3-64bit", "pi4-64bit"),
        ),
        # The kernel of Debian 13 lacks a Pi 5's SD card; that of backports has it. An image of its own, since two
        # kernels with their modules would make everybody's a third larger. Experimental: nobody has booted it.
        Target(
            name="arm64-pi5",
            arch="arm64",
            machine="aarch64",
            boot_type=0x0C,
            boards=("pi5-64bit",),
            backports=("linux", "linux-base", "linux-signed-arm64"),
        ),
    )
}


def target(name: str) -> Target:
    """Raises ``ImageFailed`` where there is no such target."""
    if name not in TARGETS:
        raise ImageFailed(f"there is no image for {name}: ARCH is one of {', '.join(TARGETS)}")
    return TARGETS[name]
