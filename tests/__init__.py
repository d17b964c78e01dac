"""Tests. A package, because some dependencies install one of this name too."""
