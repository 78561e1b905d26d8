"""Pages for people: set-up, and one page that says what the terminal says. The full user interface comes here later."""

from appliance.web.home import Home, HomeStatus
from appliance.web.pages import pages
from appliance.web.setup import newness, setup_pages

__all__ = ["Home", "HomeStatus", "newness", "pages", "setup_pages"]
