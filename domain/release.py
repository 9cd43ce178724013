"""`Release`: a candidate for release, in memory or as a folder, before anybody has signed it.

The folder holds ``data.parquet``, ``manifest.json`` (what the maker says was done) and
``policy.yaml``; the gate adds ``evidence.json`` and ``report.html``; the signer adds
``certificate.json``. The manifest is a claim: the gate measures the data again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from niming.domain.canonical import canonical, parse
from niming.domain.ledger import Ledger, ledger_path
from niming.domain.moment import moment, now
from niming.domain.policy import Policy
from niming.errors import InputError, SchemaError
from niming.measure import JSON
from niming.tables.schema import Schema
from niming.tables.source import Source, Table, read
from niming.tables.write import atomic, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

    from niming.domain.evidence import Evidence
    from niming.domain.origin import Origin

__all__ = ["CERTIFICATE", "DATA", "EVIDENCE", "MANIFEST", "POLICY", "REPORT", "Release"]

DATA = "data.parquet"
MANIFEST = "manifest.json"
POLICY = "policy.yaml"
EVIDENCE = "evidence.json"
REPORT = "report.html"
CERTIFICATE = "certificate.json"


@dataclass(frozen=True, eq=False, repr=False)
class Release:
    """A table made for release, and the maker's account of how.

    The cells do not show: they open when a certificate holds (`niming.load`). The original and who
    was drawn from it are kept for the gate to compare with and to attack with; they show as little,
    and `save` never writes them.

    Parameters
    ----------
    schema : Schema
        What each released column is.
    policy : Policy
    name : str
    transformation : tuple of dict
        One record an operation, without cell values.
    sampling : dict, optional
        Design, fraction and seed commitment; None when nothing was sampled.
    commitment : dict, optional
        Salted digest of the original, so that a source can be traced without being shown.
    declared : bool
        Whether a person gave the roles, or `scan` proposed them and nobody looked.
    target : str, optional
        The column that a model will predict.
    created : str
        RFC 3339, UTC.
    """

    _data: pa.Table
    schema: Schema
    policy: Policy
    name: str = "release"
    transformation: tuple[Mapping[str, JSON], ...] = ()
    sampling: Mapping[str, JSON] | None = None
    _original: Table | None = None
    _origin: Origin | None = None
    commitment: Mapping[str, JSON] | None = None
    declared: bool = True
    target: str | None = None
    created: str = ""

    def __post_init__(self) -> None:
        if not self.created:
            object.__setattr__(self, "created", moment(now().replace(microsecond=0)))

    @classmethod
    def of(cls, source: Source, schema: Schema, policy: Policy, *, name: str) -> Release:
        """Return a candidate made elsewhere: a table that is already masked, with its schema."""
        table = read(source)
        schema.check(table)
        return cls(table.arrow(), schema, policy, name=name)

    @classmethod
    def open(cls, folder: str | Path, *, original: Source | None = None) -> Release:
        """Read a candidate from its folder.

        Raises
        ------
        InputError
            A folder or file that is missing or damaged.
        SchemaError
            Columns that the manifest does not declare.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError(
                f"there is no release folder {folder}",
                hint="make one with `niming anonymize`, or give --schema with a data file",
            )
        manifest = _json(folder / MANIFEST)
        policy = Policy.of(folder / POLICY)
        schema = Schema.from_dict(_mapping(manifest, "schema", folder))
        table = read(folder / DATA)
        schema.check(table)
        records = manifest.get("transformation")
        target = manifest.get("target")
        return cls(
            table.arrow(),
            schema,
            policy,
            name=str(manifest.get("name") or "release"),
            transformation=tuple(
                r for r in (records if isinstance(records, list) else []) if isinstance(r, Mapping)
            ),
            sampling=_sampling(manifest, folder),
            _original=None if original is None else read(original),
            commitment=_optional(manifest, "original"),
            declared=manifest.get("roles") == "declared",
            target=target if isinstance(target, str) else None,
            created=str(manifest.get("created") or ""),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns to be released."""
        return self._data.num_rows, self._data.num_columns

    def manifest(self) -> dict[str, JSON]:
        """Return the maker's account as a JSON-safe dict."""
        return {
            "version": 1,
            "name": self.name,
            "created": self.created,
            "roles": "declared" if self.declared else "proposed",
            "schema": self.schema.to_dict(),
            "target": self.target,
            "transformation": [dict(r) for r in self.transformation],
            "sampling": None if self.sampling is None else dict(self.sampling),
            "original": None if self.commitment is None else dict(self.commitment),
        }

    def with_policy(self, policy: Policy) -> Release:
        """Return the same candidate, to be judged by another policy."""
        return replace(self, policy=policy)

    def write(self, folder: str | Path) -> Path:
        """Write data, manifest and policy into `folder`, each file whole or not at all.

        Raises
        ------
        InputError
            A folder that holds a certified release: its files must not change.
        """
        folder = Path(folder)
        _not_certified(folder)
        _make(folder)
        write_parquet(self._data, folder / DATA)
        write_bytes(folder / MANIFEST, canonical(self.manifest()))
        write_bytes(folder / POLICY, self.policy.source.encode())
        return folder

    def save(self, folder: str | Path) -> Evidence:
        """Write the release into `folder`, let the gate measure it there, and add its evidence.

        The folder is made beside its place and moved there whole: a run that is killed, or a disk
        that fills, leaves no part of a release.

        Returns
        -------
        Evidence
            With the verdict. A release that fails is written too: the report says what to change,
            and nobody can sign it.
        """
        from niming.domain.evidence import Evidence
        from niming.domain.gate import written_by_its_maker

        folder = Path(folder)
        _not_certified(folder)
        with _staged(folder) as stage:
            evidence = written_by_its_maker(self, self.write(stage))
        Ledger(ledger_path(folder)).append("released", evidence.act())
        return Evidence(evidence.content, folder)

    def evidence(self) -> Evidence:
        """Measure the release as the gate would, without keeping any file."""
        from niming.domain.gate import written_by_its_maker

        with tempfile.TemporaryDirectory(prefix="niming-") as folder:
            return written_by_its_maker(self, self.write(folder))

    def report(self, *, lang: str = "zh") -> Evidence:
        """Return the evidence, which shows itself as the report page in a notebook."""
        return self.evidence().in_language(lang)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return (
            f"Release({rows:,} rows x {columns} columns, for policy {self.policy.id}; not signed)"
        )


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with atomic(path) as temporary:
        Path(temporary).write_bytes(content)


def _not_certified(folder: Path) -> None:
    if (folder / CERTIFICATE).exists():
        raise InputError(
            f"{folder} holds a certified release",
            hint="choose another folder: a certified one does not change",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot make the folder {folder} ({error.strerror})", hint="choose another place"
        ) from None


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """Give a folder beside `folder` whose files go there when all went well, or nowhere."""
    if folder.is_file():
        raise InputError(f"{folder} is a file, and a release is a folder", hint="name a new folder")
    _make(folder.parent)
    try:
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise InputError(
            f"cannot write beside {folder} ({error.strerror})", hint="choose another place"
        ) from None
    try:
        yield stage
        if folder.exists():
            for file in sorted(stage.iterdir()):
                file.replace(folder / file.name)
        else:
            stage.chmod(0o777 & ~_umask())
            stage.rename(folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _json(path: Path) -> dict[str, JSON]:
    try:
        content = parse(path.read_bytes())
    except FileNotFoundError:
        raise InputError(
            f"there is no {path.name} in {path.parent}", hint="is this a release folder?"
        ) from None
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is not a JSON object")
    return content


def _mapping(content: Mapping[str, JSON], key: str, folder: Path) -> Mapping[str, JSON]:
    value = content.get(key)
    if not isinstance(value, Mapping):
        raise SchemaError(f"the manifest in {folder} has no {key!r}")
    return value


def _sampling(manifest: Mapping[str, JSON], folder: Path) -> Mapping[str, JSON] | None:
    """Return what the manifest says of sampling; the fraction, if told, is one."""
    sampling = _optional(manifest, "sampling")
    share = None if sampling is None else sampling.get("fraction")
    if share is not None and (
        isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1
    ):
        raise InputError(
            f"the manifest in {folder} tells a sampling fraction outside [0, 1]",
            hint="make the release again",
        )
    return sampling


def _optional(content: Mapping[str, JSON], key: str) -> Mapping[str, JSON] | None:
    value = content.get(key)
    return value if isinstance(value, Mapping) else None
