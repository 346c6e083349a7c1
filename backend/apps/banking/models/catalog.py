"""The tables that are the same for every client: an aggregator's institutions and its tree of categories."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.banking.models.base import VendorQuerySet, VendorRow, checks
from apps.banking.sizes import LINE, WORD


class Connector(VendorRow):
    """An institution that the aggregator offers, and its health."""

    natural_key = ("aggregator", "vendor_id")

    aggregator = models.CharField(max_length=20, default="pluggy")
    name = models.CharField(**LINE)
    institution_url = models.CharField(**LINE)
    image_url = models.CharField(**LINE)
    primary_color = models.CharField(**WORD)
    type = models.CharField(**WORD)
    country = models.CharField(**WORD)
    has_mfa = models.BooleanField(null=True)
    oauth = models.BooleanField(null=True)
    is_open_finance = models.BooleanField(null=True)
    is_sandbox = models.BooleanField(null=True)
    reset_password_url = models.CharField(**LINE)
    products = models.JSONField(default=list)
    credentials = models.JSONField(default=list)
    health_status = models.CharField(**WORD)
    health_stage = models.CharField(**WORD)
    incidents = models.JSONField(default=list)

    objects = VendorQuerySet.as_manager()

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        constraints = [
            models.UniqueConstraint(fields=["aggregator", "vendor_id"], name="connector_once"),
            *checks("connector"),
        ]

    def __str__(self) -> str:
        return self.name or self.vendor_id


class Category(VendorRow):
    """A kind of transaction, in a tree. `parent_id` is the vendor's id of the parent category, empty at the top."""

    natural_key = ("aggregator", "vendor_id")

    aggregator = models.CharField(max_length=20, default="pluggy")
    description = models.CharField(**LINE)
    description_translated = models.CharField(**LINE)
    parent_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    parent_description = models.CharField(**LINE)

    objects = VendorQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["aggregator", "vendor_id"], name="category_once"),
            *checks("category"),
        ]

    def __str__(self) -> str:
        return self.description_translated or self.description or self.vendor_id
