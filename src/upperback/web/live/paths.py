"""Where the sockets are. Apart from them, so that whoever asks where brings nothing along."""

from typing import Final

WATCH_PATH: Final = "/live/view/socket/"
MUSCLE_PATH: Final = "/live/muscle/socket/"
SCREEN_PATH: Final = "/live/screen/socket/"
PHONE_PATH: Final = "/live/phone/socket/"
