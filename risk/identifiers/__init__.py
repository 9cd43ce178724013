"""What does each column hold? Identifying numbers by check digit and form, and roles proposed."""

from niming.risk.identifiers.finding import Finding
from niming.risk.identifiers.numbers import (
    holds_identifier,
    is_bank_card,
    is_credit_code,
    is_email,
    is_mobile,
    is_plate,
    is_resident_id,
)
from niming.risk.identifiers.scan import Scan, scan

__all__ = [
    "Finding",
    "Scan",
    "holds_identifier",
    "is_bank_card",
    "is_credit_code",
    "is_email",
    "is_mobile",
    "is_plate",
    "is_resident_id",
    "scan",
]
