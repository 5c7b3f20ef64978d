"""What other capabilities may ask of the registry."""

from __future__ import annotations

from backend.registry.queries.estates import (
    EligibilityFacts,
    EstateCard,
    estate_card,
    estate_codes,
    estate_names,
    estates_within,
)
from backend.registry.queries.people import (
    find_dwellings_by_phone,
    owners_of_dwellings,
    phones_of_owners,
)
from backend.registry.queries.places import (
    PlaceCard,
    ancestors,
    find_dwelling,
    is_inside,
    is_place_in_estate,
    labels_of_dwellings,
    organisation_of_estate,
    path_of_organisation,
    place_card,
    scope_of_dwelling,
    scope_of_estate,
    scope_of_organisation,
)
from backend.registry.queries.points import (
    Jurisdiction,
    estate_at,
    estate_named_in,
    find_jurisdictions,
    names_of_organisations,
    points_of,
)
from backend.registry.queries.roll import RollSource, display_of, has_displayed, roll_source

__all__ = [
    "EligibilityFacts",
    "EstateCard",
    "Jurisdiction",
    "PlaceCard",
    "RollSource",
    "ancestors",
    "display_of",
    "estate_at",
    "estate_card",
    "estate_codes",
    "estate_named_in",
    "estate_names",
    "estates_within",
    "find_dwelling",
    "find_dwellings_by_phone",
    "find_jurisdictions",
    "has_displayed",
    "is_inside",
    "is_place_in_estate",
    "labels_of_dwellings",
    "names_of_organisations",
    "organisation_of_estate",
    "owners_of_dwellings",
    "path_of_organisation",
    "phones_of_owners",
    "place_card",
    "points_of",
    "roll_source",
    "scope_of_dwelling",
    "scope_of_estate",
    "scope_of_organisation",
]
