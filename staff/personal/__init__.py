"""Personal data of whomever it is: shown masked, revealed for a purpose, erased when its term is over."""
