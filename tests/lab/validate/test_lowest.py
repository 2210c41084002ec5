from __future__ import annotations

import pytest

from lab.validate.lowest import lowest, main


def test_every_requirement_has_an_oldest_version(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    pins = dict(line.split("==") for line in capsys.readouterr().out.splitlines())
    assert {"torch", "click", "cattrs", "numpy"} <= pins.keys()
    assert not pins.keys() & {"litert-torch", "qai-hub", "timm"}  # they have environments of their own


def test_a_requirement_without_an_oldest_version_is_refused() -> None:
    with pytest.raises(ValueError, match="its oldest version, got 'click'"):
        lowest(["numpy>=2.0", "click"])
