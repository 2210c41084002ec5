"""The classes that exported models are assembled from: real code, checked like the rest, copied out as text."""
