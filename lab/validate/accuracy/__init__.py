"""How far off the accuracy model is on families that it has never seen, and the choice of its hyper-parameters."""
