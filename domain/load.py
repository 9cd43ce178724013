"""`load`: open released data only if its certificate holds for this use, and record that it was."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from niming.domain.canonical import parse
from niming.domain.certificate import Certificate, verify
from niming.domain.fingerprint import fingerprint
from niming.domain.ledger import Ledger, ledger_path
from niming.domain.release import CERTIFICATE, DATA, MANIFEST
from niming.errors import CertificateError, ColumnNotFoundError, InputError
from niming.measure import JSON
from niming.tables.schema import Schema

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["DataSet", "load"]


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """Released data whose certificate held when they were loaded. Made by `load`.

    Parameters
    ----------
    data : pyarrow.Table
    certificate : Certificate
    schema : Schema
        What each column is.
    target : str or None
        The column that the release was made to predict.
    notes : tuple of str
        What was not checked when it was loaded, such as revocations in a ledger that is elsewhere.
    """

    data: pa.Table
    certificate: Certificate
    schema: Schema
    target: str | None
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.data.num_rows, self.data.num_columns

    def to_arrow(self) -> pa.Table:
        """Return the data as an Arrow table."""
        return self.data

    def to_pandas(self) -> pd.DataFrame:
        """Return the data as a pandas frame."""
        frame: pd.DataFrame = self.data.to_pandas()
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Return the data as a polars frame (extra ``polars``)."""
        import narwhals as nw

        frame: pl.DataFrame = nw.from_native(self.data, eager_only=True).to_polars()
        return frame

    def to_xy(self, target: str | None = None) -> tuple[pd.DataFrame, pd.Series]:
        """Return features and target, in the order of the file.

        Parameters
        ----------
        target : str, optional
            The release's own target if not given.

        Raises
        ------
        ColumnNotFoundError
            No such column, or no target anywhere.
        """
        target = target or self.target
        columns = self.data.column_names
        if target is None or target not in columns:
            raise ColumnNotFoundError.among([target or "target"], columns, asked_by="to_xy")
        frame = self.to_pandas()
        return frame.drop(columns=target), frame[target]

    def __repr__(self) -> str:
        rows, columns = self.shape
        return (
            f"DataSet({rows:,} rows x {columns} columns; certificate {self.certificate.id}, "
            f"{self.certificate.kind}, scenario {self.certificate.scenario_id})"
        )


def load(
    path: str | Path,
    *,
    scenario: str,
    trust: str | Path | None = None,
    purpose: str = "",
    ledger: str | Path | None = None,
    at: dt.datetime | None = None,
) -> DataSet:
    """Load a certified release for one approved scenario.

    Parameters
    ----------
    path : path
        The release folder.
    scenario : str
        Id of the approved use that this load is for.
    trust : path, optional
        Public key file of the agency, or a folder of them. Without it ``NIMING_TRUST``, then the
        user's trust store. A key that lies beside the data is never trusted for that.
    purpose : str
        What the load is for, in words, for the ledger.
    ledger : path, optional
        Where the load is recorded: ``NIMING_LEDGER`` or the folder's own if not given.
    at : datetime, optional
        The moment to judge the dates at; now if not given.

    Returns
    -------
    DataSet

    Raises
    ------
    CertificateError
        The certificate does not hold: `code` says what failed, the message for whom and the fix.
        The refusal is recorded too.
    LedgerError
        The load cannot be recorded, or a ledger was changed; then nothing is loaded.
    InputError
        There is no such folder.

    Notes
    -----
    The bytes that are hashed are the bytes that are parsed: a file swapped between the check and
    the read is refused. A revocation counts in the ledger that is named and in the folder's own.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(path)
    if not folder.is_dir():
        raise InputError(
            f"there is no release folder {folder}", hint="give the folder with certificate.json"
        )
    log = Ledger(ledger_path(folder, ledger))
    body = {"release": folder.resolve().name, "scenario": scenario, "purpose": purpose}
    try:
        verified = verify(
            folder / CERTIFICATE,
            files=folder,
            trust=trust,
            scenario=scenario,
            at=at,
            ledger=log,
            revoked=_revoked_here(folder, log),
        )
        certificate = verified.certificate
        cells = _certified(folder / DATA, certificate)
        account = _certified(folder / MANIFEST, certificate)
    except CertificateError as error:
        log.append("refused", {**body, "code": error.code})
        raise
    data = pq.read_table(pa.BufferReader(cells))
    manifest = cast("dict[str, JSON]", parse(account))
    schema, target = Schema.from_dict(manifest["schema"]), cast("str | None", manifest["target"])
    log.append("loaded", {**body, "certificate": certificate.id, "n_rows": data.num_rows})
    return DataSet(data, certificate, schema, target, verified.notes)


def _revoked_here(folder: Path, log: Ledger) -> Collection[str]:
    """Return the certificates that the folder's own ledger revokes, where another one is used."""
    own = Ledger(folder)
    if own.path.resolve() == log.path.resolve() or not own.path.exists():
        return ()
    return [str(entry.body.get("certificate")) for entry in own.entries("revoked")]


def _certified(path: Path, certificate: Certificate) -> bytes:
    """Read a file once and return that very content, if it is the certified one."""
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if fingerprint(content, name=path.name) not in certificate.subjects:
        raise CertificateError(
            f"{path.name} changed while it was being loaded",
            code="file-changed",
            hint="get the release again from whoever issued it",
        )
    return content
