"""A page as a browser without scripts reads it: its forms, what stands in their fields, and the buttons by which they are sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

Typed = Mapping[str, str | Sequence[str]]


@dataclass
class Form:
    """A form as it was shown: what stands in its fields, and the buttons by which it is sent."""

    typed: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """What can be chosen of each field in which one chooses."""


class Forms(HTMLParser):
    """Reads the forms of a page that are sent by post, by the sheet that each is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, Form] = {}
        self._form: Form | None = None
        self._select = self._textarea = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method") == "post":
            self._form = Form()
        elif self._form is not None:
            self._read(tag, said)

    def _read(self, tag: str, said: dict[str, str]) -> None:
        assert self._form is not None
        if "required" in said:
            self._form.required.add(said["name"])
        match tag:
            case "input" if said.get("type") == "checkbox":
                self._form.typed.setdefault(said["name"], []).extend([said["value"]] if "checked" in said else [])
            case "input":
                self._form.typed.setdefault(said["name"], []).append(said.get("value", ""))
            case "textarea":
                self._textarea = said["name"]
                self._form.typed.setdefault(self._textarea, []).append("")
            case "select":
                self._select = said["name"]
                self._form.typed.setdefault(self._select, [])
            case "option" if self._select:
                self._form.choices.setdefault(self._select, []).append(said["value"])
                self._form.typed[self._select].extend([said["value"]] if "selected" in said else [])
            case "button" if "name" in said:
                self._form.buttons.append((said["name"], said["value"]))

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.typed[self._textarea][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "form" and self._form is not None:
            self.found[next(iter(self._form.typed.get("sheet", [])), "")] = self._form
            self._form = None
