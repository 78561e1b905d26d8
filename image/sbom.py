"""The bill of materials, in CycloneDX's JSON.

Run by itself, in the environment that has its library::

    .venv-image/bin/python -m image.sbom BILL.json < components.json

Reads ``{"name", "version", "day", "serial", "components": […]}``, with components as ``components.Component`` has
them. Fails if what was written is not valid by CycloneDX's own schema.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

_LICENCES = LicenseFactory()


def main() -> int:
    told = json.load(sys.stdin)
    text = JsonV1Dot6(bill(told)).output_as_string(indent=2)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"the bill of materials is not valid: {error}", file=sys.stderr)
        return 1
    Path(sys.argv[1]).write_text(f"{text}\n", encoding="utf-8")
    return 0


def bill(told: dict[str, Any]) -> Bom:
    card = Component(type=ComponentType.OPERATING_SYSTEM, name=told["name"], version=told["version"])
    parts = [_component(each) for each in told["components"]]
    made = Bom(components=parts, serial_number=UUID(told["serial"]))
    made.metadata.component = card
    made.metadata.timestamp = datetime.fromisoformat(f"{told['day']}T00:00:00+00:00")
    made.register_dependency(card, parts)
    return made


def _component(told: dict[str, Any]) -> Component:
    url = PackageURL.from_string(told["purl"])
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=told["sha256"])] if told.get("sha256") else []
    return Component(
        type=ComponentType.LIBRARY,
        name=told["name"],
        version=told["version"],
        purl=url,
        bom_ref=told["purl"],
        # A single one may be an expression. Of several, CycloneDX takes names only.
        licenses=[
            _LICENCES.make_from_string(name) if len(told["licences"]) == 1 else _LICENCES.make_with_name(name)
            for name in told.get("licences", [])
        ],
        hashes=hashes,
    )


if __name__ == "__main__":
    sys.exit(main())
