"""What a service adds to Django's settings. Knows no Django: it is read while the settings are made."""

from typing import Any, Final
from urllib.parse import unquote, urlsplit

from upperback.web.options import Options

#: Without a sign of life: staff, and people who did not say that the device is theirs alone.
STAFF_IDLE_S: Final = 15 * 60
SHARED_IDLE_S: Final = 30 * 60
#: Staff sign in every working day, people on their own device once in a while.
STAFF_DAY_S: Final = 12 * 60 * 60
OWN_DEVICE_S: Final = 30 * 24 * 60 * 60

PASSWORD_LEAST: Final = 10

_VALIDATORS: Final = "django.contrib.auth.password_validation"


def service_settings(options: Options, *, apps: list[str], middleware: list[str]) -> dict[str, Any]:
    """Settings by name. `apps` and `middleware` are those of one's own machine."""
    is_sealed = not options.trial
    return {
        "INSTALLED_APPS": [
            "django.contrib.auth",
            *apps,
            "allauth",
            "allauth.account",
            "allauth.mfa",
        ],
        "MIDDLEWARE": [
            *middleware,
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "upperback.web.service.doors.Idle",
            "upperback.web.service.doors.Rules",
        ],
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "PASSWORD_HASHERS": [
            "django.contrib.auth.hashers.ScryptPasswordHasher",  # hard on memory, and in the standard library
        ],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": PASSWORD_LEAST}},
            {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
            {
                "NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ("email", "name")},
            },
        ],
        "CACHES": {
            # Shared by all processes: limits count together.
            "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "upperback_limits"}
        },
        "SESSION_COOKIE_SECURE": is_sealed,
        "CSRF_COOKIE_SECURE": is_sealed,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if options.behind_tls_proxy else None,
        "SESSION_COOKIE_AGE": OWN_DEVICE_S,
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "home",
        "LOGOUT_REDIRECT_URL": "start",
        **_accounts(options, is_sealed=is_sealed),
        **_mail(options),
    }


def _accounts(options: Options, *, is_sealed: bool) -> dict[str, Any]:
    return {
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1 if options.behind_tls_proxy else 0,
        "ACCOUNT_ADAPTER": "upperback.web.service.adapters.Accounts",
        "ACCOUNT_TEMPLATE_EXTENSION": "jinja",
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
        "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": True,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": True,
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_LOGOUT_ON_GET": False,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": True,
        "ACCOUNT_SESSION_REMEMBER": None,
        "ACCOUNT_SESSION_COOKIE_AGE": OWN_DEVICE_S,
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,
        "ACCOUNT_REAUTHENTICATION_METHODS": {"password", "mfa"},  # not by mail alone
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if is_sealed else "http",
        # Per address, and per account: the second never locks out a browser that signed in before (`adapters`).
        "ACCOUNT_RATE_LIMITS": {
            "login_failed": "10/m/ip,60/h/ip,5/5m/key",
            "signup": "10/m/ip,60/h/ip",
            "guest": "60/m/ip",
            "app_token": "120/m/ip",
        },
        "MFA_ADAPTER": "upperback.web.service.adapters.SecondFactors",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": options.trial,
        "MFA_WEBAUTHN_USER_VERIFICATION": "required",
        "MFA_TOTP_ISSUER": "Upperback",
        "MFA_RECOVERY_CODES_SHOW_ONCE": True,
    }


def _mail(options: Options) -> dict[str, Any]:
    if not options.email_url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(options.data / "mail"),
            "DEFAULT_FROM_EMAIL": options.email_from,
        }
    parts = urlsplit(options.email_url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_TIMEOUT": 10,
        "DEFAULT_FROM_EMAIL": options.email_from,
    }
