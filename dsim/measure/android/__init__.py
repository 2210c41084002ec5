"""A bundle for an Android phone: LiteRT files of probes and designs, and the script that times them there through adb."""

from dsim.measure.android.bundle import AndroidBundle, write_android_bundle

__all__ = ["AndroidBundle", "write_android_bundle"]
