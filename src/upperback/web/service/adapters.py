"""How accounts behave here: allauth's hooks. Mails in our words, secrets sealed, no lock-out of a known browser."""

import base64
import hashlib
import secrets
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.signals import authenticator_added
from cryptography.fernet import Fernet
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from upperback.services import accounts
from upperback.services.clinics import Account
from upperback.web.service import visitors
from upperback.web.service.mails import mail_of

#: Says that this browser once signed in to an account. It opens nothing.
KNOWN_COOKIE: Final = "upperback_known"
_KNOWN_S: Final = 180 * 24 * 60 * 60
_SALT: Final = "upperback.known"


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # comes without types
    """Sign-up, sign-in and mails."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """As the settings say."""
        return bool(settings.OPTIONS.sign_up)

    def save_user(self, request: HttpRequest, user: Account, form: Any, commit: bool = True) -> Account:
        """A new account of a person comes with a record: the one that was begun without an account, or an empty one."""
        user.email = form.cleaned_data["email"].lower()
        password = form.cleaned_data.get("password1")
        if password:
            user.set_password(password)
        else:
            user.set_unusable_password()
        self.guest_record = visitors.guest_record(request)
        accounts.open_account(account=user, guest=self.guest_record, now=visitors.now())
        return user

    def login(self, request: HttpRequest, user: Account) -> None:
        """Signs in. What was begun without an account at this browser is nobody's any more.

        Unless somebody said that the device is theirs alone, the session ends with the browser.
        """
        super().login(request, user)
        if "_session_expiry" not in request.session or visitors.was_guest(request):
            request.session.set_expiry(0)
        visitors.forget_guest(request)
        accounts.tell_sign_in(account=user, what="sign_in", now=visitors.now())

    def logout(self, request: HttpRequest) -> None:
        """Signs out, with a line in the audit."""
        account = visitors.account_of(request)
        super().logout(request)
        if account is not None:
            accounts.tell_sign_in(account=account, what="sign_out", now=visitors.now())

    def post_login(self, request: HttpRequest, user: Account, **named: Any) -> HttpResponse:
        """This browser is known from now on."""
        response: HttpResponse = super().post_login(request, user, **named)
        response.set_cookie(
            KNOWN_COOKIE,
            signing.dumps(_mark(user.email), salt=_SALT),
            max_age=_KNOWN_S,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            path="/account/",
        )
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords from a browser that is known count by themselves: a stranger cannot lock the owner out."""
        mark = _mark(credentials.get("email", ""))
        try:
            known = signing.loads(request.COOKIES.get(KNOWN_COOKIE, ""), salt=_SALT, max_age=_KNOWN_S)
        except signing.BadSignature:
            known = None
        return f"{mark}:{'known' if known == mark else 'new'}"

    def send_account_already_exists_mail(self, email: str) -> None:
        """The same work as for a new account: how long it takes tells nobody that there is one."""
        Account().set_password(secrets.token_urlsafe())
        super().send_account_already_exists_mail(email)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever has a second step uses it again: a password alone opens no change of the ways to sign in."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        stronger = [method for method in found if method["id"].startswith("mfa_")]
        return stronger or found

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In our words."""
        subject, text = mail_of(template_prefix, context)
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [email]).send()


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]  # comes without types
    """Secrets of authenticator apps and spare codes are sealed with a key that is not in the database."""

    def encrypt(self, text: str) -> str:
        """Sealed."""
        return _box().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Opened."""
        return _box().decrypt(encrypted_text.encode("ascii")).decode()

    def build_totp_svg(self, url: str) -> str:
        """The code on the screen, drawn as our other ones."""
        import segno

        return str(segno.make(url, micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True))


@receiver(authenticator_added)
def _set_up_is_used(request: HttpRequest, user: Account, authenticator: Any, **_named: Any) -> None:
    """Whoever has just set up an app or a passkey has used it: they need not type in another code to go on.

    It opens nothing that signing in again would not: setting up asks for the password, or for the step there is.
    """
    from allauth.account.internal.flows.login import record_authentication
    from allauth.mfa.models import Authenticator

    if authenticator.type in {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}:
        record_authentication(request, user, method="mfa", type=authenticator.type, id=authenticator.pk)


def _box() -> Fernet:
    digest = hashlib.sha256(b"upperback.second-factor:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def _mark(email: str) -> str:
    """An address without the address: the cookie is not to say who has an account."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{email.strip().lower()}".encode()).hexdigest()[:24]
