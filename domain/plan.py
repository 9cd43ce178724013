"""`Plan`: what to do to a table so that it meets a policy, decided before anything is done."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from niming.domain.ledger import record
from niming.domain.origin import Origin
from niming.domain.policy import Policy, Text
from niming.domain.release import Release
from niming.errors import ColumnNotFoundError, InputError, SchemaError, UnsatisfiableError
from niming.measure import JSON
from niming.tables.counts import count
from niming.tables.hierarchy import Hierarchy
from niming.tables.schema import Column, Role, Schema
from niming.tables.source import Table, read

if TYPE_CHECKING:
    import pyarrow as pa

    from niming.anonymize import FullDomain
    from niming.anonymize.models import Model

__all__ = ["Action", "Forecast", "Plan"]

Deed: TypeAlias = Literal["drop", "generalise", "keep"]

_K_LIMIT = 10_000  # no policy asks for more; the search for a sufficient k stops here


@dataclass(frozen=True)
class Action:
    """What happens to one column, and why.

    Parameters
    ----------
    column : str
    role : Role
    deed : {"drop", "generalise", "keep"}
    why : Text
    """

    column: str
    role: Role
    deed: Deed
    why: Text


@dataclass(frozen=True)
class Forecast:
    """What the search on the whole table expects; a sample is searched again on its own counts.

    Parameters
    ----------
    levels : dict of str to int
        Level of the hierarchy a quasi-identifier; 0 is the value itself.
    loss : float in [0, 1]
        Information loss over the quasi-identifiers, suppressed records counted as lost.
    n_suppressed, n_classes, n_rows : int
        Records suppressed, equivalence classes kept, records of the table.
    """

    levels: Mapping[str, int]
    loss: float
    n_suppressed: int
    n_classes: int
    n_rows: int

    @property
    def suppressed_rate(self) -> float:
        """Share of the records that would be suppressed."""
        return self.n_suppressed / self.n_rows

    def to_dict(self) -> dict[str, JSON]:
        """Return the forecast as a JSON-safe dict."""
        return {
            "levels": dict(self.levels),
            "loss": self.loss,
            "n_suppressed": self.n_suppressed,
            "n_classes": self.n_classes,
            "n_rows": self.n_rows,
        }


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """The decided way from a sealed table to a release. Made by `niming.domain.Sealed.plan`.

    Parameters
    ----------
    policy : Policy
    schema : Schema
        Of the original table.
    actions : tuple of Action
        One a column, in the order of the table.
    k : int
        Class size that satisfies both the policy's k and its total risk.
    declared : bool
        Whether a person gave the roles.
    target : str or None
    """

    policy: Policy
    schema: Schema
    actions: tuple[Action, ...]
    k: int
    declared: bool
    target: str | None
    _table: Table
    _fitted: FullDomain | None

    @classmethod
    def decide(
        cls,
        table: Table,
        schema: Schema,
        policy: Policy,
        *,
        target: str | None = None,
        declared: bool = True,
    ) -> Plan:
        """Choose an action a column and search the levels on the whole table.

        Raises
        ------
        ColumnNotFoundError
            A target that the table does not have.
        SchemaError
            A target that is an identifier, or a schema that does not fit the table.
        UnsatisfiableError
            No generalisation within the policy's suppression limit is safe enough; the message
            gives the best k within it.
        """
        schema.check(table)
        table.require(policy.columns, asked_by=f"policy {policy.id!r}")
        target = target if target is not None else schema.target
        if target is not None:
            if target not in table.columns:
                raise ColumnNotFoundError.among([target], table.columns, asked_by="target")
            if schema[target].role in (Role.DIRECT_IDENTIFIER, Role.QUASI_IDENTIFIER):
                raise SchemaError(
                    f"the target {target!r} is a {schema[target].role}, which the plan changes",
                    hint="predict a sensitive or insensitive column, or change its role",
                )
        _one_row_a_person(table, schema)
        actions = tuple(_action(column, schema, target) for column in schema.columns)
        k = _sufficient_k(policy)
        fitted = _search(table, schema, policy, actions, k)
        return cls(policy, schema, actions, k, declared, target, table, fitted)

    def apply(
        self,
        *,
        sample: float | None = None,
        seed: int | None = None,
        name: str = "release",
        progress: Callable[[str], None] | None = None,
    ) -> Release:
        """Sample, mask and generalise; return the candidate for release.

        Parameters
        ----------
        sample : float in (0, 1], optional
            Share of the records to draw, at random without replacement. None takes all.
        seed : int, optional
            Same seed, same bytes. Without it one is drawn from the operating system. The release
            records a commitment to the seed, not the seed: who knows it and the order of the
            original knows who was drawn.
        name : str
        progress : callable, optional
            Told each step in a few words.

        Raises
        ------
        UnsatisfiableError
            The sample is too small for the policy within its suppression limit.
        """
        say = progress or (lambda _step: None)
        records: list[Mapping[str, JSON]] = []
        sampling: Mapping[str, JSON] | None = None
        table, fitted = self._table, self._fitted
        positions = np.arange(table.n_rows)
        if sample is not None:
            from niming.sampling import simple

            say("sampling")
            drawn = simple(
                self._table,
                fraction=sample,
                seed=secrets.randbits(63) if seed is None else seed,
                weight=None,
            )
            table, sampling, positions = read(drawn.table), drawn.record(), drawn.positions
            record("drawn", {**sampling, "salt": drawn.salt.hex()})
            say("searching the levels for the sample")
            fitted = _search(table, self.schema, self.policy, self.actions, self.k)
        say("masking and generalising")
        dropped = [a for a in self.actions if a.deed == "drop"]
        kept = [a.column for a in self.actions if a.deed != "drop"]
        if not kept:
            raise UnsatisfiableError("the plan leaves no column", hint="review the roles")
        records += [_drop_record(a) for a in dropped]
        data, rows = table.arrow(kept), positions
        if fitted is not None:
            data, rows = _recoded(data, fitted, positions)
            records += fitted.recoding_.records()
        say("committing to the original")
        return Release(
            data,
            self._released_schema(data, kept),
            self.policy,
            name=name,
            transformation=tuple(records),
            sampling=sampling,
            _original=self._table,
            _origin=Origin(positions, rows, _hierarchies(self.schema, fitted)),
            commitment=_commitment(self._table),
            declared=self.declared,
            target=self.target,
        )

    @property
    def forecast(self) -> Forecast | None:
        """What to expect; None where no quasi-identifier is released."""
        fitted = self._fitted
        if fitted is None:
            return None
        return Forecast(
            dict(fitted.levels_),
            fitted.loss_,
            fitted.n_suppressed_,
            fitted.n_classes_,
            self._table.n_rows,
        )

    def explain(self, lang: str = "en") -> str:
        """Say in plain words what will happen to each column and what it costs."""
        zh = lang == "zh"
        title = self.policy.title.zh if zh else self.policy.title.en
        lines = [f"{'策略' if zh else 'policy'}: {title}"]
        if not self.declared:
            lines.append(
                "列角色由扫描提出，尚未经人复核"
                if zh
                else "roles were proposed by scan and nobody has reviewed them"
            )
        words = {r["column"]: r.get("words") for r in self._records()}
        for action in self.actions:
            said = words.get(action.column)
            how = (said["zh" if zh else "en"] if isinstance(said, Mapping) else "") or {
                "drop": "删除" if zh else "dropped",
                "keep": "保留" if zh else "kept",
                "generalise": "泛化" if zh else "generalised",
            }[action.deed]
            why = action.why.zh if zh else action.why.en
            lines.append(f"  {action.column}: {how} ({why})")
        if (expected := self.forecast) is not None:
            share, loss = expected.suppressed_rate, expected.loss
            lines.append(
                f"预计：k = {self.k}，{expected.n_classes} 个等价类，"
                f"隐去 {share:.1%} 的记录，信息损失 {loss:.3f}"
                if zh
                else f"forecast: k = {self.k}, {expected.n_classes} classes, "
                f"{share:.1%} of the records suppressed, loss {loss:.3f}"
            )
        most = self.policy.required("sampling.fraction")
        if most is not None:
            lines.append(
                f"须抽样：不超过 {most:.0%} 的记录（apply(sample=…)）"
                if zh
                else f"a sample is required: at most {most:.0%} of the records (apply(sample=…))"
            )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, JSON]:
        """Return the plan as a JSON-safe dict."""
        forecast = self.forecast
        return {
            "policy": self.policy.to_dict(),
            "k": self.k,
            "declared": self.declared,
            "target": self.target,
            "actions": [
                {
                    "column": a.column,
                    "role": str(a.role),
                    "deed": a.deed,
                    "why": a.why.model_dump(),
                }
                for a in self.actions
            ],
            "forecast": None if forecast is None else forecast.to_dict(),
        }

    def __repr__(self) -> str:
        deeds = {d: sum(a.deed == d for a in self.actions) for d in ("drop", "generalise", "keep")}
        done = ", ".join(f"{n} {d}" for d, n in deeds.items() if n)
        return f"Plan({self.policy.id}: {done}; k={self.k}); .explain() says it in words"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.explain('zh'))}</pre><pre>{escape(self.explain())}</pre>"

    def _records(self) -> list[Mapping[str, JSON]]:
        records: list[Mapping[str, JSON]] = []
        records += [_drop_record(a) for a in self.actions if a.deed == "drop"]
        return records + ([] if self._fitted is None else list(self._fitted.recoding_.records()))

    def _released_schema(self, data: pa.Table, kept: list[str]) -> Schema:
        """Return the schema of the released columns: generalised ones have become categories."""
        import pyarrow as pa

        columns = []
        for name in kept:
            column = self.schema[name]
            text = pa.types.is_string(data.schema.field(name).type)
            generalised = any(a.column == name and a.deed == "generalise" for a in self.actions)
            if generalised and text:
                column = replace(
                    column, kind="categorical", categories=None, lower=None, upper=None, format=None
                )
            columns.append(column)
        target = self.target if self.target in kept else None
        return Schema(tuple(columns), name=self.schema.name, target=target)


def _one_row_a_person(table: Table, schema: Schema) -> None:
    """Raise if a person has several rows: k would count rows where it must count people."""
    if schema.person_id is None:
        return
    persons = len(count(table, [schema.person_id]).n)
    if persons < table.n_rows:
        raise SchemaError(
            f"{table.n_rows} rows are of {persons} people by {schema.person_id!r}, and classes "
            "count rows",
            hint="make one row a person first, for example by aggregating their visits",
        )


def _action(column: Column, schema: Schema, target: str | None) -> Action:
    """Choose what happens to one column."""
    name = column.name
    if name in (schema.household, schema.person_id) or column.role == Role.DIRECT_IDENTIFIER:
        why = Text(zh="直接指向个人", en="points to a person directly")
        return Action(name, column.role, "drop", why)
    if name == schema.weight:
        why = Text(
            zh="抽样权重几乎唯一，可作准标识符", en="weights are nearly unique: a fingerprint"
        )
        return Action(name, column.role, "drop", why)
    if column.role == Role.QUASI_IDENTIFIER:
        if column.kind in ("text", "identifier") and column.hierarchy is None:
            why = Text(zh="无法泛化的编码", en="a code that cannot be generalised")
            return Action(name, column.role, "drop", why)
        why = Text(zh="准标识符", en="quasi-identifier")
        return Action(name, column.role, "generalise", why)
    if column.kind in ("text", "identifier") and name != target:
        why = Text(zh="自由文本可能含标识信息", en="free text may hold identifiers")
        return Action(name, column.role, "drop", why)
    if name == target:
        return Action(name, column.role, "keep", Text(zh="预测目标", en="the target"))
    sensitive = column.role == Role.SENSITIVE
    why = Text(
        zh="敏感属性" if sensitive else "非敏感属性",
        en="sensitive attribute" if sensitive else "insensitive attribute",
    )
    return Action(name, column.role, "keep", why)


def _sufficient_k(policy: Policy) -> int:
    """Return a class size at which k, the total risk and A of the policy hold.

    If every class has k records then the mean and the largest class risk are at most 1/k, and the
    total risk does not grow with k; so the first k that passes is sufficient.
    """
    k = max(1, math.ceil(policy.required("k_anonymity.k") or 1), _k_of_safeguards(policy))
    most = policy.required("context.total_risk")
    if policy.context is None or most is None:
        return k
    while policy.context.risk([k], policy.answers).total > most:
        k += 1
        if k > _K_LIMIT:
            raise UnsatisfiableError(
                f"no class size up to {_K_LIMIT} meets the total risk of policy {policy.id!r}",
                hint="its context makes an attack too likely: stronger controls, or a sample",
            )
    return k


def _k_of_safeguards(policy: Policy) -> int:
    """Return the K with which A = K x S x E reaches what the policy asks; 1 if it does not ask."""
    least = policy.required("context.kse_a")
    if least is None:
        return 1
    from niming.risk.context import health_kse

    answers = policy.answers
    if answers is None or answers.recipients is None or answers.e is None:
        raise UnsatisfiableError(
            f"policy {policy.id!r} asks who gets the release and what guards it",
            hint="answer the questionnaire: Policy.of(…).answered(…)",
        )
    one = health_kse([1], recipients=answers.recipients, e=answers.e)
    if one.a == 0:
        raise UnsatisfiableError(
            "E is 0: an indispensable safeguard is missing, and no class size makes up for it",
            hint="put it in place: " + ", ".join(answers.missed),
        )
    return math.ceil(Fraction(least) / one.a)


def _models(policy: Policy, sensitive: list[str]) -> tuple[Model, ...]:
    """Return the privacy models beside k that the policy's requirements ask for."""
    from niming.anonymize import LDiversity, TCloseness

    models: list[Model] = []
    for column in sensitive:
        for kind in ("distinct", "entropy"):
            least = policy.required(f"l_diversity.{kind}", column)
            if least is not None:
                models.append(LDiversity(column, least, kind=kind))
        for distance in ("equal", "ordered"):
            most = policy.required(f"t_closeness.{distance}", column)
            if most is not None:
                models.append(TCloseness(column, most, distance=distance))
    return tuple(models)


