"""`irreversibility`: a verdict a column on whether it can be restored, and at what cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from niming.errors import InputError
from niming.measure import JSON
from niming.risk.irreversibility.digests import Form, bare, form_of, trial
from niming.risk.irreversibility.frequencies import exposure
from niming.risk.irreversibility.records import CIPHERS, KEYED, Declared, check_records
from niming.risk.irreversibility.records import declared as declared_of
from niming.risk.irreversibility.reversal import KEPT, NONE, Irreversibility, Reversal
from niming.risk.irreversibility.slow import Slow, slow_hash
from niming.risk.irreversibility.spaces import Kind, Known, core_hours, space
from niming.tables import Source, Table, count, read, texts

__all__ = ["irreversibility"]

_LOOKED_AT = 10_000
"""Cells of a column by which its form is judged."""

_DIGESTS = 0.9
"""Share of the values that must look like digests, or like identifiers, for a column to be so."""

_SMALL = 10**6
"""Smallest domain that SP 800-38G Rev. 1 allows a format-preserving cipher."""


def irreversibility(
    source: Source,
    *,
    columns: Sequence[str] | None = None,
    transformation: Sequence[Mapping[str, JSON]] = (),
    stands_for: Mapping[str, Kind] | None = None,
    known: Known | None = None,
    destroyed_keys: Collection[str] = (),
    public: Mapping[str, Mapping[str, float] | Sequence[float]] | None = None,
    try_values: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Irreversibility:
    """Judge which columns could be turned back into what they stood for.

    Parameters
    ----------
    source : table
        Anything that `niming.read` takes.
    columns : sequence of str, optional
        All if not given.
    transformation : sequence of dict
        Records of what was done, as `niming.anonymize` writes them: ``column``, ``technique``,
        ``parameters`` (``algorithm``, ``key_id``, ``domain``). Techniques are the words of
        ISO/IEC 20889, in either spelling; columns are those of the table, or suppressed ones.
    stands_for : mapping of column to kind, optional
        What the codes of a column are of, such as ``"resident-id"``; what its name says if not
        given.
    known : Known, optional
        What an attacker knows of the values.
    destroyed_keys : collection of str
        Ids of keys whose destruction is documented. Every other key is taken to live.
    public : mapping of column to shares, optional
        How the values of a column are distributed in the population, for the frequency attack.
    try_values : int >= 0, default 0
        Values to hash and look up, a column. 0 tries nothing. About 0.3 million a second;
        an interrupt from the keyboard ends the trial and keeps what was found.
    progress : callable, optional
        Told each batch in a few words.

    Returns
    -------
    Irreversibility
        A `Reversal` for each column with codes, `n_reversible_columns`,
        `lowest_cost_core_hours`. A column that fails is "de-identified, not anonymised";
        `reversible` says that it falls without any key. The best verdict is "no weakness found".

    Raises
    ------
    ColumnNotFoundError
        A column that the table does not have.
    InputError
        An unknown kind, a record of an unknown technique or column, keys given as one text, or a
        trial on resident ids without region codes.

    Notes
    -----
    - Digests (hex, base32, base64 or bytes, after a prefix in common) that nobody declared keyed
      are taken for plain hashes: reversible if their values can be listed. A digest of another
      length than any hash is a truncated one. bcrypt, crypt and Argon2 tell their salt and their
      cost: they are priced by that, for one code.
    - A pseudonym under a living key is de-identified: who has the key lists the values. With the
      key destroyed, no weakness is found, unless frequencies tell.
    - FF3 is withdrawn (reversible at N^(17/6) steps for a domain of N² values), as is every
      format-preserving cipher on fewer than a million values. A column that was declared replaced
      and still has valid check digits keeps its format.
    - Order-preserving codes are sorted beside the sorted values.

    Cost = values to try / rate, in pure Python on one slow core: see `space` and `core_hours`.
    Cells do not tell a keyed digest from a plain one, so a verdict without a trial rests on the
    records. Values are tried in plain form only; a salt or a decoration saves nobody who tells it.

    References
    ----------
    Durak, Vaudenay 2017, "Breaking the FF3 format-preserving encryption standard over small
    domains". Hoang, Miller, Trieu 2019, "Attacks only get better: how to break FF3 on large
    domains", doi:10.1007/978-3-030-17656-3_4. NIST SP 800-38G Rev. 1 (draft). Naveed, Kamara,
    Wright 2015, doi:10.1145/2810103.2813651. ISO/IEC 20889:2018, clause 9.

    Examples
    --------
    >>> import hashlib
    >>> ids = [f"{n:03d}" for n in range(4)]
    >>> table = {"mobile": [hashlib.md5(f"13800138{n}".encode()).hexdigest() for n in ids]}
    >>> found = irreversibility(table, known=Known(prefixes=("13800138",)), try_values=1000)
    >>> found["mobile"].verdict, found["mobile"].reversible
    ('de-identified, not anonymised', True)
    >>> found["mobile"].trial.n_reversed, found["mobile"].trial.n_tried
    (4, 1000)
    """
    if isinstance(try_values, bool) or not isinstance(try_values, int) or try_values < 0:
        raise InputError("try_values is a whole number, at least 0", hint="0 tries nothing")
    if isinstance(destroyed_keys, (str, bytes)):
        raise InputError(
            "destroyed_keys is one text, not a collection of ids", hint='such as ["ab12"]'
        )
    table = read(source)
    check_records(transformation, table.columns)
    names = tuple(table.columns if columns is None else columns)
    table.require([*names, *(stands_for or {}), *(public or {})], asked_by="irreversibility")
    if odd := sorted(set((stands_for or {}).values()) - set(get_args(Kind))):
        raise InputError(
            f"there is no kind {odd[0]!r} of values to list",
            hint="kinds are " + ", ".join(get_args(Kind)),
        )
    found = []
    for name in names:
        records = [r for r in transformation if r.get("column") == name]
        declared = declared_of(records)
        looked_at: list[str] = []
        if declared is not None or _holds_texts(table, name):
            looked_at = _codes(table, name, rows=_LOOKED_AT)
        if try_values and _digests(looked_at) is not None:
            looked_at = _codes(table, name, rows=None)
        case = _Case(
            name,
            looked_at,
            declared,
            (stands_for or {}).get(name) or _kind_by_name(name),
            known or Known(),
        )
        reversal = _judge(case, destroyed_keys, try_values, progress or (lambda _step: None))
        if public is not None and name in public:
            reversal = _with_frequencies(reversal, table, name, public[name])
        if reversal is not None:
            found.append(reversal)
    return Irreversibility(tuple(found), len(names))


@dataclass(frozen=True)
class _Case:
    """A column to judge."""

    name: str
    texts: list[str]
    declared: Declared | None
    kind: Kind | None
    known: Known

    def priced(self, algorithm: str) -> tuple[float | None, str]:
        """Return what listing the values costs, and on what that rests."""
        if self.kind is None:
            return None, "what the codes stand for is not known"
        values = space(self.kind, self.known)
        hours = core_hours(values.n, algorithm)
        return hours, f"{values.n:,} values to try ({self.kind}: {values.basis})"


def _judge(
    case: _Case, destroyed: Collection[str], try_values: int, say: Callable[[str], None]
) -> Reversal | None:
    """Return the finding on a column; None where it holds no codes."""
    declared = case.declared
    technique = "" if declared is None else declared.technique
    if declared is not None and technique in CIPHERS:
        return _cipher(case, declared, destroyed)
    keeps = None if declared is None else _kept_format(case.texts)
    if declared is not None and keeps is not None:
        return _cipher(case, declared, destroyed, keeps=keeps)
    if declared is not None and technique in KEYED:
        return _pseudonym(case, declared, destroyed)
    slow = slow_hash(case.texts[:_LOOKED_AT], share=_DIGESTS)
    if slow is not None:
        return _slow(case, slow)
    form = _digests(case.texts)
    if form is None:
        return None if declared is None else _undecided(case)
    return _hash(case, *form, salted=technique == "salted-hashing", n=try_values, say=say)


def _hash(
    case: _Case,
    form: Form,
    digests: Collection[bytes],
    *,
    salted: bool,
    n: int,
    say: Callable[[str], None],
) -> Reversal:
    what = "truncated hash" if form.truncated else "hash"
    what = "salted hash" if salted else what
    if form.even is False:
        basis = "codes of one length whose digits are not evenly spread: an encoding or a counter"
        return Reversal(case.name, "encoding", KEPT, None, basis)
    hours, basis = case.priced(form.algorithms[0] if form.algorithms else "sha256")
    likely = " or ".join(form.algorithms[:3]) or "no known hash"
    basis = f"{form.n_bytes} bytes ({likely}); {basis}"
    tried = None
    if n and case.kind is not None and form.algorithms and not salted:
        tried = trial(digests, form, case.kind, case.known, n_values=n, say=say)
        basis += f"; {tried.n_reversed} of {tried.n_digests} reversed by {tried.n_tried:,} tries"
    if salted:
        return Reversal(case.name, what, KEPT, hours, basis + "; who has the salt lists them")
    if tried is not None and tried.n_reversed:
        return Reversal(case.name, what, KEPT, hours, basis, trial=tried, reversible=True)
    basis += "; nobody declared a key, so none is assumed"
    listed = case.kind is not None
    return Reversal(case.name, what, KEPT, hours, basis, trial=tried, reversible=listed)


def _slow(case: _Case, slow: Slow) -> Reversal:
    """Return the finding on codes that tell their own salt and cost."""
    rests = f"{slow.algorithm} of {slow.cost}, each code with a salt of its own"
    if case.kind is None or slow.rate is None:
        lacks = "its rate is not known" if slow.rate is None else "what it stands for is not known"
        return Reversal(case.name, "slow hash", KEPT, None, f"{rests}; {lacks}")
    values = space(case.kind, case.known)
    rests += f"; {values.n:,} values to try for one code ({case.kind}: {values.basis})"
    hours = values.n / slow.rate / 3600
    return Reversal(case.name, "slow hash", KEPT, hours, rests, reversible=True)


def _pseudonym(case: _Case, declared: Declared, destroyed: Collection[str]) -> Reversal:
    if declared.key and declared.key in destroyed:
        basis = "the destruction of its key is documented; codes repeat, so frequencies still tell"
        return Reversal(case.name, "pseudonym", NONE, None, basis)
    hours, basis = case.priced("hmac")
    return Reversal(case.name, "pseudonym", KEPT, hours, f"its key lives; with it, {basis}")


def _cipher(
    case: _Case, declared: Declared, destroyed: Collection[str], *, keeps: str | None = None
) -> Reversal:
    algorithm = declared.algorithm.replace("_", "-")
    if declared.technique == "order-preserving-encryption":
        basis = "codes in the order of the values: sorted beside the sorted population"
        name = "order-preserving encryption"
        return Reversal(case.name, name, KEPT, 0.0, basis, reversible=True)
    preserving = keeps is not None or declared.technique == "format-preserving-encryption"
    if not preserving:
        if declared.key and declared.key in destroyed:
            basis = "the destruction of its key is documented; equal values keep equal codes"
            return Reversal(case.name, "encryption", NONE, None, basis)
        return Reversal(case.name, "encryption", KEPT, 0.0, "its key lives and decrypts at once")
    domain = declared.domain or _domain(case.texts, case.kind)
    told = "" if keeps is None else f"cells keep the format and check digits of a {keeps}; "
    name = "format-preserving encryption"
    if algorithm == "ff3":
        steps = math.sqrt(domain) ** (17 / 6)
        basis = f"{told}FF3 is withdrawn; N^(17/6) steps for a domain of {domain:,} = N x N values"
        return Reversal(case.name, name, KEPT, core_hours(steps), basis, reversible=True)
    if domain < _SMALL:
        basis = f"{told}a domain of {domain:,} values, below the {_SMALL:,} of SP 800-38G Rev. 1"
        return Reversal(case.name, name, KEPT, core_hours(domain), basis, reversible=True)
    if declared.key and declared.key in destroyed:
        basis = f"{told}the destruction of its key is documented; equal values keep equal codes"
        return Reversal(case.name, name, NONE, None, basis)
    return Reversal(case.name, name, KEPT, 0.0, f"{told}its key lives and decrypts at once")


def _undecided(case: _Case) -> Reversal:
    """Return the finding on codes that were declared hashed and do not look like hashes."""
    hours, basis = case.priced("sha256")
    what, listed = "codes declared hashed", case.kind is not None
    return Reversal(case.name, what, KEPT, hours, basis, reversible=listed)


def _with_frequencies(
    reversal: Reversal | None,
    table: Table,
    name: str,
    shares: Mapping[str, float] | Sequence[float],
) -> Reversal:
    from dataclasses import replace

    counts = count(table, [name])
    n = counts.n[counts.codes[:, 0] >= 0]
    told = exposure(n, shares) if n.size else 0.0
    words = f"frequencies tell {told:.3g} of the records"
    if reversal is None:
        if told:
            return Reversal(name, "frequencies", KEPT, 0.0, words, exposure=told, reversible=True)
        return Reversal(name, "frequencies", NONE, None, words, exposure=told)
    basis = f"{reversal.basis}; {words}"
    if told:
        return replace(
            reversal, verdict=KEPT, core_hours=0.0, basis=basis, exposure=told, reversible=True
        )
    return replace(reversal, basis=basis, exposure=told)


def _codes(table: Table, column: str, *, rows: int | None) -> list[str]:
    """Return the distinct values in the first `rows` known cells of a column, or in all."""
    cell = table.expression(column)
    limit = "" if rows is None else f" LIMIT {rows}"
    cells = f"SELECT {cell} AS v FROM source WHERE {cell} IS NOT NULL{limit}"
    found = table.query(f"SELECT DISTINCT v FROM ({cells})").column(0).to_pylist()
    if found and all(isinstance(v, bytes) for v in found):
        written = all(v.isascii() and v.decode("ascii").isprintable() for v in found)
        return [v.decode("ascii") if written else v.hex() for v in found]
    return [str(v) for v in texts(found)]


def _holds_texts(table: Table, column: str) -> bool:
    """Return whether the cells are texts, or bytes, which may be digests as they are."""
    import pyarrow as pa

    kind = table.schema.field(column).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    is_one = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary,
        pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view,
    )  # fmt: skip
    return any(is_kind(kind) for is_kind in is_one)


def _digests(values: Sequence[str]) -> tuple[Form, frozenset[bytes]] | None:
    """Return the form of digests and their bytes; None if the values do not look like digests."""
    from niming.risk.identifiers.numbers import is_digest

    found = bare(values, share=_DIGESTS)
    if found is not None:
        return form_of(found)
    if not values or float(is_digest(values[:_LOOKED_AT]).mean()) < _DIGESTS:
        return None
    return form_of(values)


def _kept_format(values: Sequence[str]) -> str | None:
    """Return what the cells still look like, check digits and all; None if like nothing."""
    from niming.risk import identifiers

    looked_at = values[:_LOOKED_AT]
    if not looked_at:
        return None
    for words, is_one in (
        ("resident id", identifiers.is_resident_id),
        ("bank card", identifiers.is_bank_card),
        ("credit code", identifiers.is_credit_code),
        ("mobile number", identifiers.is_mobile),
    ):
        if float(is_one(looked_at).mean()) >= _DIGESTS:
            return words
    return None


def _domain(values: Sequence[str], kind: Kind | None) -> int:
    """Return how many values the cipher permutes, from the kind or from length and characters."""
    if kind is not None:
        return space(kind).n
    if not values:
        return 1
    length = min(len(v) for v in values)
    alphabet = 10 if all(v.isdigit() for v in values) else 36
    return int(min(alphabet**length, 10**30))


def _kind_by_name(column: str) -> Kind | None:
    """Return what a column's name says that its codes stand for."""
    from niming.risk.identifiers.headers import header

    named = header(column)
    if named is None:
        return None
    return next((k for k in get_args(Kind) if k == named.format), None)
