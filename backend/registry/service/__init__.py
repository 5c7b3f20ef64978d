"""What the registry does, one verb phrase per action."""

from __future__ import annotations

from backend.registry.rules.template import write_template
from backend.registry.service.estates import (
    CreateEstate,
    ListEstates,
    UpdateEstate,
    create_estate,
    list_estates,
    show_estate,
    update_estate,
)
from backend.registry.service.import_worker import run_import, run_next_import
from backend.registry.service.imports import (
    QueueImport,
    list_imports,
    queue_import,
    show_import,
)
from backend.registry.service.listing import (
    ListDwellings,
    list_buildings,
    list_dwellings,
    show_dwelling,
)
from backend.registry.service.organisations import (
    CreateOrganisation,
    create_organisation,
    find_organisation,
    list_organisations,
)
from backend.registry.service.points import SetEstatePoint, set_estate_point, show_estate_point
from backend.registry.service.roll import (
    OpenDisplay,
    my_estates,
    my_roll_entries,
    open_roll_display,
)

__all__ = [
    "CreateEstate",
    "CreateOrganisation",
    "ListDwellings",
    "ListEstates",
    "OpenDisplay",
    "QueueImport",
    "SetEstatePoint",
    "UpdateEstate",
    "create_estate",
    "create_organisation",
    "find_organisation",
    "list_buildings",
    "list_dwellings",
    "list_estates",
    "list_imports",
    "list_organisations",
    "my_estates",
    "my_roll_entries",
    "open_roll_display",
    "queue_import",
    "run_import",
    "run_next_import",
    "set_estate_point",
    "show_dwelling",
    "show_estate",
    "show_estate_point",
    "show_import",
    "update_estate",
    "write_template",
]
