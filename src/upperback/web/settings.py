"""Django's settings. What a deployer can choose stands in `options.py`; everything here follows from it."""

import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from upperback.web.options import prepare_data_folder, read_options, secret_key

OPTIONS = read_options()
FOLDER = Path(__file__).parent

# The first SQLite without the race between two connections that reset the write-ahead log at once.
_SQLITE_WITH_SAFE_WAL: Final = (3, 51, 3)


def sqlite_pragmas(version: tuple[int, ...]) -> str:
    """How SQLite keeps a promise of "saved" through a power cut: always FULL, the log only where it is safe."""
    return f"PRAGMA journal_mode={sqlite_journal(version)}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"


def sqlite_journal(version: tuple[int, ...]) -> str:
    """The write-ahead log from the version on that is safe with several connections, the rollback journal before."""
    return "WAL" if version >= _SQLITE_WITH_SAFE_WAL else "DELETE"


#: So long a thread keeps its connection: see `page_threads.py`.
_CONNECTION_S: Final = 60


def database(url: str, folder: Path) -> dict[str, Any]:
    """Django's description of the database: SQLite in the data folder, or PostgreSQL by address."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "upperback.sqlite3"),
            "CONN_MAX_AGE": _CONNECTION_S,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,  # seconds; a page that waits longer for a locked file looks broken
                "init_command": sqlite_pragmas(sqlite3.sqlite_version_info),
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": _CONNECTION_S,
        "CONN_HEALTH_CHECKS": True,
    }


if not OPTIONS.database_url:
    prepare_data_folder(OPTIONS.data)

DEBUG = OPTIONS.debug
SECRET_KEY = secret_key(OPTIONS)
ALLOWED_HOSTS = list(OPTIONS.allowed_hosts)
PHONE_ADDRESS = OPTIONS.phone_address
DATABASES = {"default": database(OPTIONS.database_url, OPTIONS.data)}
SQLITE_JOURNAL = sqlite_journal(sqlite3.sqlite_version_info)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: Who signs in to a service. On one's own machine nobody does, and the tables stay empty.
AUTH_USER_MODEL = "store.Account"

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.sessions", "upperback.store"]

# Headers, host names, static files, the one-time link and the help page stand in front of Django: see `front.py`.
MIDDLEWARE = [
    "upperback.web.middleware.RequestLog",
    "upperback.web.middleware.InLanguage",
    "upperback.web.middleware.Failures",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
# Not Django's, but the front door's: all security headers, for Django's answers too.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002"]
ROOT_URLCONF = "upperback.web.urls"
ASGI_APPLICATION = "upperback.web.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [FOLDER / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "upperback.web.jinja.django_environment",
            "context_processors": ["upperback.web.jinja.page_context"],
        },
    }
]

STATIC_URL = "/static/"

# Answers stay on the server: the cookie holds a random key only.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "upperback_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = OPTIONS.session_days * 24 * 60 * 60
CSRF_COOKIE_NAME = "upperback_form"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "upperback.web.errors.form_expired"

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["upperback.web.uploads.SmallFiles"]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("de", "Deutsch"), ("en-xa", "Pseudo"), ("ar-xb", "Pseudo")]
# Made-up languages, for whoever builds pages: see `languages.py`. Our words come from there, not from Django's files.
PSEUDO_LANGUAGES = OPTIONS.debug

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"quiet": {"()": "upperback.web.log.QuietFormatter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "quiet"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": OPTIONS.log_level},
    "loggers": {
        # Django would log the path of a failed request, and a path may hold a token.
        "django": {"handlers": ["nowhere"], "propagate": False},
        "upperback": {"handlers": ["stderr"], "level": OPTIONS.log_level, "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "uvicorn.access": {"handlers": ["nowhere"], "propagate": False},
    },
}

# An archive that is shown to read: the database takes nothing, and who is at this browser stays in its cookie.
OPENED = OPTIONS.opened
if OPENED:
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA query_only=ON"
    DATABASES["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"  # an immediate one asks to write
    SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    MIDDLEWARE.insert(3, "upperback.web.clinician.read_only.ReadOnly")

# Accounts, and all that hangs on them. On one's own machine nothing of it is imported.
SERVICE = OPTIONS.mode == "service"
if SERVICE:
    from upperback.web.service.settings import service_settings

    globals().update(service_settings(OPTIONS, apps=INSTALLED_APPS, middleware=MIDDLEWARE))

# The test client and the pages know these too.
DEVICE_NOTICE = OPTIONS.device_notice
DEMO = OPTIONS.demo
REGION = OPTIONS.region
MSK_SERVICE = OPTIONS.msk_service
