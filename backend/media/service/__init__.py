"""What doors and other capabilities may do with photos and videos."""

from __future__ import annotations

from backend.media.service.attaching import attach, disown, let_go, list_attached, restrict
from backend.media.service.checking import ContentCheck, record_media_verdict, run_checks
from backend.media.service.own import forget_unattached, my_media
from backend.media.service.proofs import forget_proofs, forget_proofs_of, hang_proofs, show_proofs
from backend.media.service.reviewing import DecideMedia, decide_media, list_reviews
from backend.media.service.serving import MediaView, Served, open_address
from backend.media.service.uploading import Upload, upload_media

__all__ = [
    "ContentCheck",
    "DecideMedia",
    "MediaView",
    "Served",
    "Upload",
    "attach",
    "decide_media",
    "disown",
    "forget_proofs",
    "forget_proofs_of",
    "forget_unattached",
    "hang_proofs",
    "let_go",
    "list_attached",
    "list_reviews",
    "my_media",
    "open_address",
    "record_media_verdict",
    "restrict",
    "run_checks",
    "show_proofs",
    "upload_media",
]
