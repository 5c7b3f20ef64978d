"""A register with an open defect and a mended one, both the handler's."""

from __future__ import annotations

from datetime import date

from backend.infra.context import Context
from backend.media.service import Upload, upload_media
from backend.rectification import service
from backend.rectification.rules.progress import Step
from backend.rectification.rules.wording import Category, Source
from backend.rectification.service import (
    AddEvidence,
    CreateWorks,
    Description,
    Links,
    OpenItem,
    TakeStep,
    WorksFacts,
)
from tests.factories.photos import jpeg
from tests.rules.rectification.ledgers import line, to_csv


def keep_register(clerk: Context, handler: Context, estate_id: str) -> dict[str, str]:
    """Return the ids of works, defects, evidence, their photos, and the hash of a ledger."""
    facts = WorksFacts("W1", Category.BASIC, "屋面防水", "某公司", "waterproofing", date(2026, 1, 5))
    works = service.create_works(clerk, CreateWorks(estate_id, facts, "works-key-1")).id
    links = Links(Source.INSPECTION, None, works, handler.actor.account_id)
    said = Description("屋面漏水", "1栋屋面", "某公司", "重做", date(2026, 1, 5), date(2027, 3, 1), "张三")
    ids = {"works": works, "ledger": clerk.storage.put(to_csv([line()]))}
    for name in ("defect", "mended_defect"):
        ids[name] = service.open_item(clerk, OpenItem(estate_id, links, said, f"{name}-key")).id
        photo = upload_media(clerk, Upload(jpeg(), f"{name}-photo", estate_id)).id
        page = service.add_evidence(clerk, AddEvidence(ids[name], "after", photo))
        ids |= {f"{name}_evidence": page.evidence[0].card.id, f"{name}_photo": photo}
    service.take_step(handler, TakeStep(ids["mended_defect"], Step.SUBMIT, 1))
    return ids
