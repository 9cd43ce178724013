"""The report: one offline HTML page that an officer reads, prints and signs by."""

from niming.domain.report.page import render

__all__ = ["render"]
