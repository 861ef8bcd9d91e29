"""Objections: raised by anybody to a subject of a notice, handled in order, who raised them kept apart."""
