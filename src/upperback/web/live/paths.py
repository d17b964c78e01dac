"""Where the sockets are, and what they take. Apart from them, so that whoever asks where brings nothing along."""

from typing import Final

WATCH_PATH: Final = "/live/view/socket/"
MUSCLE_PATH: Final = "/live/muscle/socket/"
SCREEN_PATH: Final = "/live/screen/socket/"
PHONE_PATH: Final = "/live/phone/socket/"
#: Of a clinician who was let look on; only a service has it.
CLINIC_PATH: Final = "/clinic/live/socket/"
#: Of a recording that a page sends to be played: some ten minutes of a muscle as a table.
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
