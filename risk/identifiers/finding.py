"""`Finding`: what one column holds, and what an outsider could do with it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from niming.measure import JSON
from niming.risk.identifiers.headers import Part
from niming.tables import Hierarchy, Role
from niming.tables.schema import Kind

__all__ = ["Finding"]

_RICH = ("role", "hierarchy", "categories", "contains")


@dataclass(frozen=True)
class Finding:
    """What one column holds.

    Parameters
    ----------
    column : str
    holds : str
        Kind of identifier or attribute that its cells or its name show (``resident-id``,
        ``mobile``, ``region-code`` …); empty if none.
    in_cells : bool
        Whether identifying numbers were found in the cells themselves.
    role, kind : Role, Kind
        Proposed.
    reason_zh, reason_en : str
        Why.
    confidence : float in [0, 1]
    valid_rate : float in [0, 1] or None
        Share of the values, placeholders such as 不详 among them, that are valid identifiers of
        what it holds; None if it holds none. The reason says how many placeholders were left out
        of the judgement.
    n_distinct : int
        Among the rows scanned.
    missing_rate : float in [0, 1]
    part : str or None
        Part in the schema: weight, household or person_id.
    hierarchy : Hierarchy or None
        Suggested; its bounds are round numbers or public knowledge.
    categories : tuple of str or None
        The public list of codes that the values are from; never copied from the cells.
    contains : tuple of (str, float)
        Of free text: kinds of identifiers inside, and the share of the records that have them.
    sensitive_kind : str
        Kind of sensitive personal information after PIPL, art. 28: health, biometrics, religion,
        identity, finance, whereabouts or minors; empty if none is seen.
    grade : int in [1, 4]
        Proposed grade of general data after GB/T 43697-2024. Important and core data are declared,
        never guessed.
    grade_reason_zh, grade_reason_en : str
        Why.

    Examples
    --------
    >>> from niming.risk.identifiers import scan
    >>> finding = scan({"mobile": ["13800138000", "13900139000"]}).findings[0]
    >>> finding.holds, finding.role.value, finding.valid_rate
    ('mobile', 'direct-identifier', 1.0)
    """

    column: str
    holds: str
    in_cells: bool
    role: Role
    kind: Kind
    reason_zh: str
    reason_en: str
    confidence: float
    valid_rate: float | None
    n_distinct: int
    missing_rate: float
    part: Part | None = None
    hierarchy: Hierarchy | None = None
    categories: tuple[str, ...] | None = None
    contains: tuple[tuple[str, float], ...] = ()
    sensitive_kind: str = ""
    grade: int = 1
    grade_reason_zh: str = ""
    grade_reason_en: str = ""

    def to_dict(self) -> dict[str, JSON]:
        """Return the finding as a JSON-safe dict."""
        out: dict[str, JSON] = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name not in _RICH
        }
        out["role"] = str(self.role)
        out["hierarchy"] = None if self.hierarchy is None else self.hierarchy.to_spec()
        out["categories"] = None if self.categories is None else list(self.categories)
        out["contains"] = dict(self.contains)
        return out
