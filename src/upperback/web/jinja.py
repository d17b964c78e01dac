"""The two template environments: Django's, and one that needs nothing but the files of this package.

Both give templates the same names, so that the help page and the error pages are written once
and can be rendered when Django cannot start.
"""

import base64
import hashlib
import hmac
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import (
    BaseLoader,
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
)
from jinja2 import pass_context as needs_context
from jinja2.bccache import Bucket
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from upperback.web import languages

FOLDER: Final = Path(__file__).parent
STATIC_FOLDER: Final = FOLDER / "static"

# The few addresses that pages made without Django may link to.
_FIXED_ADDRESSES: Final = {"start": "/", "help": "/help/", "about": "/about/", "language": "/language/"}


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

    def url(name: str, *args: Any, **kwargs: Any) -> str:
        try:
            return reverse(name, args=args, kwargs=kwargs)
        except NoReverseMatch:
            if name in _FIXED_ADDRESSES:
                return _FIXED_ADDRESSES[name]
            raise

    loader = options.pop("loader")
    environment = _environment(loader, **options)
    environment.globals["url"] = url
    return environment


@cache
def offline_environment() -> Environment:
    """An environment without Django, database or settings."""
    environment = _environment(FileSystemLoader(FOLDER / "templates"), autoescape=True)
    environment.globals["url"] = lambda name: _FIXED_ADDRESSES[name]
    return environment


def page_context(request: Any) -> dict[str, Any]:
    """What every page knows."""
    from django.conf import settings

    opened = _opened_name() if settings.OPENED else None
    known = {"device_notice": settings.DEVICE_NOTICE, "demo": settings.DEMO, "path": request.path, "opened": opened}
    if settings.SERVICE:
        user = getattr(request, "user", None)
        known |= {"has_accounts": True, "signed_in": user is not None and user.is_authenticated}
        known |= _still(request)
    return known


def _still(request: Any) -> dict[str, Any]:
    """A page about somebody else asks whether it may still be seen, and goes dark when it may not."""
    match = request.resolver_match
    if match is None or "person_id" not in match.kwargs:
        return {}
    from upperback.web.service.pages import asked_again

    return asked_again(request, match.view_name, match.kwargs["person_id"])


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
        finalize=_said_later,
        bytecode_cache=_compiled_templates(),
        **options,
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(static=static, static_folder=static_folder, has_static=has_static)
    environment.globals.update(gettext=_gettext, ngettext=_ngettext)
    environment.globals.update(
        language=languages.tag, direction=languages.direction, words_unreviewed=languages.is_unreviewed
    )
    environment.globals["live_sentences"] = _live_sentences
    environment.globals["keep_typed"] = _keep_typed
    environment.filters["phone_spoken"] = phone_spoken
    environment.filters["tojson"] = lambda value: htmlsafe_json_dumps(languages.said_in(value))
    return environment


class _CompiledTemplates(FileSystemBytecodeCache):
    """Templates as byte code, beside them as Python's own is: a start need not compile fifty of them again."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """An installation that is read-only goes without."""
        try:
            super().dump_bytecode(bucket)
        except OSError:
            return


def _compiled_templates() -> _CompiledTemplates | None:
    folder = FOLDER / "templates" / "__pycache__"
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    # The code depends on what this module and Jinja make of a template; Jinja itself looks at the source.
    made_by = hashlib.sha256(Path(__file__).read_bytes() + jinja2.__version__.encode()).hexdigest()[:10]
    return _CompiledTemplates(str(folder), f"{made_by}-%s.cache")


@needs_context
def _said_later(_: Any, value: Any) -> Any:
    """Notes texts of ours in what a template puts out. With the context, so that nothing is worked out beforehand."""
    return languages.marked(value)


def _live_sentences() -> Markup:
    """How the sentences that come over a socket are said in the language of this page; nothing in English."""
    pairs = languages.live_sentences()
    kind = Markup('<script type="application/json" id="live-sentences">{}</script>')
    return kind.format(htmlsafe_json_dumps(pairs)) if pairs else Markup("")


@needs_context
def _keep_typed(context: Any) -> Markup:
    """Attributes of a form whose text is put back when the session ended before it was sent: see `static/js/typed.js`.

    The key belongs to one account, or to this installation, and one person: nobody else's page opens what it sealed.
    """
    from django.conf import settings

    user, profile = getattr(context.get("request"), "user", None), context.get("profile")
    owner = f"{getattr(user, 'uuid', 'household')}:{getattr(profile, 'uuid', '')}"
    digest = hmac.new(b"upperback.typed:" + settings.SECRET_KEY.encode(), owner.encode(), hashlib.sha256).digest()
    key, words = (
        base64.b64encode(digest).decode(),
        languages.gettext("We put back what you had typed. It is not sent yet."),
    )
    return Markup(' data-keep-typed="{}" data-typed-back="{}"').format(key, languages.marked(words))


@needs_context
def _gettext(context: Any, text: str, **gaps: Any) -> str:
    return _filled(context, languages.gettext(text), gaps)


@needs_context
def _ngettext(context: Any, one: str, many: str, num: int, **gaps: Any) -> str:
    return _filled(context, languages.ngettext(one, many, num), {"num": num, **gaps})


def _filled(context: Any, text: str, gaps: dict[str, Any]) -> str:
    """As Jinja fills a text, and what fills the gaps is said as well."""
    safe = Markup(text) if context.eval_ctx.autoescape else text  # noqa: S704  the texts are of our templates
    return safe % {name: languages.marked(value) for name, value in gaps.items()}


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
