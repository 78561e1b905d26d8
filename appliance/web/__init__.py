"""Pages for people. The full user interface comes here later; now it is one page that says what the terminal says."""

from appliance.web.home import Home, HomeStatus
from appliance.web.pages import pages

__all__ = ["Home", "HomeStatus", "pages"]
