"""Every row of the matrix."""

ALL = []
CONTROLS = []
