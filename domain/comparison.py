"""`judge_all`: the same measures under many policies, so that an officer sees them side by side."""

from __future__ import annotations

import difflib
import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from niming.domain.policy import Policy, packs
from niming.domain.requirement import Verdict
from niming.errors import PolicyError
from niming.measure import JSON, Measure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "Judgement", "chosen", "judge_all"]


@dataclass(frozen=True)
class Judgement:
    """What the measures come to under one policy.

    Attributes
    ----------
    policy : Policy
    verdicts : tuple of Verdict
        One a requirement, in the policy's order.

    Examples
    --------
    >>> five = Policy.of("el-emam-5")
    >>> Judgement(five, five.judge([])).outcome
    'could-not-run'
    """

    policy: Policy
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        """Whether every requirement holds."""
        return all(v.holds for v in self.verdicts)

    @property
    def outcome(self) -> Literal["passed", "failed", "could-not-run"]:
        """``failed`` if a requirement fails, ``could-not-run`` if none does and not all hold."""
        if self.passed:
            return "passed"
        failed = any(v.outcome == "failed" for v in self.verdicts)
        return "failed" if failed else "could-not-run"

    def to_dict(self) -> dict[str, JSON]:
        """Return policy, outcome and verdicts as a JSON-safe dict."""
        return {
            "policy": self.policy.to_dict(),
            "outcome": self.outcome,
            "verdicts": [v.to_dict() | {"holds": v.holds} for v in self.verdicts],
        }


@dataclass(frozen=True, repr=False)
class Comparison:
    """One release under many policies, made by `judge_all`.

    Parameters
    ----------
    judgements : tuple of Judgement
        In the order of the policies given.
    """

    judgements: tuple[Judgement, ...]

    def __getitem__(self, policy: str) -> Judgement:
        for judgement in self.judgements:
            if judgement.policy.id == policy:
                return judgement
        raise PolicyError(
            f"policy {policy!r} was not judged",
            hint="judged: " + ", ".join(j.policy.id for j in self.judgements),
        )

    @property
    def passed(self) -> tuple[str, ...]:
        """Ids of the policies that pass."""
        return tuple(j.policy.id for j in self.judgements if j.passed)

    def frame(self) -> pd.DataFrame:
        """Return one row a policy and requirement.

        Columns: policy, version, kind, outcome of the policy, requirement, measure, comparison,
        required, measured, verdict, holds, clause.
        """
        import pandas as pd

        columns = [
            "policy", "version", "kind", "outcome", "requirement", "measure", "comparison",
            "required", "measured", "verdict", "holds", "clause",
        ]  # fmt: skip
        rows = [
            (
                j.policy.id, j.policy.version, j.policy.kind, j.outcome, v.requirement.id,
                v.requirement.measure, v.requirement.comparison, v.requirement.threshold,
                v.measured, v.outcome, v.holds, v.requirement.clause,
            )
            for j in self.judgements
            for v in j.verdicts
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, JSON]:
        """Return every judgement as a JSON-safe dict."""
        return {"version": 1, "judgements": [j.to_dict() for j in self.judgements]}

    def __repr__(self) -> str:
        counts = dict.fromkeys(("passed", "failed", "could-not-run"), 0)
        for judgement in self.judgements:
            counts[judgement.outcome] += 1
        told = ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if n)
        passed = ", ".join(self.passed) or "none"
        return f"Comparison({told}; passed: {passed})"

    def _repr_html_(self) -> str:
        def why(judgement: Judgement) -> str:
            return "; ".join(
                f"{v.requirement.title.zh}（{v.why.zh}）" for v in judgement.verdicts if not v.holds
            )

        rows = "".join(
            f"<tr><td>{html.escape(j.policy.id)}</td><td>{html.escape(j.policy.version)}</td>"
            f"<td>{html.escape(j.policy.title.zh)}</td><td>{j.outcome}</td>"
            f"<td>{html.escape(why(j))}</td></tr>"
            for j in self.judgements
        )
        head = "<tr><th>policy</th><th>version</th><th>名称</th><th>outcome</th><th>why</th></tr>"
        return f"<table>{head}{rows}</table>"


