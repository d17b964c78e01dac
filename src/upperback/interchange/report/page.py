"""What every report shares: the page around it."""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upperback import __version__
from upperback.interchange.report.language import ENGLISH, ReportWording, said_page

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("upperback.interchange.report", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def render(template: str, words: ReportWording | None, **context: Any) -> str:
    """A whole HTML document from one of the templates of this folder, in the language of the words; None: English."""
    css = Markup(_ENVIRONMENT.get_template("report.css").render())  # noqa: S704 -- our own file
    language = ENGLISH if words is None else words.language
    page = _ENVIRONMENT.get_template(template).render(css=css, version=__version__, language=language, **context)
    return said_page(page, words)
