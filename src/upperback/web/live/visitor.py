"""Who is at the other end of a socket."""

from upperback.services import actors
from upperback.services.actors import Actor
from upperback.web.static_files import Scope


def visitor(scope: Scope) -> Actor:
    """Whom the front door of a service has found signed in; else the household that the gate has let in."""
    found = scope.get("upperback.actor")
    return found if isinstance(found, Actor) else actors.household(str(scope.get("upperback.installation", "-")))