def chosen(policies: Iterable[Policy | str | Path] | None) -> tuple[Policy, ...]:
    """Return the policies that are meant, the variants of a family in their place.

    Parameters
    ----------
    policies : iterable of Policy, str or path, or None
        The id of a pack or the name of a family, such as ``"ipc-2025"``, in any case; a YAML file;
        every pack that ships, if None.

    Returns
    -------
    tuple of Policy

    Raises
    ------
    PolicyError
        No pack, family or file of that name, or two policies with the same id.

    Examples
    --------
    >>> [policy.id for policy in chosen(["IPC-2025", "wp216"])]
    ['ipc-2025-high', 'ipc-2025-low', 'ipc-2025-medium', 'wp216']
    """
    shipped = packs()
    if isinstance(policies, (str, Path, Policy)):
        raise PolicyError("policies is a list of policies", hint="put the one into brackets")
    found: list[Policy] = []
    for policy in shipped if policies is None else policies:
        meant = [policy] if isinstance(policy, Policy) else _meant(policy)
        found += [Policy.of(p) for p in meant]
    ids = [p.id for p in found]
    if len(set(ids)) < len(ids):
        raise PolicyError("two policies have the same id", hint="give each its own id")
    return tuple(found)


def _meant(name: str | Path) -> Sequence[Policy | str | Path]:
    """Return the ids of the packs that a name stands for, or the name of a file."""
    shipped = list(packs())
    plain = str(name).casefold()
    variants = [pack for pack in shipped if pack == plain or pack.startswith(f"{plain}-")]
    if variants or Path(name).is_file():
        return variants or [name]
    families = {pack.rpartition("-")[0] for pack in shipped}
    names = shipped + sorted(f for f in families if sum(p.startswith(f"{f}-") for p in shipped) > 1)
    near = difflib.get_close_matches(plain, names)
    raise PolicyError(
        f"there is no policy pack, family of packs or file {str(name)!r}",
        hint=f"did you mean {' or '.join(map(repr, near))}?"
        if near
        else "packs: " + ", ".join(shipped),
    )


def judge_all(
    measures: Sequence[Measure],
    policies: Iterable[Policy | str | Path] | None = None,
    *,
    weigh: Callable[[Policy], Sequence[Measure]] | None = None,
) -> Comparison:
    """Judge measures that were taken once by many policies.

    Parameters
    ----------
    measures : sequence of Measure
        What was measured. The measures of the context (``context.``) rest on one policy's
        context, so they count under no policy here: `weigh` gives each policy its own.
    policies : iterable of Policy or str, optional
        Ids of packs, or names of families such as ``"el-emam"``, which stand for all their
        variants, in any case; every pack that ships, if not given.
    weigh : callable, optional
        Given a policy, returns the measures that rest on it, its context above all, in place of
        those of the same names; `niming.domain.gate.compare` has one for a release folder. Without
        it what needs a context could not run.

    Returns
    -------
    Comparison

    Raises
    ------
    PolicyError
        A name of no pack and no family, or two policies with the same id.

    Examples
    --------
    >>> from niming.risk import k_anonymity
    >>> twelve = k_anonymity({"age": [34] * 12}, quasi_identifiers=["age"]).measures()
    >>> seen = judge_all(twelve, ["el-emam-11", "el-emam-20"])
    >>> [j.outcome for j in seen.judgements]  # nothing was measured but k
    ['could-not-run', 'failed']
    """
    common = [m for m in measures if not m.name.startswith("context.")]
    judged = []
    for policy in chosen(policies):
        own = () if weigh is None else weigh(policy)
        named = {m.name for m in own}
        rest = [m for m in common if m.name not in named]
        judged.append(Judgement(policy, policy.judge([*rest, *own])))
    return Comparison(tuple(judged))
