"""docs/subsonic.md says what is true."""

import re
from pathlib import Path

from quart import Quart

from appliance.api.services import Services
from appliance.api.subsonic import blueprint
from appliance.api.subsonic.door import ENDPOINTS, PUBLIC
from appliance.api.subsonic.errors import Code
from appliance.api.subsonic.system import EXTENSIONS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "subsonic.md").read_text()


def first_cells(heading: str) -> list[str]:
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [row.split("|")[1].strip().strip("`") for row in section.splitlines() if row.startswith("|")][2:]


def test_the_documentation_lists_exactly_the_endpoints_that_are_routed() -> None:
    app = Quart(__name__)
    # Routes are made of the table alone; nothing is called.
    services = Services(**dict.fromkeys(Services.__struct_fields__))  # type: ignore[arg-type]
    app.register_blueprint(blueprint(services))
    rules = {rule.rule.removeprefix("/rest/") for rule in app.url_map.iter_rules() if rule.rule.startswith("/rest/")}
    plain = {rule for rule in rules if not rule.endswith(".view") and rule not in {"", "<path:path>"}}
    assert set(first_cells("What is supported")) == plain == {*ENDPOINTS, *PUBLIC}
    assert {f"{name}.view" for name in plain} <= rules


def test_the_documentation_lists_exactly_the_error_codes() -> None:
    assert [int(code) for code in first_cells("Errors")] == [int(code) for code in Code]


def test_the_documentation_names_exactly_the_extensions() -> None:
    (row,) = (row for row in DOCUMENT.splitlines() if row.startswith("| `getOpenSubsonicExtensions`"))
    named = re.findall(r"`(\w+)` (\d+)", row)
    assert [(name, [int(version)]) for name, version in named] == [(each.name, each.versions) for each in EXTENSIONS]
