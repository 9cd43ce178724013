"""Tables to learn, test and show with: real people long published, and people who do not exist."""

from niming.tables.datasets.adult import adult, adult_path, adult_schema
from niming.tables.datasets.residents import residents, residents_schema

__all__ = ["adult", "adult_path", "adult_schema", "residents", "residents_schema"]
