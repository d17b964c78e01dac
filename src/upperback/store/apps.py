"""The one Django app that owns tables."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The store."""

    name = "upperback.store"
    label = "store"
    verbose_name = "Store"
    default_auto_field = "django.db.models.BigAutoField"