def _search(
    table: Table, schema: Schema, policy: Policy, actions: tuple[Action, ...], k: int
) -> FullDomain | None:
    """Search the levels of the quasi-identifiers on the counts of `table`."""
    from niming.anonymize import FullDomain

    names = [a.column for a in actions if a.deed == "generalise"]
    if not names:
        return None
    sensitive = [
        c for c in schema.sensitive if any(a.column == c and a.deed == "keep" for a in actions)
    ]
    models = _models(policy, sensitive)
    hierarchies = {c: schema.hierarchies.get(c) or _two_levels(table, c) for c in names}
    return FullDomain(
        names, hierarchies, k=k, models=models, max_suppression=policy.max_suppression
    ).fit(table)


def _recoded(
    data: pa.Table, fitted: FullDomain, positions: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Generalise the rows at `positions`, and return those that are left with their positions."""
    import pyarrow as pa

    row = "row"
    while row in data.column_names:
        row += "_"
    numbered = data.append_column(row, pa.array(positions))
    out: pa.Table = fitted.recoding_.apply(numbered, drop_suppressed=True)
    return out.drop_columns([row]), out[row].to_numpy()


def _hierarchies(schema: Schema, fitted: FullDomain | None) -> Mapping[str, Hierarchy]:
    """Return the hierarchies that were climbed, and those of the other columns."""
    if fitted is None:
        return schema.hierarchies
    recoding = fitted.recoding_
    return {**schema.hierarchies, **dict(zip(recoding.columns, recoding.hierarchies, strict=True))}


def _two_levels(table: Table, column: str) -> Hierarchy:
    """Return the hierarchy of a column that was given none: as it is, or withheld."""
    values = count(table, [column]).categories[0]
    if len(values) == 0:
        raise InputError(
            f"the quasi-identifier {column!r} is missing in every row",
            hint="leave the column out of the table or of the quasi-identifiers",
        )
    return Hierarchy.from_rows([(v, "*") for v in values.tolist()])


def _drop_record(action: Action) -> dict[str, JSON]:
    return {
        "column": action.column,
        "role": str(action.role),
        "technique": "suppression",
        "parameters": {"scope": "attribute"},
        "words": {"zh": "整列删除", "en": "column dropped"},
    }


def _commitment(table: Table) -> dict[str, JSON]:
    """Return a salted digest of the table's content: traceable, and of no use without the table.

    The digest is SHA-256 over a random salt and the Arrow IPC stream of the rows in order.
    """
    import pyarrow as pa

    salt = secrets.token_bytes(16)
    digest = hashlib.sha256(salt)

    class Sink:
        closed = False

        def write(self, data: bytes) -> int:
            digest.update(data)
            return len(data)

        def flush(self) -> None: ...

    with pa.ipc.new_stream(pa.PythonFile(Sink(), mode="w"), table.schema) as stream:
        for batch in table.batches():
            stream.write_batch(batch)
    return {
        "n_rows": table.n_rows,
        "n_columns": len(table.columns),
        "commitment": {
            "algorithm": "sha256(salt, arrow-ipc)",
            "salt": salt.hex(),
            "digest": digest.hexdigest(),
        },
    }
