"""Every mail that a service sends, in words. None says anything about health, and none says who has an account."""

from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_FOOT: Final = gettext_lazy("This mail is from Upperback. Nobody reads answers to it.")
_NOT_YOU: Final = gettext_lazy(
    "If this was not you: sign in, change your password, and look at your ways to sign in. Or ask the service for help."
)
_CODE: Final = gettext_lazy("Your code is: %(code)s")

#: What allauth calls a mail -> its subject, and its sentences.
_MAILS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "account/email/email_confirmation_signup": (
        gettext_lazy("Your code for Upperback"),
        (_CODE, gettext_lazy("Type it into the page that asks for it. If you did not ask for it, delete this mail.")),
    ),
    "account/email/email_confirmation": (
        gettext_lazy("Your code for Upperback"),
        (_CODE, gettext_lazy("Type it into the page that asks for it. If you did not ask for it, delete this mail.")),
    ),
    "account/email/account_already_exists": (
        gettext_lazy("You have an account already"),
        (
            gettext_lazy("Somebody, perhaps you, asked for an account with this address. There is one already."),
            gettext_lazy("You can sign in with it. If you do not know your password, choose “Forgotten?” there."),
        ),
    ),
    "account/email/unknown_account": (
        gettext_lazy("There is no account with this address"),
        (
            gettext_lazy("Somebody, perhaps you, asked for a new password. There is no account with this address."),
            gettext_lazy("Perhaps you used another one. If it was not you, delete this mail."),
        ),
    ),
    "account/email/password_reset_code": (
        gettext_lazy("Your code for a new password"),
        (_CODE, gettext_lazy("Type it into the page that asks for it. If you did not ask for it, delete this mail.")),
    ),
    "account/email/password_changed": (
        gettext_lazy("Your password was changed"),
        (gettext_lazy("The password of your account was changed."), _NOT_YOU),
    ),
    "account/email/password_reset": (
        gettext_lazy("Your password was changed"),
        (gettext_lazy("The password of your account was changed."), _NOT_YOU),
    ),
    "mfa/email/totp_activated": (
        gettext_lazy("A second step was added"),
        (gettext_lazy("From now on your account asks for a code of your app when you sign in."), _NOT_YOU),
    ),
    "mfa/email/totp_deactivated": (
        gettext_lazy("A second step was taken away"),
        (gettext_lazy("Your account does not ask for a code of your app any more."), _NOT_YOU),
    ),
    "mfa/email/recovery_codes_generated": (
        gettext_lazy("New spare codes"),
        (gettext_lazy("New spare codes were made for your account. The old ones do not work any more."), _NOT_YOU),
    ),
    "mfa/email/webauthn_added": (
        gettext_lazy("A passkey was added"),
        (gettext_lazy("A passkey was added to your account."), _NOT_YOU),
    ),
    "mfa/email/webauthn_removed": (
        gettext_lazy("A passkey was taken away"),
        (gettext_lazy("A passkey was taken away from your account."), _NOT_YOU),
    ),
    "upperback/staff_invited": (
        gettext_lazy("You are invited to work at a clinic"),
        (
            gettext_lazy("%(clinic)s invites you to Upperback, for your work there: %(role)s."),
            gettext_lazy("Open this page to set a password. It works once, until %(until)s:"),
            "%(link)s",
            gettext_lazy("Your work needs a second step at every sign-in: a passkey, or a code from an app."),
            gettext_lazy("If you do not expect this, delete this mail. Nothing happens then."),
        ),
    ),
    "upperback/work_ended": (
        gettext_lazy("Your work at a clinic has ended"),
        (
            gettext_lazy("Whoever runs the clinic ended your work there. You cannot see its people any more."),
            gettext_lazy("If this surprises you, ask the clinic."),
        ),
    ),
}


def send(kind: str, email: str, context: dict[str, Any] | None = None) -> None:
    """One of ours, by its name."""
    subject, text = mail_of(kind, context or {})
    EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [email]).send()


def mail_of(kind: str, context: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail. One that has no words here is a bug and not sent."""
    subject, sentences = _MAILS[kind]
    return _(str(subject)), "\n\n".join([*(str(text) % context for text in sentences), str(_FOOT)]) + "\n"
