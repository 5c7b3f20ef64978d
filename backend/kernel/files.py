"""Why a file could not be read or written, in the reader's words."""

from __future__ import annotations

import errno

_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已有同名文件",
    errno.ENAMETOOLONG: "文件名太长",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已满",
    errno.EROFS: "磁盘只能读",
    errno.EIO: "磁盘读写出错",
}


def reason_of(error: OSError) -> str:
    """Return the reason in Chinese; the system's own words for what seldom happens."""
    return _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__
