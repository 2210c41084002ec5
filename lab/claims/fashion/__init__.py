"""The experiment that decides which way of training and slimming is the default, and what a supernet buys.

What is asked was written into studies/fashion/study.toml before anything ran. Fashion-MNIST (MIT licence,
https://github.com/zalandoresearch/fashion-mnist) comes from the Debian package dataset-fashion-mnist; neither its pictures nor any
weights are kept in the repository.

Its rows were made when a design fitted a budget by the upper end of its latency interval. With today's dsim every arm decides by the
chance to fit, so that new rows cannot be added to those.
"""
