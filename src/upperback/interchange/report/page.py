"""What every report shares: the page around it."""

from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from upperback import __version__

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("upperback.interchange.report", ""),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def render(template: str, **context: Any) -> str:
    """A whole HTML document from one of the templates of this folder."""
    css = Markup(_ENVIRONMENT.get_template("report.css").render())  # noqa: S704 -- our own file
    return _ENVIRONMENT.get_template(template).render(css=css, version=__version__, **context)
