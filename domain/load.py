"""`load`: open released data only if its certificate holds for this use, and record that it was."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from niming.domain.certificate import Certificate, verify
from niming.domain.fingerprint import fingerprint
from niming.domain.ledger import Ledger, ledger_path
from niming.domain.release import CERTIFICATE, DATA, Release
from niming.errors import CertificateError, ColumnNotFoundError
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
    """

    data: pa.Table
    certificate: Certificate
    schema: Schema
    target: str | None

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

        return nw.from_native(self.data, eager_only=True).to_polars()

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
        The load cannot be recorded; then nothing is loaded.

    Notes
    -----
    The bytes that are hashed are the bytes that are parsed: a file swapped between the check and
    the read is refused.
    """
    folder = Path(path)
    log = Ledger(ledger_path(folder, ledger))
    actor = getpass.getuser()
    body = {"release": folder.resolve().name, "scenario": scenario, "purpose": purpose}
    try:
        verified = verify(
            folder / CERTIFICATE,
            files=folder,
            trust=trust,
            scenario=scenario,
            at=at,
            ledger=log.path,
        )
        certificate = verified.certificate
        data = _data(folder / DATA, certificate)
    except CertificateError as error:
        log.append("refused", {**body, "code": error.code}, actor=actor)
        raise
    release = Release.open(folder)
    log.append(
        "loaded", {**body, "certificate": certificate.id, "n_rows": data.num_rows}, actor=actor
    )
    return DataSet(data, certificate, release.schema, release.target)


def _data(path: Path, certificate: Certificate) -> pa.Table:
    """Read the data once, compare that very buffer with the certificate, and parse it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = path.read_bytes()
    found = fingerprint(content, name=path.name)
    if found not in certificate.subjects:
        raise CertificateError(
            f"{path.name} changed while it was being loaded",
            code="file-changed",
            hint="get the release again from whoever issued it",
        )
    return pq.read_table(pa.BufferReader(content))
