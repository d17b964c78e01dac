"""The two template environments: Django's, and one that needs nothing but the files of this package.

Both give templates the same names, so that the help page and the error pages are written once
and can be rendered when Django cannot start.
"""

import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import BaseLoader, ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

FOLDER: Final = Path(__file__).parent
STATIC_FOLDER: Final = FOLDER / "static"

# The few addresses that pages made without Django may link to.
_FIXED_ADDRESSES: Final = {"start": "/", "help": "/help/", "about": "/about/"}


def static(path: str) -> str:
    """Address of a static file, with a mark of its content so that a browser never shows an old one."""
    file = STATIC_FOLDER / path
    try:
        return f"/static/{path}?v={_mark(file, file.stat().st_mtime_ns)}"
    except OSError:
        return f"/static/{path}"


def static_folder(path: str) -> str:
    """Address of a folder of modules that import each other, with a mark of all their content."""
    files = sorted((STATIC_FOLDER / path).glob("*.js"))
    marks = [_mark(file, file.stat().st_mtime_ns) for file in files]
    return f"/static/~{hashlib.sha256(''.join(marks).encode()).hexdigest()[:10]}/{path}/"


def django_environment(**options: Any) -> Environment:
    """The environment of Django's Jinja2 backend."""
    from django.urls import NoReverseMatch, reverse
    from django.utils import translation

    def url(name: str, *args: Any, **kwargs: Any) -> str:
        try:
            return reverse(name, args=args, kwargs=kwargs)
        except NoReverseMatch:
            if name in _FIXED_ADDRESSES:
                return _FIXED_ADDRESSES[name]
            raise

    loader = options.pop("loader")
    environment = _environment(loader, **options)
    environment.install_gettext_translations(translation, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["url"] = url
    return environment


@cache
def offline_environment() -> Environment:
    """An environment without Django, database or settings, in English."""
    environment = _environment(FileSystemLoader(FOLDER / "templates"), autoescape=True)
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.globals["url"] = lambda name: _FIXED_ADDRESSES[name]
    return environment


def page_context(request: Any) -> dict[str, Any]:
    """What every page knows."""
    from django.conf import settings

    opened = _opened_name() if settings.OPENED else None
    return {"device_notice": settings.DEVICE_NOTICE, "demo": settings.DEMO, "path": request.path, "opened": opened}


@cache
def _opened_name() -> str:
    """Whose archive is opened: one process shows one."""
    from upperback.services import actors, people

    return people.list_profiles(by=actors.READER)[0].name


def _environment(loader: BaseLoader, **options: Any) -> Environment:
    options["undefined"] = ChainableUndefined  # the nhsuk macros ask for parameters that are not given
    environment = Environment(  # noqa: S701  autoescape comes with `options`
        loader=ChoiceLoader([loader, PackageLoader("nhsuk_frontend_jinja")]),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
    environment.globals.update(static=static, static_folder=static_folder, has_static=has_static, language="en-GB")
    environment.filters["phone_spoken"] = phone_spoken
    return environment


@cache
def has_static(path: str) -> bool:
    """Whether a static file is there: vendor files are copied in by a build step that may not have run."""
    return (STATIC_FOLDER / path).is_file()


# The time of the last change is only there to make a changed file a new key.
@lru_cache(maxsize=512)
def _mark(file: Path, changed_ns: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def phone_spoken(number: str) -> str:
    """A telephone number as a screen reader should say it: digit by digit."""
    return " ".join(character for character in number if not character.isspace())
