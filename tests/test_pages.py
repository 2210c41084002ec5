"""The pages in docs/ and the notes: short enough to read, found from their index, with links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from lab.places import DOCS, NOTES, ROOT

DOCS_BYTES = 60_000  # all of docs/ in Markdown: more is a manual that nobody reads
README_BYTES = 7_000
PAGES = sorted(
    (*DOCS.glob("*.md"), *NOTES.glob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("studies/*/README.md"))
)
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for part in ("lab", "benchmarks") for path in (ROOT / part).rglob("*.py")
)


def anchors(page: Path) -> set[str]:
    """Return what a link may name in a page, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Return the links of a page that do not leave the repository; code is no link."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def test_docs_are_short_enough_to_read() -> None:
    sizes = {page.name: page.stat().st_size for page in DOCS.glob("*.md")}
    assert sum(sizes.values()) <= DOCS_BYTES, f"move what only maintainers need to lab/notes: {sizes}"


def test_the_readme_is_one_page() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= README_BYTES, "findings and tables belong in docs/"


@pytest.mark.parametrize("folder", [DOCS, NOTES], ids=lambda folder: folder.name)
def test_the_index_names_every_page_once(folder: Path) -> None:
    index = folder / "README.md"
    named = [link for link in links(index) if "/" not in link and link.endswith(".md")]
    assert sorted(named) == sorted(page.name for page in folder.glob("*.md") if page != index)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    for link in links(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), (
                f"{page.name} links to {link}; {target.name} has no such heading"
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_marked_blocks_are_whole_and_have_a_writer(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    names = re.findall(r"<!-- begin: (.*?) -->", text)
    assert names == re.findall(r"<!-- end: (.*?) -->", text)
    assert len(names) == len(set(names))
    for name in set(names) - {"space"}:  # held to the usual space by test_docs.py
        assert f'"{name}"' in SOURCES, f"no program writes the block {name!r} of {page.name}"
