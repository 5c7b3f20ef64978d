"""What may be done with works, warranties and the rectification register."""

from __future__ import annotations

from backend.rectification.rules.description import Description
from backend.rectification.rules.ledger_sheet import write_ledger_template
from backend.rectification.service.items import (
    Links,
    OpenItem,
    Piece,
    ReviseItem,
    Shown,
    count_units,
    list_items,
    open_item,
    revise_item,
    show_item,
)
from backend.rectification.service.register_file import (
    ImportLedger,
    ImportReport,
    export_ledger,
    import_ledger,
)
from backend.rectification.service.reminders import tell_of_item, tell_of_warranty
from backend.rectification.service.residents import PublicItem, my_items, my_works
from backend.rectification.service.steps import (
    AddEvidence,
    TakeStep,
    add_evidence,
    take_step,
    withdraw_evidence,
)
from backend.rectification.service.works import (
    CreateWorks,
    KindInForce,
    UpdateWorks,
    WorksFacts,
    check_works,
    create_works,
    list_works,
    show_works,
    update_works,
    warranty_kinds,
)

__all__ = [
    "AddEvidence",
    "CreateWorks",
    "Description",
    "ImportLedger",
    "ImportReport",
    "KindInForce",
    "Links",
    "OpenItem",
    "Piece",
    "PublicItem",
    "ReviseItem",
    "Shown",
    "TakeStep",
    "UpdateWorks",
    "WorksFacts",
    "add_evidence",
    "check_works",
    "count_units",
    "create_works",
    "export_ledger",
    "import_ledger",
    "list_items",
    "list_works",
    "my_items",
    "my_works",
    "open_item",
    "revise_item",
    "show_item",
    "show_works",
    "take_step",
    "tell_of_item",
    "tell_of_warranty",
    "update_works",
    "warranty_kinds",
    "withdraw_evidence",
    "write_ledger_template",
]
