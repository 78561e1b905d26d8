"""The identity stays whatever is done to tags, and differs where the sound does."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import pytest
from conftest_ingest import NAMES, PNG, read_one, retag, write_sound
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import ID3, TIT2
from mutagen.oggopus import OggOpus

from appliance.core.errors import MediaFault
from appliance.ingest.formats import Format
from appliance.ingest.identity import audio_identity

Sound = Callable[..., Path]
