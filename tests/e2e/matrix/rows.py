"""Every row of the matrix."""

from . import controls, leaves, offers, paths

ALL = [*offers.ALL, *leaves.ALL, *paths.ALL]
CONTROLS = controls.CONTROLS
