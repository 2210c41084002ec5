import numpy as np

from dsim.accuracy.summary import COLUMNS
from lab.networks.summaries import kept, table


def test_the_rows_of_a_table_come_back_by_key() -> None:
    rows = {"b@224": np.arange(len(COLUMNS), dtype=float), "a@192": np.ones(len(COLUMNS))}
    found = kept(table(rows))
    assert found.keys() == rows.keys()
    assert all(np.array_equal(found[key], rows[key]) for key in rows)
