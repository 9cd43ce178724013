"""`Evidence`: everything measured about a candidate release, and the verdicts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from niming.domain.canonical import canonical, parse
from niming.domain.release import EVIDENCE
from niming.errors import InputError
from niming.measure import JSON

__all__ = ["PARTS", "Evidence"]

PARTS = frozenset(
    [
        "version",
        "tool",
        "release",
        "original",
        "schema",
        "policy",
        "scenario",
        "target",
        "transformation",
        "sampling",
        "measures",
        "utility",
        "verdicts",
        "verdict",
        "classes",
        "attacks",
        "columns",
    ]
)
"""What evidence consists of."""


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """Everything measured about a candidate release, and the verdicts on it.

    Parameters
    ----------
    content : dict
        JSON-safe; what ``evidence.json`` holds.
    folder : Path
        Where the release lies.
    lang : {"zh", "en"}
        Language in which the page opens.
    """

    content: Mapping[str, Any]
    folder: Path
    lang: str = "zh"

    @classmethod
    def open(cls, folder: str | Path) -> Evidence:
        """Read the evidence that the gate left in a release folder."""
        path, again = Path(folder) / EVIDENCE, "run `niming certify` on the folder"
        try:
            data = path.read_bytes()
            content = parse(data)
        except FileNotFoundError:
            raise InputError(f"there is no {EVIDENCE} in {folder}", hint=again) from None
        except OSError as error:
            raise InputError(f"cannot read {path} ({error.strerror})", hint=again) from None
        except InputError as error:
            raise InputError(f"{path} is damaged: {error.message}", hint=again) from None
        fit = isinstance(content, dict) and content.keys() == PARTS and canonical(content) == data
        if not isinstance(content, dict) or not fit:
            raise InputError(f"{path} is not as the gate writes evidence", hint=again)
        return cls(content, Path(folder))

    @property
    def passed(self) -> bool:
        """Whether every requirement holds."""
        return bool(self.content["verdict"] == "passed")

    @property
    def verdict(self) -> str:
        """``"passed"`` or ``"failed"``."""
        return str(self.content["verdict"])

    @property
    def failures(self) -> list[Mapping[str, Any]]:
        """The verdicts that do not hold, ``failed`` and ``could-not-run`` alike."""
        return [v for v in self.content["verdicts"] if not v["holds"]]

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex: the digest of ``evidence.json``."""
        import hashlib

        return hashlib.sha256(canonical(dict(self.content))).hexdigest()

    def act(self) -> dict[str, JSON]:
        """Return what the ledger records of a measurement: release, policy, evidence, verdict."""
        return {
            "release": self.content["release"]["name"],
            "policy": self.content["policy"]["digest"],
            "evidence": self.digest,
            "verdict": self.verdict,
        }

    def measure(self, name: str) -> float | int | None:
        """Return the value of the measure `name`; None when it could not be computed."""
        for m in self.content["measures"]:
            if m["name"] == name:
                value: float | int | None = m["value"]
                return value
        raise InputError(f"the evidence holds no measure {name!r}")

    def utility(self, name: str) -> float | int | None:
        """Return the value of a utility measure; None when it was not or could not be computed."""
        listed = self.content["utility"] or []
        return next((m["value"] for m in listed if m["name"] == name), None)

    def in_language(self, lang: str) -> Evidence:
        """Return the same evidence, whose page opens in `lang`."""
        return Evidence(self.content, self.folder, lang)

    def to_dict(self) -> Mapping[str, Any]:
        """Return the evidence as a JSON-safe dict."""
        return self.content

    def html(self) -> str:
        """Return the report page: one offline HTML file in both languages."""
        from niming.domain.report import render

        return render(dict(self.content), lang=self.lang)

    def __repr__(self) -> str:
        failed = [v["requirement"] for v in self.failures]
        because = f"; not met: {', '.join(failed)}" if failed else ""
        return f"Evidence({self.verdict} under {self.content['policy']['id']}{because})"

    def _repr_html_(self) -> str:
        from html import escape

        page = escape(self.html(), quote=True)
        style = "width:100%;height:36em;border:1px solid #8884"
        return f'<iframe srcdoc="{page}" style="{style}" sandbox="allow-scripts"></iframe>'
