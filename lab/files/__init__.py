"""Small files of networks, which the tests of dsim's readers hold against the networks that they were made of."""
