"""What a page says beside a field that something is wrong with."""

import re
from html import unescape


def beside(page: str, field: str) -> str:
    """What stands beneath a field that is marked as wrong, and to which the field points."""
    marked = rf'<(?:input|select|textarea) name="{re.escape(field)}"[^>]* aria-invalid="true" aria-describedby="(?:\S+-hint )?(\S+-fault)"'
    found = re.search(marked, page)
    assert found, f"nothing is marked as wrong with {field}"
    says = re.search(rf'id="{re.escape(found[1])}">.*?</svg>(.*?)</p>', page, re.DOTALL)
    assert says, f"{field} points to {found[1]}, which is not there"
    return unescape(says[1])
