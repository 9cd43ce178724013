"""What does each column hold? Identifying numbers by check digit and form, and roles proposed."""

from niming.risk.identifiers.finding import Finding
from niming.risk.identifiers.networks import is_ip, is_mac
from niming.risk.identifiers.numbers import (
    is_bank_card,
    is_credit_code,
    is_email,
    is_landline,
    is_mobile,
    is_plate,
    is_resident_id,
)
from niming.risk.identifiers.scan import Scan, scan
from niming.risk.identifiers.within import holds_identifier

__all__ = [
    "Finding",
    "Scan",
    "holds_identifier",
    "is_bank_card",
    "is_credit_code",
    "is_email",
    "is_ip",
    "is_landline",
    "is_mac",
    "is_mobile",
    "is_plate",
    "is_resident_id",
    "scan",
]
