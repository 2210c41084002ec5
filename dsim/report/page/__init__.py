"""The page: what studies and comparisons found, as one HTML file that needs no network, and its figures as PNG or SVG."""

from dsim.report.page.figures import write_figures
from dsim.report.page.page import Page, make_page
from dsim.report.page.render import render_page
from dsim.report.page.subject import PageSubject, Subjects, read_subjects

__all__ = ["Page", "PageSubject", "Subjects", "make_page", "read_subjects", "render_page", "write_figures"]
