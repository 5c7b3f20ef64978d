"""What can go wrong with photos and videos, each with what to do about it."""

from __future__ import annotations

from backend.kernel.errors import Conflict, FieldError, Forbidden, TooLarge, TooMany, Unprocessable


def empty_file() -> Unprocessable:
    """Return the refusal of a file of no bytes."""
    return Unprocessable("empty_file", "文件是空的（0 字节），请重新选择照片或视频。")


def other_purpose() -> Unprocessable:
    """Return the refusal of a proof hung on something public, or of an ordinary photo as a proof."""
    return Unprocessable(
        "other_purpose", "证明照片只能用于绑定申请，其他照片不能作证明。请按用途（purpose）重新上传。"
    )


def proof_photos_only() -> Unprocessable:
    """Return the refusal of a video as a proof."""
    return Unprocessable("proof_photos_only", "绑定证明只能是照片，请拍照后上传。")


def file_kind(found: str | None) -> Unprocessable:
    """Return the refusal of what is neither photo nor video; ``found`` names what it looks like."""
    what = f"这是{found}，不是照片或视频" if found else "认不出这个文件"
    return Unprocessable("file_kind", f"{what}。请上传 JPG、PNG、WebP、HEIC 照片或 MP4 视频。")


def photo_size(most: int) -> TooLarge:
    """Return the refusal of a photo of too many bytes."""
    return TooLarge("photo_size", f"照片超过 {most >> 20} MB，请压缩后再上传。")


def video_size(most: int) -> TooLarge:
    """Return the refusal of a video of too many bytes."""
    return TooLarge("video_size", f"视频超过 {most >> 20} MB，请剪短或降低清晰度后再上传。")


def video_length(seconds: int, most: int) -> Unprocessable:
    """Return the refusal of a video that lasts too long."""
    return Unprocessable("video_length", f"视频长 {seconds} 秒，最长 {most} 秒，请剪短后再上传。")


def video_side(most: int) -> Unprocessable:
    """Return the refusal of a frame too wide or too high."""
    return Unprocessable("video_side", f"视频画面的边长超过 {most} 像素，请以 1080P 重新录制或导出后再上传。")


def broken_video() -> Unprocessable:
    """Return the refusal of a video that ends too early or contradicts itself."""
    return Unprocessable("broken_video", "视频不完整或已损坏，请重新录制或重新选择后再上传。")


def foreign_part() -> Unprocessable:
    """Return the refusal of a video with something else before, beside or behind it."""
    return Unprocessable("foreign_part", "文件里混有视频以外的内容，不能保存。请用手机相机重新录制后再上传。")


def quicktime() -> Unprocessable:
    """Return the refusal of Apple's own container."""
    return Unprocessable(
        "quicktime", "这是苹果 MOV 视频。请在相机设置里选择“兼容性最佳”重新录制，或导出为 MP4 后再上传。"
    )


def fragmented() -> Unprocessable:
    """Return the refusal of a video cut for streaming."""
    return Unprocessable("fragmented_video", "这是分段的网络视频，请导出为普通 MP4，或用手机相机重新录制。")


def video_codec(found: str) -> Unprocessable:
    """Return the refusal of a coding other than the common ones; ``found`` is its four letters."""
    return Unprocessable(
        "video_codec",
        f"视频编码 {found} 不支持。请以 H.264 或 H.265 画面、AAC 声音导出为 MP4 后再上传。",
    )


def no_picture() -> Unprocessable:
    """Return the refusal of a video in which nothing is to be seen."""
    return Unprocessable("no_video_track", "文件里没有视频画面，请重新选择视频。")


def no_home() -> Unprocessable:
    """Return the refusal of an upload by somebody who has no home in the estate."""
    return Unprocessable("no_home", "请先绑定房屋，再上传照片或视频。")


def which_estate() -> Unprocessable:
    """Return the question which of several estates an upload belongs to."""
    return Unprocessable(
        "which_estate",
        "您在多个小区有房屋，请选择照片或视频属于哪个小区。",
        (FieldError("estate", "必填：小区编号。"),),
    )


def key_used() -> Unprocessable:
    """Return the refusal of an idempotency key that came with another file."""
    return Unprocessable("idempotency_mismatch", "同一个请求编号已用于另一个文件，请重新提交。")


def too_many_today(kind_title: str, most: int) -> TooMany:
    """Return the refusal of one more file on a day."""
    return TooMany("too_many_files", f"24 小时内最多上传 {most} 个{kind_title}，请稍后再传。")


def too_many_attached(most: int) -> Unprocessable:
    """Return the refusal of more files than one thing may have."""
    return Unprocessable("too_many_attached", f"最多附 {most} 张照片，或 1 段视频（不能同时附照片和视频）。")


def attached_twice() -> Unprocessable:
    """Return the refusal of a file named twice."""
    return Unprocessable("attached_twice", "同一个文件选了两次，请去掉重复的。")


def not_attachable() -> Conflict:
    """Return the refusal of files that are not the caller's, gone, or used elsewhere: one answer for all."""
    return Conflict("media_not_usable", "有照片或视频已失效或已用在别处，请重新上传后再提交。")


def risky() -> Unprocessable:
    """Return the refusal of a file that was found unfit to be shown."""
    return Unprocessable("media_risky", "有照片或视频未通过内容检查，请换一个再提交。")


def not_waiting() -> Conflict:
    """Return the refusal of a decision about a file that does not wait for one."""
    return Conflict("media_decided", "这个文件已经处理，或还在自动检查中，请刷新后查看。")


def address_expired() -> Forbidden:
    """Return the refusal of an address whose time is over."""
    return Forbidden("address_expired", "图片或视频的地址已过期，请返回上一页刷新后再看。")
