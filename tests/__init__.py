"""Tests of the suite as a whole; an addon's own tests are in the addon."""
