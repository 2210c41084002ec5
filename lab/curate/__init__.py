"""What makes the profiles and tables that come with dsim out of published figures.

``make data RAW=DIR`` and ``make data-check RAW=DIR`` run the steps (steps.py); sources.toml names the raw files and who makes each
committed file; the folder ``rules`` holds the judgements; what a step reads and writes is in the file of its name.
"""
